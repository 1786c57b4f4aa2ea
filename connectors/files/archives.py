"""ZIP archives: each member is a file with a name of its own in the manifest, `archive.zip!member.txt`.

The archive is one delivery: it is known by its own content, and is done when all its members are. A member is
unpacked into a folder that only we may enter, under a name of ours, read, and removed before the next.
"""

from __future__ import annotations

import errno
import lzma
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from connectors.files.content import TABLE_SUFFIX, bare, is_memo
from connectors.files.file_settings import INSIDE, FileSettings
from connectors.files.places import matches
from connectors.files.slices import Slice
from hub.core.errors import HubError, SourceRefused

MOST_BYTES = 8 << 30
"""What the members of one archive may come to."""
MOST_TIMES, HARMLESS_BYTES = 300, 64 << 20
"""How many times its packed size a member may have, when it is larger than that."""
ENCRYPTED = 0x1
DAMAGES = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError,
    RuntimeError, ValueError, OverflowError,
)  # fmt: skip

Read = Callable[[Path, str, FileSettings], Iterator[Slice]]


@dataclass(slots=True)
class _Budget:
    left: int


def read(path: Path, name: str, settings: FileSettings, read_member: Read) -> Iterator[Slice]:
    """The slices of all members that match, in name order.

    Raises SourceRefused when the archive or a member is damaged, encrypted, or swells beyond measure, and when
    no member matches.
    """
    with _opened(path) as archive:
        chosen = _members(archive, settings.members or "*")
        if not chosen:
            raise SourceRefused(
                f"no member matches {settings.members}", where=str(path),
                remedy="correct the pattern after '!', or ask what the archive should hold",
            )  # fmt: skip
        budget = _Budget(MOST_BYTES)
        for member in chosen:
            label = f"{name}{INSIDE}{member.filename}"
            where = f"{path}{INSIDE}{member.filename}"
            with tempfile.TemporaryDirectory(prefix="hub-files-") as folder:
                with _readable(path):
                    copy = _unpacked(archive, member, Path(folder), budget, where)
                yield from _named(read_member(copy, label, settings), copy, where)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what `zipfile` raises into a refusal; errors of the disk are left as they are."""
    try:
        yield
    except OSError as failure:
        # A place before the file's beginning, or what bz2 calls an invalid stream; all others are the disk's.
        if failure.errno not in (None, errno.EINVAL):
            raise
        raise _damaged(path, failure) from None
    except DAMAGES as failure:
        raise _damaged(path, failure) from None


def _damaged(path: Path, failure: Exception) -> SourceRefused:
    return SourceRefused(
        f"is no ZIP archive that can be read ({type(failure).__name__})", where=str(path),
        remedy="ask for it again, packed by the usual method (deflate)",
    )  # fmt: skip


def _opened(path: Path) -> zipfile.ZipFile:
    """The archive; names without the mark of UTF-8 are taken for GB18030, what Chinese programs write."""
    with _readable(path):
        try:
            return zipfile.ZipFile(path, metadata_encoding="gb18030")
        except UnicodeDecodeError:
            return zipfile.ZipFile(path)


def _members(archive: zipfile.ZipFile, pattern: str) -> list[zipfile.ZipInfo]:
    found = [
        member
        for member in archive.infolist()
        if not member.filename.endswith("/")
        and matches(member.filename.replace("\\", "/"), pattern)
    ]
    return sorted(found, key=lambda member: member.filename)


def _unpacked(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, budget: _Budget, where: str
) -> Path:
    """The member as a file, a DBF table with its memo."""
    target = folder / f"member{PurePosixPath(member.filename).suffix.lower()}"
    _unpack(archive, member, target, budget, where)
    own = PurePosixPath(member.filename)
    if own.suffix.lower() == TABLE_SUFFIX:
        for beside in archive.infolist():
            path = PurePosixPath(beside.filename)
            if is_memo(path) and bare(path) == bare(own):
                _unpack(archive, beside, target.with_suffix(path.suffix.lower()), budget, where)
    return target


def _unpack(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, budget: _Budget, where: str
) -> None:
    if member.flag_bits & ENCRYPTED:
        raise SourceRefused(
            "is encrypted", where=where, remedy="ask for the archive without a password"
        )
    most = min(budget.left, max(HARMLESS_BYTES, MOST_TIMES * member.compress_size))
    written = 0
    with archive.open(member) as packed, target.open("wb") as copy:
        while block := packed.read(1 << 20):
            written += len(block)
            if written > most:
                raise SourceRefused(
                    f"swells to more than {most} bytes", where=where,
                    remedy="look at the archive: a delivery does not swell like that; pack large files one by one",
                )  # fmt: skip
            copy.write(block)
    budget.left -= written


def _named(found: Iterator[Slice], copy: Path, where: str) -> Iterator[Slice]:
    """The slices; a failure says where in the archive, not where the copy lies."""
    try:
        yield from found
    except HubError as failure:
        raise type(failure)(
            failure.what, where=failure.where.replace(str(copy), where), remedy=failure.remedy
        ) from None
