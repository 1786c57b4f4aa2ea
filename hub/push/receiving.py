"""Taking a push: who sends, what it is, streaming it to disk, reading it as rows, and the receipt."""

from __future__ import annotations

import errno
import hashlib
import re
import time
from collections import defaultdict, deque
from email.message import Message
from functools import partial
from typing import TYPE_CHECKING

from anyio import CapacityLimiter, fail_after, to_thread

from connectors.inbox import bodies
from connectors.inbox.bodies import Body
from connectors.inbox.malformed import Malformed, TooManyRows
from connectors.inbox.receipts import Receipt, stamp
from connectors.inbox.spool import KeyConflict, Spool, Upload
from hub.push.answers import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fastapi import Request

BLOCK = 1 << 20
BODY_SECONDS = 300.0
"""Within so long a body must have come in."""
PARSERS = 2
"""Bodies that are read as rows at the same time: each needs several times its size in memory."""

_KEY = re.compile(r"^[\x21-\x7e]{1,200}$")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Rate:
    """At most so many pushes of a department within a minute."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute, self._clock = per_minute, clock
        self._taken: defaultdict[str, deque[float]] = defaultdict(deque)

    def take(self, slug: str) -> None:
        """Count one push. Raises Refusal 429, with the seconds to wait."""
        now, taken = self._clock(), self._taken[slug]
        while taken and taken[0] <= now - 60:
            taken.popleft()
        if len(taken) >= self.per_minute:
            wait = max(1, round(taken[0] + 60 - now))
            raise Refusal(
                429, "too_often", f"more than {self.per_minute} pushes a minute: wait {wait} s",
                headers={"Retry-After": str(wait)},
            )  # fmt: skip
        taken.append(now)


async def receive(request: Request, spool: Spool, parsers: CapacityLimiter) -> Receipt:
    """The receipt of a request's body, given when payload and receipt are durable. Raises Refusal."""
    body = _body(request, spool)
    key = _key(request)
    limit = spool.settings.max_bytes
    if _declared_size(request) > limit:
        raise _too_large(limit)
    try:
        with spool.upload() as upload:
            await _stream(request, upload, limit)
            rows = await to_thread.run_sync(_count, upload, body, spool, limiter=parsers)
            describe = partial(_describe, spool, upload, body, rows, key)
            return await to_thread.run_sync(spool.accept, upload, describe)
    except KeyConflict as conflict:
        raise Refusal(
            409, "key_used",
            f"this Idempotency-Key belongs to other content, receipt {conflict.receipt_id}",
        ) from None  # fmt: skip
    except OSError as failure:
        if failure.errno in _FULL:
            raise Refusal(
                507, "no_room", "the disk is full; nothing was kept, send again later"
            ) from None
        raise Refusal(503, "unavailable", "the disk does not answer; nothing was kept") from failure


def _declared_size(request: Request) -> int:
    """What the headers promise; only a body that comes in is measured for certain."""
    said = request.headers.get("content-length", "")
    return int(said) if re.fullmatch(r"[0-9]{1,18}", said) else 0


def _body(request: Request, spool: Spool) -> Body:
    """What the headers say of the body."""
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding != "identity":
        raise Refusal(415, "unsupported_coding", "send the body without Content-Encoding")
    said = Message()
    said["content-type"] = request.headers.get("content-type", "")
    accepted = spool.settings.accepts.formats
    found = bodies.MEDIA_TYPES.get(said.get_content_type())
    if found is None or found not in accepted:
        raise Refusal(
            415, "unsupported_format",
            f"this dataset takes {', '.join(t for t, f in bodies.MEDIA_TYPES.items() if f in accepted)}",
        )  # fmt: skip
    name = said.get_content_charset()
    charset = bodies.known_charset(name) if name else None
    if name and charset is None:
        raise Refusal(
            415, "unsupported_charset", "this charset is not known here; send UTF-8 or GB18030"
        )
    return Body(found, charset)


def _key(request: Request) -> str:
    """SHA-256 of the Idempotency-Key, empty without one."""
    given = request.headers.get("idempotency-key")
    if given is None:
        return ""
    if not _KEY.match(given):
        raise Refusal(
            400,
            "bad_key",
            "an Idempotency-Key is 1 to 200 printable ASCII characters without blanks",
        )
    return hashlib.sha256(b"push " + given.encode()).hexdigest()


async def _stream(request: Request, upload: Upload, limit: int) -> None:
    waiting = bytearray()
    try:
        with fail_after(BODY_SECONDS):
            async for chunk in request.stream():
                waiting += chunk
                if upload.size + len(waiting) > limit:
                    raise _too_large(limit)
                if len(waiting) >= BLOCK:
                    await to_thread.run_sync(upload.write, bytes(waiting))
                    waiting.clear()
    except TimeoutError:
        raise Refusal(408, "too_slow", f"the body took longer than {BODY_SECONDS:.0f} s") from None
    await to_thread.run_sync(upload.write, bytes(waiting))


def _count(upload: Upload, body: Body, spool: Spool) -> int:
    upload.sync()
    try:
        return bodies.count(upload.path, body, spool.settings)
    except TooManyRows:
        raise Refusal(
            413, "too_many_rows", f"one push may have {spool.settings.max_rows} rows: send several"
        ) from None
    except Malformed as failure:
        raise Refusal(
            400, "malformed", failure.what, line=failure.line, column=failure.column
        ) from None


def _describe(
    spool: Spool, upload: Upload, body: Body, rows: int, key: str, receipt_id: str, now: datetime
) -> Receipt:
    return Receipt(
        receipt_id, spool.department, spool.dataset, stamp(now), body.format, body.charset,
        rows, upload.size, upload.sha256, key,
    )  # fmt: skip


def _too_large(limit: int) -> Refusal:
    return Refusal(413, "too_large", f"one push may have {limit} bytes: send several")
