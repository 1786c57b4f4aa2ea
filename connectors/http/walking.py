"""Walking through pages that may move while we read them.

A row that is deleted, or moves to the end because it changed, pulls all rows behind it forward: the next page by offset
would begin one row too late. So each page is asked for with the last rows of the one before. Where those do not come
again, we go back to where they stand now, or to the beginning, and on from there: rows come twice, none is missed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import pyarrow as pa

from connectors.http.pages import Page
from connectors.http.paging import Place, kept_rows
from connectors.http.settings import ByOffset, Paging
from hub.core.batches import RESERVED

MOST_RETREATS = 20
"""Times that one reading goes back; a service of which it must do so more often keeps no order."""

Seam = tuple[str, ...]
"""Marks of the rows with which a page must begin."""


def marks(table: pa.Table) -> Seam:
    """A mark of each row: equal for equal rows, whatever page they are on."""
    names = [name for name in table.column_names if name not in RESERVED]
    return tuple(
        hashlib.sha256(repr(sorted(_given(row))).encode()).hexdigest()[:16]
        for row in table.select(names).to_pylist()
    )


def _given(row: dict[str, str | None]) -> list[tuple[str, str]]:
    """A member that is left out on one page may be a null on another."""
    return [(name, value) for name, value in row.items() if value is not None]


@dataclass(slots=True)
class Walk:
    """Where a reading stands. `seam` belongs to the page at `place`; `seeking`: it was not there."""

    paging: Paging
    place: Place | None
    seam: Seam = ()
    seeking: bool = False
    way: int = 1
    """How many pages the next step back takes; doubled, so that the beginning is never far."""
    retreats: int = 0
    at_end: bool = False
    """The page before looked like the last one."""
    places: set[Place | None] = field(default_factory=set)
    digests: set[bytes] = field(default_factory=set)

    def fits(self, found: Page) -> bool:
        """Whether the rows go on from here without a gap; else the walk has gone back."""
        if not self.seeking:
            self.way = 1
            self.seeking = marks(found.table.slice(0, len(self.seam))) != self.seam
        elif self.place == 0 or set(self.seam) & set(marks(found.table)):
            self.seeking, self.seam = False, ()
        if self.seeking:
            assert isinstance(self.paging, ByOffset) and isinstance(self.place, int)
            self.place = max(self.place - self.paging.limit * self.way, 0)
            self.retreats += self.way == 1
            self.way *= 2
            self.places.clear()
            self.digests.clear()
        return not self.seeking

    def repeats(self, found: Page) -> bool:
        """Whether exactly these rows were a page before."""
        digest = found.digest
        if found.table.num_rows and digest in self.digests:
            return True
        self.digests.add(digest)
        return False

    def go_on(self, after: Place, found: Page) -> bool:
        """Step to the next page; False if that is one where we were."""
        self.places.add(self.place)
        self.place = after
        rows = found.table.num_rows
        kept = kept_rows(self.paging, rows)
        self.seam = marks(found.table.slice(rows - kept))
        return after not in self.places
