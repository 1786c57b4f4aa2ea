"""One line for each request: method, path, status, time. No query, no header, no body, no address pattern of people."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING

from hub.core.privacy import mask_message

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

_FAILED = {"error": "internal", "message": "a defect of the hub; its operators find it in the log"}


class AccessLog:
    """Around the whole application, so that a defect is logged by its type: its message may quote a body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, started = 0, time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception as failure:
            log.error("%s at %s", type(failure).__name__, _place(failure))
            if status == 0:
                await _answer_failure(noting)
        finally:
            path = mask_message(scope.get("raw_path", b"").partition(b"?")[0].decode("latin-1"))
            spent = 1000 * (time.perf_counter() - started)
            log.info("%s %s %s %.0f ms", scope["method"], path, status, spent)


async def _answer_failure(send: Send) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(_FAILED).encode()})


def _place(failure: BaseException) -> str:
    """File and line where an error was raised."""
    trace = failure.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "an unknown place"
