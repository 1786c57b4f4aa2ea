"""The drop folder: a file that is copied into it is taken like a push, and its receipt stands in its place.

A file is finished when its name neither begins with '.' nor ends in .tmp or .part, its marker (if the settings
want one) is there, and nobody has written to it for some seconds. It is copied, not moved: a writer that still has
it open changes nothing any more, and the change makes it a new file for the next run.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from connectors.files.file_settings import seconds
from connectors.inbox import bodies
from connectors.inbox.bodies import Body
from connectors.inbox.malformed import Malformed, TooManyRows
from connectors.inbox.receipts import Receipt, stamp
from connectors.inbox.settings import InboxSettings
from connectors.inbox.spool import BESIDE, Spool, Upload
from hub.core.errors import SourceRefused
from hub.core.privacy import mask_message

log = logging.getLogger(__name__)

UNFINISHED = (".tmp", ".part")
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Dropped:
    """A finished file. `marker` is the file that said so."""

    path: Path
    state: os.stat_result
    marker: Path | None


def take(spool: Spool, now: datetime) -> list[SourceRefused]:
    """Take all finished files into the spool, oldest first. Returns what is refused; those files stay."""
    refused = []
    for dropped in _finished(spool, now.timestamp()):
        try:
            _take(spool, dropped)
        except Malformed as failure:
            refused.append(_refuse(spool, dropped, failure))
        except PermissionError as failure:
            what = f"may not be read or removed ({failure.strerror})"
            refused.append(
                SourceRefused(
                    what, where=_shown(spool, dropped), remedy="give the hub's user the right to"
                )
            )
        except FileNotFoundError:
            log.info("%s went away while it was read", _shown(spool, dropped))
    return refused


def _finished(spool: Spool, now: float) -> list[Dropped]:
    folder, settle = spool.folder / "drop", seconds(spool.settings.settle)
    listed = list(folder.iterdir()) if folder.is_dir() else []
    markers = {marker for path in listed if (marker := _marker(path, spool.settings)) is not None}
    found = []
    for path in listed:
        unfinished = path.name.startswith(".") or path.suffix.lower() in UNFINISHED
        if unfinished or path.name.endswith(BESIDE) or path in markers:
            continue
        with suppress(FileNotFoundError):
            state, marker = path.lstat(), _marker(path, spool.settings)
            quiet = not 0 <= now - state.st_mtime < settle
            there = marker is None or marker.exists()
            if stat.S_ISREG(state.st_mode) and state.st_size and quiet and there:
                found.append(Dropped(path, state, marker))
    return sorted(found, key=lambda one: (one.state.st_mtime_ns, one.path.name))


def _marker(path: Path, settings: InboxSettings) -> Path | None:
    if settings.done_marker is None:
        return None
    return path.with_name(settings.done_marker.format(name=path.name, stem=path.stem))


def _take(spool: Spool, dropped: Dropped) -> None:
    body = _body(dropped.path)
    limit = spool.settings.max_bytes
    if dropped.state.st_size > limit:
        raise Malformed(f"it has {dropped.state.st_size} bytes, more than {limit}")
    with spool.upload() as upload:
        if not _copied(dropped, upload):
            log.info("%s changes while it is read: left for the next run", _shown(spool, dropped))
            return
        upload.sync()
        try:
            rows = bodies.count(upload.path, body, spool.settings)
        except TooManyRows:
            raise Malformed(f"it has more than {spool.settings.max_rows} rows") from None
        receipt = spool.accept(upload, _describe(spool, dropped, upload, body, rows))
    spool.tell_beside(dropped.path.name, receipt.to_json())
    dropped.path.unlink()
    if dropped.marker:
        dropped.marker.unlink(missing_ok=True)


def _describe(
    spool: Spool, dropped: Dropped, upload: Upload, body: Body, rows: int
) -> Callable[[str, datetime], Receipt]:
    state, name = dropped.state, dropped.path.name
    # Of the file, not only of its content: a later file of the same content may bring a record back to what it was.
    identity = f"drop {name} {state.st_ino} {state.st_mtime_ns} {upload.sha256}"
    key = hashlib.sha256(identity.encode()).hexdigest()

    def describe(receipt_id: str, now: datetime) -> Receipt:
        return Receipt(
            receipt_id, spool.department, spool.dataset, stamp(now), body.format, body.charset,
            rows, upload.size, upload.sha256, key, dropped=name,
        )  # fmt: skip

    return describe


def _copied(dropped: Dropped, upload: Upload) -> bool:
    """Whether the file stayed as it is while it was copied."""
    handle = os.open(dropped.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        for block in _blocks(file):
            upload.write(block)
        after = os.fstat(file.fileno())
    before = dropped.state
    same = (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    return same and before.st_size == after.st_size == upload.size


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


def _body(path: Path) -> Body:
    try:
        path.name.encode()
    except UnicodeEncodeError:
        raise Malformed("its name is no UTF-8 text") from None
    known = bodies.ENDINGS.get(path.suffix.lower())
    if known is None:
        raise Malformed(f"its name must end in {', '.join(bodies.ENDINGS)}")
    return Body(known)


def _refuse(spool: Spool, dropped: Dropped, failure: Malformed) -> SourceRefused:
    document = {
        "state": "refused", "error": failure.what, "line": failure.line, "column": failure.column,
        "bytes": dropped.state.st_size,
        "written_at": stamp(datetime.fromtimestamp(dropped.state.st_mtime, UTC)),
    }  # fmt: skip
    spool.tell_beside(
        dropped.path.name, json.dumps(document, ensure_ascii=False, indent=1).encode()
    )
    return SourceRefused(
        str(failure), where=_shown(spool, dropped),
        remedy="have the department drop a corrected file under the same name",
    )  # fmt: skip


def _shown(spool: Spool, dropped: Dropped) -> str:
    name = dropped.path.name.encode("utf-8", "replace").decode()
    return f"{spool.department}/{spool.dataset}/drop/{mask_message(name)}"
