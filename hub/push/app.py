"""The web application that receives pushes. It answers nothing but receipts, and logs neither bodies nor queries."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from connectors.inbox import receipts
from connectors.inbox.receipts import Receipt
from connectors.inbox.spool import Spool
from hub.core.errors import HubError, SpecError
from hub.core.settings import Settings
from hub.push import outcomes
from hub.push.access_log import AccessLog
from hub.push.answers import Fate, PushAnswer, ReceiptAnswer, Refusal, RefusalAnswer
from hub.push.inboxes import Inboxes
from hub.push.receiving import PARSERS, Rate, receive

log = logging.getLogger(__name__)

PUSHES_PER_MINUTE = 600
_STATUSES = (400, 401, 403, 404, 408, 409, 413, 415, 429, 503, 507)
_UNREAD = (401, 408, 413)
"""After these the connection is closed: the rest of the body, which may have no end, is not read."""
_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": RefusalAnswer} for status in _STATUSES
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [
                        {"type": "array", "items": {"type": "object"}},
                        {
                            "type": "object", "required": ["rows"],
                            "properties": {"rows": {"type": "array", "items": {"type": "object"}}},
                        },
                    ]
                }
            },
            "application/xml": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}  # fmt: skip


class PushServer:
    """What the routes share: the inboxes, the limits, the warehouse when somebody asks for details."""

    def __init__(
        self, settings: Settings, received: Callable[[str], None], per_minute: int
    ) -> None:
        self.settings, self.received = settings, received
        self.inboxes, self.rate = Inboxes(settings), Rate(per_minute)
        self.parsers = CapacityLimiter(PARSERS)
        self._engine: Engine | None = None

    async def push(self, request: Request, department: str, dataset: str) -> Receipt:
        """Take one push. Raises Refusal."""
        sender = self.sender(request)
        spool = self._spool(department, dataset)
        if sender != department:
            raise _foreign(spool is None)
        if spool is None:
            raise Refusal(404, "unknown", "there is no such dataset that could be pushed")
        self.rate.take(department)
        receipt = await receive(request, spool, self.parsers)
        self.received(department)
        return receipt

    def sender(self, request: Request) -> str:
        """The department whose token a request carries. Raises Refusal 401 if it carries none that is valid."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            found = self.inboxes.owner(token.strip())
        except SpecError as broken:
            raise _broken(broken) from None
        if found is None or scheme.lower() != "bearer":
            raise Refusal(
                401, "no_token", "send 'Authorization: Bearer <token>' with the department's token",
                headers={"WWW-Authenticate": "Bearer"},
            )  # fmt: skip
        return found

    def receipt(self, request: Request, receipt_id: str) -> tuple[Spool, Receipt]:
        """A receipt of the department that asks. Raises Refusal."""
        sender = self.sender(request)
        parts = receipts.parse_id(receipt_id)
        spool = self._spool(parts[0], parts[1]) if parts else None
        if spool is not None and sender != spool.department:
            raise _foreign(False)
        receipt = spool.receipt(receipt_id) if spool is not None else None
        if spool is None or receipt is None:
            raise Refusal(404, "unknown", "there is no such receipt, or its time is over")
        return spool, receipt

    def answer(self, receipt: Receipt, after: int, limit: int, fate: Fate | None) -> ReceiptAnswer:
        """What is known of a receipt; without the warehouse, only what the receipt itself says."""
        batches, faults, note = [], {}, None
        if receipt.fates:
            try:
                with self.engine.connect() as connection:
                    batches = outcomes.batches(connection, receipt)
                    faults = outcomes.faults(connection, receipt, batches)
            except (SQLAlchemyError, HubError) as failure:
                log.warning("the warehouse does not answer (%s)", type(failure).__name__)
                note = "the warehouse does not answer now: batches, columns and messages come later"
        rows, following = outcomes.page(receipt, after, limit, fate, faults)
        return ReceiptAnswer(
            **_given(receipt), department=receipt.department, dataset=receipt.dataset,
            landed_at=receipt.landed_at, error=receipt.error, fates=receipt.counts,
            batches=batches, outcomes=rows, next_after=following, note=note,
        )  # fmt: skip

    @property
    def engine(self) -> Engine:
        """The warehouse, opened when it is needed first."""
        if self._engine is None:
            import warehouse

            self._engine = warehouse.open_engine(self.settings)
        return self._engine

    def _spool(self, department: str, dataset: str) -> Spool | None:
        try:
            return self.inboxes.spool(department, dataset)
        except SpecError as broken:
            raise _broken(broken) from None


def create_app(
    settings: Settings,
    *,
    received: Callable[[str], None] = lambda slug: None,
    per_minute: int = PUSHES_PER_MINUTE,
) -> FastAPI:
    """The application. `received` is called with the department after each receipt, and must return at once."""
    server = PushServer(settings, received, per_minute)
    # The pages that show /openapi.json load scripts from elsewhere, which a government network cannot reach.
    app = FastAPI(title="County data hub: push 主动推送", docs_url=None, redoc_url=None)
    app.add_middleware(AccessLog)
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether the server answers."""
        return {"status": "ok"}

    @app.get("/push/receipts/{receipt_id}", responses=_REFUSALS)
    async def receipt(
        request: Request,
        receipt_id: str,
        after: Annotated[int, Query(ge=0, le=2**53)] = 0,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
        fate: Fate | None = None,
    ) -> ReceiptAnswer:
        """What became of a push, row by row."""
        _, found = server.receipt(request, receipt_id)
        return await to_thread.run_sync(server.answer, found, after, limit, fate)

    @app.post(
        "/push/{department}/{dataset}", status_code=202, responses=_REFUSALS, openapi_extra=_BODY
    )
    async def push(request: Request, department: str, dataset: str) -> JSONResponse:
        """Send rows. The answer, a receipt, comes when they are safely kept."""
        found = PushAnswer(**_given(await server.push(request, department, dataset)))
        return JSONResponse(found.model_dump(), 202, headers={"Location": found.poll})

    return app


def _given(receipt: Receipt) -> dict[str, Any]:
    return {
        "receipt": receipt.id, "state": receipt.state, "received_at": receipt.received_at,
        "rows": receipt.rows, "bytes": receipt.size, "sha256": receipt.sha256,
        "poll": f"/push/receipts/{receipt.id}",
    }  # fmt: skip


def _foreign(unknown: bool) -> Refusal:
    if unknown:
        return Refusal(404, "unknown", "there is no such dataset that could be pushed")
    return Refusal(403, "other_department", "this token belongs to another department")


def _broken(broken: SpecError) -> Refusal:
    log.error("%s", broken)
    return Refusal(503, "unavailable", "the hub's own settings are broken; its operators were told")


async def _refusal(_: Request, refusal: Exception) -> JSONResponse:
    assert isinstance(refusal, Refusal)
    headers = dict(refusal.headers or {})
    if refusal.status in _UNREAD:
        headers["Connection"] = "close"
    return JSONResponse(refusal.answer.model_dump(), refusal.status, headers=headers)


async def _invalid(_: Request, __: Exception) -> JSONResponse:
    """Without FastAPI's own answer, which repeats what was sent."""
    said = RefusalAnswer(error="bad_request", message="a parameter is not as /openapi.json says")
    return JSONResponse(said.model_dump(), 400)


async def _http(_: Request, failure: Exception) -> JSONResponse:
    assert isinstance(failure, HTTPException)
    said = RefusalAnswer(error="bad_request", message=str(failure.detail))
    return JSONResponse(said.model_dump(), failure.status_code, headers=failure.headers)
