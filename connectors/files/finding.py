"""Which files of a place are complete, and which of them are new by their content."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Protocol, cast

import pyarrow.compute as pc

from connectors.files import archives
from connectors.files.content import content, memos, parts, stamp
from connectors.files.file_settings import FileSettings
from connectors.files.folder import answering
from connectors.files.places import Entry, Place, matches
from connectors.files.slices import FoundFile, Position, Slice
from connectors.pace import Pace
from connectors.tables import deleted_mask
from hub.core.batches import DELETED
from hub.core.errors import HubError, SourceUnavailable

log = logging.getLogger(__name__)

UNFINISHED = (".tmp", ".part")
COARSE_SECONDS = 2.0
"""As coarse as the clocks of file systems: within that time a change may leave size and date the same."""
DAY = 86_400.0


class Format(Protocol):
    """What the module of a format offers."""

    def read(self, path: Path, name: str, settings: FileSettings) -> Iterator[Slice]:
        """All rows of a file, in order, in slices of at most CHUNK_ROWS rows; at least one slice."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the files of a dataset lie, what they are, how fast they may be read, and what time it is."""

    place: Place
    settings: FileSettings
    pace: Pace
    clock: Callable[[], float]
    whole: bool = False
    """Whether nothing may be left for the next run: a row of a file that waits would be taken for deleted."""


def complete(entries: Iterable[Entry], source: Source) -> Iterator[Entry]:
    """The files that match and that nobody writes to any more, in name order.

    Names beginning with '.' or ending in .tmp or .part are still being written. A marker, where one is agreed, or
    else the time since the last change tells of the others. Raises SourceUnavailable for one that waits, where
    nothing may be left.
    """
    settings = source.settings
    listed = {entry.name: entry for entry in entries}
    markers = {_marker(name, settings) for name in listed} if settings.done_marker else set()
    for name in sorted(listed):
        last = PurePosixPath(name)
        unfinished = last.name.startswith(".") or last.suffix.lower() in UNFINISHED
        if unfinished or name in markers or not matches(name, settings.pattern):
            continue
        if why := _waits(listed[name], listed, source):
            _leave(name, why, source)
        else:
            yield listed[name]


def _leave(name: str, why: str, source: Source) -> None:
    if source.whole:
        raise SourceUnavailable(
            why, where=f"{source.place.title.rstrip('/')}/{name}",
            remedy="all files must be complete to tell what is gone: the next sweep tries again",
        )  # fmt: skip
    log.info("%s %s: left for the next run", name, why)


def _marker(name: str, settings: FileSettings) -> str:
    stem = str(PurePosixPath(name).with_suffix(""))
    return (settings.done_marker or "").format(name=name, stem=stem)


def _waits(entry: Entry, listed: Iterable[str], source: Source) -> str:
    if entry.size == 0:
        return "is empty"
    if source.settings.done_marker:
        return "" if _marker(entry.name, source.settings) in listed else "has no marker yet"
    declared = source.settings.settle_seconds
    settle = source.place.settle if declared is None else declared
    # A date of next year tells nothing about the age of a file, which would wait for ever.
    young = -DAY < source.clock() - entry.changed < settle
    return "changed just now" if settle and young else ""


def new_files(source: Source, position: Position) -> Generator[FoundFile, None, None]:
    """The complete files whose content is new, each available until the next is asked for.

    A file whose stamp is the remembered one is not opened. Raises SourceUnavailable or SourceRefused when the place
    does not answer; what is wrong with a single file is raised when it is read.
    """
    entries = source.place.entries(source.settings.pattern)
    position.keep_stamps({entry.name for entry in entries})
    beside = memos(entries)
    for entry in complete(entries, source):
        whole = parts(entry, beside)
        if not position.unchanged(entry.name, stamp(whole)):
            try:
                yield from _if_new(entry.name, whole, source, position)
            except HubError as failure:
                yield FoundFile(entry.name, "", 0, partial(_fail, failure), lambda: True)


def _if_new(
    name: str, whole: tuple[Entry, ...], source: Source, position: Position
) -> Iterator[FoundFile]:
    source.pace.wait()
    asked = source.clock()
    now = _again(source.place, whole)
    with source.place.local(now) as path, answering(path):
        sha256, size = content(path.with_name(PurePosixPath(one.name).name) for one in now)
        source.pace.took(0)
        old = all(asked - one.changed > COARSE_SECONDS for one in now)
        mark = stamp(now) if old else None
        if position.known(name, sha256):
            position.remember(name, mark)
            return
        yield FoundFile(
            name, sha256, size, partial(_slices, path, name, source),
            same=partial(_same, name, now, source), stamp=mark,
        )  # fmt: skip


def _same(name: str, before: tuple[Entry, ...], source: Source) -> bool:
    same = stamp(_again(source.place, before)) == stamp(before)
    if not same:
        _leave(name, "changes while it is read", source)
    return same


@contextmanager
def one_file(
    source: Source, entry: Entry, entries: Iterable[Entry]
) -> Iterator[tuple[Path, Iterator[Slice]]]:
    """One file and its slices, whether or not it is new."""
    source.pace.wait()
    with source.place.local(parts(entry, memos(entries))) as path:
        yield path, _slices(path, entry.name, source)


def _again(place: Place, whole: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(place.entry(one.name) for one in whole)


def _fail(failure: HubError) -> Iterator[Slice]:
    raise failure


def _slices(path: Path, name: str, source: Source) -> Iterator[Slice]:
    """The slices of a file at the agreed pace, its marks of deletion heeded."""
    settings = source.settings
    reader = cast(Format, import_module(f"connectors.files.{settings.format}"))
    try:
        with answering(path):
            if settings.members is None:
                found = reader.read(path, name, settings)
            else:
                found = archives.read(path, name, settings, reader.read)
            for part in found:
                source.pace.wait()
                source.pace.took(part.table.num_rows, part.table.nbytes)
                yield _marked(part, settings)
    except HubError as failure:
        raise _as_known(failure, path, f"{source.place.title.rstrip('/')}/{name}") from None


def _as_known(failure: HubError, path: Path, title: str) -> HubError:
    """The failure where a person finds the file, not where its copy lies."""
    if str(path) not in failure.where or str(path) == title:
        return failure
    where = failure.where.replace(str(path), title)
    return type(failure)(failure.what, where=where, remedy=failure.remedy)


def _marked(part: Slice, settings: FileSettings) -> Slice:
    if settings.deleted is None or part.table.num_rows == 0:
        return part
    fields = dict(zip(part.table.column_names, part.table.columns, strict=True))
    mask = deleted_mask(fields, settings.deleted, part.name)
    marks = pc.or_(part.table[DELETED], mask)
    at = part.table.schema.get_field_index(DELETED)
    return Slice(part.name, part.table.set_column(at, DELETED, marks), part.furniture)
