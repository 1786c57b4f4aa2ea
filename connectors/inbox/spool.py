"""The spool of one dataset: `<folder>/<department>/<dataset>/`, readable by nobody but the hub's user.

    new/       payloads that wait, named by their receipt: <id>.json, .csv or .xml
    done/      payloads of which every row was acknowledged, for as long as `keep` says
    receipts/  <id>.json
    keys/      SHA-256 of an Idempotency-Key → the receipt that it got
    drop/      where a department may copy files to; may be a link to a folder of its own
    tmp/       payloads that are still coming in

A push counts from the moment its payload has its name in `new/`: everything else was durable before. A process that
dies earlier leaves a receipt that nobody was given; one that dies later has a push that will land.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import logging
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from connectors.inbox import durable, receipts
from connectors.inbox.receipts import Receipt
from connectors.inbox.settings import InboxSettings, timedelta_of
from hub.core.crash import crash_point

log = logging.getLogger(__name__)

BESIDE = ".receipt.json"
FOLDERS = ("new", "done", "receipts", "keys", "drop", "tmp")
PRUNE_SECONDS = 3600.0
ABANDONED = timedelta(days=1)
"""A payload that has been coming in for so long never will."""


class KeyConflict(Exception):
    """This Idempotency-Key was used for other content; `receipt_id` names the push that had it."""

    def __init__(self, receipt_id: str) -> None:
        super().__init__(receipt_id)
        self.receipt_id = receipt_id


class Upload:
    """A payload that is coming in. `digest` and `size` grow with it; not accepted, it vanishes at the end."""

    def __init__(self, path: Path) -> None:
        self.path, self.size, self._hash = path, 0, hashlib.sha256()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file: BinaryIO = os.fdopen(handle, "wb")

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, block: bytes) -> None:
        self._hash.update(block)
        self.size += len(block)
        self._file.write(block)

    def sync(self) -> None:
        """Make what was written durable, and let it be read."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Spool:
    """The spool of one dataset. Any number of processes may use it at once."""

    root: Path
    department: str
    dataset: str
    settings: InboxSettings

    @property
    def folder(self) -> Path:
        return self.root / self.department / self.dataset

    def prepare(self) -> None:
        """Make the folders that are missing, the spool's own among them but none above it.

        Raises FileNotFoundError: where a disk is not mounted, a new and empty spool would hide the real one.
        """
        if not self.root.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, f"there is no folder {self.root.parent}")
        for name in FOLDERS:
            durable.make_folder(self.folder / name)

    @contextmanager
    def upload(self) -> Iterator[Upload]:
        """A place for a payload that is coming in."""
        self.prepare()
        upload = Upload(self.folder / "tmp" / uuid.uuid4().hex)
        try:
            yield upload
        finally:
            upload.close()

    def accept(self, upload: Upload, describe: Callable[[str, datetime], Receipt]) -> Receipt:
        """Take a payload for good and return its receipt, or the receipt it already has.

        `describe` makes the receipt, given its id and the time. The same key, or without a key the same content as
        the dataset's newest push, is a repetition. (The same content after other pushes is none: a record may have
        gone back to what it was.) Raises KeyConflict, and OSError when the disk does not take it.
        """
        upload.sync()
        with self._locked() as last:
            newest = last.read()
            now = datetime.now(UTC)
            before = receipts.parse_id(newest)
            moment = max(now, before[2] + timedelta(microseconds=1)) if before else now
            receipt = describe(receipts.make_id(self.department, self.dataset, moment), now)
            if (known := self._repeated(receipt, newest)) is not None:
                return known
            durable.write(self.receipt_path(receipt.id), receipt.to_json())
            durable.sync_folder(self.folder / "receipts")
            if receipt.key:
                durable.write(self.folder / "keys" / receipt.key, receipt.id.encode())
                durable.sync_folder(self.folder / "keys")
            last.write(receipt.id)
            crash_point("push_before_accept")
            upload.path.rename(self.payload_path(receipt))
            durable.sync_folder(self.folder / "new")
            crash_point("push_after_accept")
        return receipt

    def receipt_path(self, receipt_id: str) -> Path:
        return self.folder / "receipts" / f"{receipt_id}.json"

    def payload_path(self, receipt: Receipt) -> Path:
        return self.folder / "new" / f"{receipt.id}.{receipt.format}"

    def receipt(self, receipt_id: str) -> Receipt | None:
        """A receipt by its id; None if there is none, or none that counts."""
        found = receipts.read(self.receipt_path(receipt_id))
        return found if found is not None and self._counts(found) else None

    def waiting(self) -> list[Path]:
        """The payloads that have not landed as a whole, in the order of their arrival."""
        folder = self.folder / "new"
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def keep(self, *changed: Receipt) -> None:
        """Write receipts that have changed, then put away the payloads of those that have landed."""
        for receipt in changed:
            durable.write(self.receipt_path(receipt.id), receipt.to_json())
        durable.sync_folder(self.folder / "receipts")
        for receipt in changed:
            if receipt.dropped:
                self.tell_beside(receipt.dropped, receipt.to_json())
        crash_point("push_before_put_away")
        for receipt in changed:
            if receipt.state == "landed":
                self._put_away(self.payload_path(receipt))

    def tell_beside(self, name: str, document: bytes) -> None:
        """Write the receipt of a file where it was dropped. Best effort: the receipt itself is in `receipts/`."""
        beside = self.folder / "drop" / f"{name}{BESIDE}"
        try:
            if not beside.exists() or beside.read_bytes() != document:
                durable.write(beside, document)
        except OSError as failure:
            log.warning("a receipt cannot be written to %s (%s)", beside.parent, failure.strerror)

    def prune(self, now: datetime) -> None:
        """Remove payloads, receipts and keys whose time is over, and payloads that never came in as a whole.

        Once an hour at most: the folders may hold a year's receipts.
        """
        last = self.folder / "pruned"
        if last.exists() and 0 <= now.timestamp() - last.stat().st_mtime < PRUNE_SECONDS:
            return
        receipts_until = now - timedelta_of(self.settings.keep_receipts)
        self._remove_older("done", now - timedelta_of(self.settings.keep))
        self._remove_older("receipts", receipts_until)
        self._remove_older("keys", receipts_until)
        self._remove_older("drop", receipts_until, f"*{BESIDE}")
        self._remove_older("tmp", now - ABANDONED)
        last.touch()

    def _repeated(self, receipt: Receipt, newest: str) -> Receipt | None:
        earlier = self.receipt(self._of_key(receipt.key) if receipt.key else newest)
        if earlier is None:
            return None
        if _content(earlier) == _content(receipt):
            return earlier
        if receipt.key:
            raise KeyConflict(earlier.id)
        return None

    def _of_key(self, key: str) -> str:
        try:
            return (self.folder / "keys" / key).read_text("ascii")
        except FileNotFoundError:
            return ""

    def _counts(self, receipt: Receipt) -> bool:
        """Whether its push was accepted. The order matters: a payload leaves `new/` after its receipt says landed."""
        if self.payload_path(receipt).exists():
            return True
        again = receipts.read(self.receipt_path(receipt.id))
        return again is not None and again.state == "landed"

    def _put_away(self, payload: Path) -> None:
        try:
            os.utime(payload)  # `keep` counts from now
            payload.rename(self.folder / "done" / payload.name)
        except FileNotFoundError:
            return  # put away before

    def _remove_older(self, name: str, before: datetime, pattern: str = "*") -> None:
        needed = {path.stem for path in self.waiting()} if name == "receipts" else set()
        for path in (self.folder / name).glob(pattern):
            if path.stem not in needed and path.stat().st_mtime < before.timestamp():
                path.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[_Newest]:
        """One acceptance at a time, in whatever process."""
        handle = os.open(self.folder / "newest", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield _Newest(handle)
        finally:
            os.close(handle)


def _content(receipt: Receipt) -> tuple[str, str, str | None]:
    return receipt.sha256, receipt.format, receipt.charset


@dataclass(frozen=True, slots=True)
class _Newest:
    """The file that is locked; it holds the id of the newest push."""

    handle: int

    def read(self) -> str:
        return os.pread(self.handle, 1_000, 0).decode("ascii", "replace")

    def write(self, receipt_id: str) -> None:
        os.pwrite(self.handle, receipt_id.encode(), 0)
