"""Slices, what a format reader makes of a part of a file, and how slices become batches.

A slice is a table of the source's fields (strings) and the reserved columns. A batch holds whole files with one
header up to CHUNK_ROWS rows; a larger file, or one whose header changes from sheet to sheet, is delivered in
parts and counts as done with its last part only. Until then the cursor says how many of its rows were delivered:

    {"files": {name: sha256, …}, "partial": {name: {"sha256": …, "rows": n}}, "stamps": {name: stamp, …}}

A stamp is size and date (or ETag) of a file when its content was hashed: while it stays, the file is not opened.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from hub.core.batches import (
    CHUNK_ROWS,
    ROW,
    Cursor,
    RawBatch,
    SourceFile,
)
from hub.core.errors import SourceRefused, SourceUnavailable


@dataclass(frozen=True, slots=True)
class Slice:
    """Consecutive rows of one file (`name`: as a person would find it) that have one header."""

    name: str
    table: pa.Table
    furniture: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file whose content is new. `same` tells whether it is still the content that was hashed; if not, it waits."""

    name: str
    sha256: str
    size: int
    read: Callable[[], Iterator[Slice]]
    same: Callable[[], bool]
    stamp: str | None = None
    """None where it cannot be relied upon, because the file had only just changed."""


@dataclass(slots=True)
class Position:
    """The cursor while reading. `delivered` counts the rows of files that were not delivered whole."""

    files: dict[str, str] = field(default_factory=dict)
    delivered: dict[str, tuple[str, int]] = field(default_factory=dict)
    stamps: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cursor: Cursor | None) -> Position:
        """Read a cursor; None is the beginning."""
        given = cursor or {}
        delivered = {
            name: (part["sha256"], part["rows"]) for name, part in given.get("partial", {}).items()
        }
        return cls(dict(given.get("files", {})), delivered, dict(given.get("stamps", {})))

    def cursor(self) -> Cursor:
        """The cursor as JSON, independent of later changes."""
        partial = {
            name: {"sha256": sha256, "rows": rows}
            for name, (sha256, rows) in self.delivered.items()
        }
        stamps = {name: self.stamps[name] for name in self.files if name in self.stamps}
        return (
            {"files": dict(self.files)}
            | ({"partial": partial} if partial else {})
            | ({"stamps": stamps} if stamps else {})
        )

    def unchanged(self, name: str, stamp: str) -> bool:
        """Whether a file was delivered whole and has its stamp still."""
        return self.stamps.get(name) == stamp and name in self.files and name not in self.delivered

    def known(self, name: str, sha256: str) -> bool:
        """Whether exactly this content was delivered whole, and nothing of another one since."""
        return self.files.get(name) == sha256 and name not in self.delivered

    def remember(self, name: str, stamp: str | None) -> None:
        """Note the stamp of a file whose content is the delivered one."""
        self.stamps.pop(name, None)
        if stamp is not None:
            self.stamps[name] = stamp

    def keep_stamps(self, names: Container[str]) -> None:
        """Forget the stamps of files that are gone."""
        self.stamps = {name: stamp for name, stamp in self.stamps.items() if name in names}

    def rows_before(self, file: FoundFile) -> int:
        """How many rows of exactly this content were delivered before."""
        sha256, rows = self.delivered.get(file.name, ("", 0))
        return rows if sha256 == file.sha256 else 0

    def advance(self, file: FoundFile, rows: int) -> None:
        """Count delivered rows of a file that has more."""
        self.delivered[file.name] = (file.sha256, self.rows_before(file) + rows)

    def finish(self, file: FoundFile) -> None:
        """The last row of a file was delivered."""
        self.delivered.pop(file.name, None)
        self.files[file.name] = file.sha256
        self.remember(file.name, file.stamp)


def portions(part: Slice, rows: int = CHUNK_ROWS) -> Iterator[Slice]:
    """Cut a slice into pieces of at most that many rows; furniture stays with the rows that follow it."""
    rest = part
    while rest.table.num_rows > rows:
        head, rest = _split(rest, rows)
        yield head
    yield rest


def _split(part: Slice, rows: int) -> tuple[Slice, Slice]:
    last = part.table[ROW][rows - 1].as_py()
    above = tuple(mark for mark in part.furniture if mark[0] < last)
    below = tuple(mark for mark in part.furniture if mark[0] > last)
    return (
        replace(part, table=part.table.slice(0, rows), furniture=above),
        replace(part, table=part.table.slice(rows), furniture=below),
    )


