"""Pages packed into batches, with the position after each. Of the source it knows only that it has pages.

The cursor of a batch is JSON:

    {"position": the highest value of `since` in all finished readings}

and while a reading is under way also

    {"seen": the highest value in it so far, "page": the place at which it goes on, "asked": what was asked for,
     "seam": marks of the rows with which that page must begin}

A reading that was interrupted goes on at its page; where that no longer works, it begins again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from connectors.http import since
from connectors.http.pages import Page
from connectors.http.paging import Place
from connectors.http.reading import Found
from connectors.http.session import NotServed
from connectors.http.since import Position, Since
from connectors.http.walking import Seam
from hub.core.batches import RESERVED, Cursor, RawBatch, SourceFile
from hub.core.errors import HubError, SourceRefused, SourceUnavailable
from hub.core.settings import TIME_ZONE

log = logging.getLogger(__name__)


class Pages(Protocol):
    """One reading of a dataset."""

    def pages(self, start: Place | None = None, seam: Seam = ()) -> Iterator[Found]:
        """The pages with rows, from a place on."""

    def check_total(self) -> None:
        """Raises when other rows came than the source says there are; for a reading from its beginning."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is read. `rows`: how many a batch may hold; `asked`: changes when other pages would come."""

    dataset: str
    name: str
    """Path or operation, for the manifest."""
    where: str
    asked: str
    since: Since | None
    rows: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the readings of a dataset stand."""

    position: Position | None = None
    seen: Position | None = None
    page: Place | None = None
    seam: Seam = ()

    @classmethod
    def of(cls, cursor: Cursor | None, task: Task) -> Standing:
        """Read a cursor. A page that was asked for in another way is no page of this reading."""
        known = cursor or {}
        form = task.since.format if task.since else ""
        position, seen = (
            since.restored(known[name], form) if task.since and name in known else None
            for name in ("position", "seen")
        )
        if known.get("asked") != task.asked:
            return cls(position)
        return cls(position, seen, known.get("page"), tuple(known.get("seam", ())))

    def cursor(self, task: Task) -> Cursor:
        """The same as JSON."""
        found: Cursor = {}
        if self.position is not None:
            found["position"] = since.saved(self.position)
        if self.page is not None:
            found |= {"page": self.page, "asked": task.asked}
            if self.seam:
                found["seam"] = list(self.seam)
            if self.seen is not None:
                found["seen"] = since.saved(self.seen)
        return found

    def finished(self) -> Standing:
        """After the last page of a reading."""
        return Standing(max((p for p in (self.position, self.seen) if p is not None), default=None))

    def with_rows_of(self, page: Page, task: Task) -> Standing:
        """After the rows of one more page."""
        if task.since is None:
            return self
        check_field(page.table, task.since, task.where)
        texts = pc.unique(page.table[task.since.field].drop_null()).to_pylist()
        now = datetime.now(ZoneInfo(TIME_ZONE))
        return replace(self, seen=since.highest(texts, task.since.format, now, self.seen))


def check_field(table: pa.Table, rule: Since, where: str) -> None:
    """Raises SourceRefused when rows have no field for their position."""
    if rule.field not in table.column_names:
        raise SourceRefused(
            f"its rows have no {rule.field}", where=where, remedy="correct 'since' in source.yml"
        )


@dataclass(slots=True)
class Pile:
    """Rows that wait to become a batch."""

    task: Task
    tables: list[pa.Table] = field(default_factory=list)
    present: set[str] = field(default_factory=set)
    rows: int = 0

    def add(self, table: pa.Table, present: frozenset[str]) -> None:
        self.tables.append(table)
        self.present |= present
        self.rows += table.num_rows

    def batch(self, standing: Standing) -> RawBatch:
        """All rows that wait. A field that none of them has is a missing column."""
        table = pa.concat_tables(self.tables, promote_options="default")
        names = [name for name in table.column_names if name in self.present]
        source = SourceFile(self.task.name, table.num_rows)
        self.tables, self.present, self.rows = [], set(), 0
        return RawBatch(
            self.task.dataset, table.select([*names, *RESERVED]).combine_chunks(), (source,),
            standing.cursor(self.task),
        )  # fmt: skip


def new_rows(
    task: Task, reading: Callable[[Standing], Pages], cursor: Cursor | None
) -> Iterator[RawBatch]:
    """What is new since a cursor. `reading` begins a reading from a standing.

    When the source fails, what was read so far is yielded first. Raises SourceUnavailable and SourceRefused.
    """
    standing = Standing.of(cursor, task)
    if standing.page is not None:
        some = False
        try:
            for batch in batches(task, reading(standing), standing):
                some = True
                yield batch
        except NotServed:
            if some:
                raise
        if some:
            return
        log.info("%s: page %s is gone, the reading begins again", task.where, standing.page)
    fresh = Standing(standing.position)
    yield from batches(task, reading(fresh), fresh)


def batches(task: Task, reading: Pages, standing: Standing) -> Iterator[RawBatch]:
    """The pages of one reading from a standing on, in batches."""
    pile = Pile(task)
    here, whole = standing, standing.page is None
    try:
        for found in reading.pages(standing.page, standing.seam):
            here = replace(here, page=found.place, seam=found.seam)
            table, most = found.page.table, task.rows()
            if pile.rows and pile.rows + table.num_rows > most:
                yield pile.batch(here)
            while table.num_rows > most:
                pile.add(table.slice(0, most), found.page.present)
                yield pile.batch(here)
                table = table.slice(most)
            pile.add(table, found.page.present)
            here = here.with_rows_of(found.page, task)
    except HubError as failure:
        if pile.rows:
            # What may heal goes on here; what was refused, somebody corrects, and then other pages may come.
            goes_on = isinstance(failure, SourceUnavailable)
            yield pile.batch(here if goes_on else Standing(standing.position))
        raise
    if pile.rows:
        yield from _last(task, reading, standing, here, pile, whole)
    elif whole:
        reading.check_total()


def _last(
    task: Task, reading: Pages, begun: Standing, here: Standing, pile: Pile, whole: bool
) -> Iterator[RawBatch]:
    """The last batch: only a reading that is complete and says how far it came moves the position."""
    failure: HubError | None = None
    if task.since and here.seen is None:
        failure = SourceRefused(
            f"no {task.since.field} is of the form {task.since.format}, or before now", where=task.where,
            remedy="correct 'since' in source.yml: until then every run reads everything",
        )  # fmt: skip
    try:
        if whole:
            reading.check_total()
    except HubError as incomplete:
        failure = incomplete
    yield pile.batch(here.finished() if failure is None else Standing(begun.position))
    if failure is not None:
        raise failure