def _after(slices: Iterable[Slice], skip: int) -> Iterator[Slice]:
    """The slices without their first `skip` rows."""
    for part in slices:
        rows = part.table.num_rows
        if skip == 0:
            yield part
        elif rows > skip:
            yield _split(part, skip)[1]
            skip = 0
        else:
            skip -= rows


class _Pile:
    """Slices of one header that wait to become a batch."""

    def __init__(self) -> None:
        self.parts: list[tuple[FoundFile, Slice]] = []
        self.rows = 0
        self.header: pa.Schema | None = None

    def takes(self, parts: Iterable[Slice], limit: int) -> bool:
        """Whether those slices may join: same header (an empty slice has none) and room left."""
        headers = [part.table.schema for part in parts if part.table.num_rows]
        rows = sum(part.table.num_rows for part in parts)
        return self.rows + rows <= limit and (
            self.header is None or all(header.equals(self.header) for header in headers)
        )

    def add(self, file: FoundFile, part: Slice) -> None:
        self.parts.append((file, part))
        self.rows += part.table.num_rows
        if self.header is None and part.table.num_rows:
            self.header = part.table.schema

    def batch(self, dataset: str, cursor: Cursor) -> RawBatch:
        tables = [part.table for _, part in self.parts if part.table.num_rows]
        table = pa.concat_tables(tables) if tables else self.parts[0][1].table
        return RawBatch(dataset, table.combine_chunks(), self._manifest(), cursor)

    def _manifest(self) -> tuple[SourceFile, ...]:
        seen: dict[tuple[str, str], SourceFile] = {}
        for file, part in self.parts:
            key = (file.name, part.name)
            before = seen.get(key) or SourceFile(part.name, 0, file.sha256, file.size)
            seen[key] = replace(
                before,
                rows=before.rows + part.table.num_rows,
                furniture=before.furniture + part.furniture,
            )
        return tuple(seen.values())


class _Packing:
    """Whole files that wait for company, and the position of what was handed out."""

    def __init__(self, dataset: str, position: Position, limit: Callable[[], int]) -> None:
        self.dataset, self.position, self.limit = dataset, position, limit
        self.whole = _Pile()

    def file(self, file: FoundFile) -> Iterator[RawBatch]:
        """Read one file; batches come out as they fill up. Raises what reading raises."""
        part = _Pile()
        for piece in self._pieces(file):
            if part.parts and not part.takes([piece], self.limit()):
                yield from self.flush()
                self.position.advance(file, part.rows)
                yield part.batch(self.dataset, self.position.cursor())
                part = _Pile()
            part.add(file, piece)
        if not file.same():
            return
        if not self.whole.takes([piece for _, piece in part.parts], self.limit()):
            yield from self.flush()
        for _, piece in part.parts:
            self.whole.add(file, piece)

    def _pieces(self, file: FoundFile) -> Iterator[Slice]:
        for part in _after(file.read(), self.position.rows_before(file)):
            yield from portions(part, self.limit())

    def flush(self) -> Iterator[RawBatch]:
        """The files that wait, as one batch; they are done with it."""
        if self.whole.parts:
            for file, _ in self.whole.parts:
                self.position.finish(file)
            yield self.whole.batch(self.dataset, self.position.cursor())
            self.whole = _Pile()


def batches(
    dataset: str,
    files: Iterable[FoundFile],
    position: Position,
    limit: Callable[[], int] = lambda: CHUNK_ROWS,
) -> Iterator[RawBatch]:
    """Read the files in order and pack their slices into batches of at most `limit` rows.

    A refused file is left, the others are read, and one SourceRefused names all that were left at the end. When
    the source stops answering, what was read so far is yielded before SourceUnavailable is raised.
    """
    packing = _Packing(dataset, position, limit)
    refused: list[SourceRefused] = []
    try:
        for file in files:
            try:
                yield from packing.file(file)
            except SourceRefused as failure:
                refused.append(failure)
    except SourceUnavailable:
        yield from packing.flush()
        raise
    yield from packing.flush()
    if refused:
        raise _all_of(refused)


def _all_of(refused: Sequence[SourceRefused]) -> SourceRefused:
    if len(refused) == 1:
        return refused[0]
    listed = "; ".join(str(failure) for failure in refused[:10])
    more = f"; and {len(refused) - 10} more" if len(refused) > 10 else ""
    return SourceRefused(f"{len(refused)} files were left: {listed}{more}")
