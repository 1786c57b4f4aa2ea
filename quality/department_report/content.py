"""What a department's report says, whatever it is printed on. Holds no identity or phone number and no applicant's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

Row = Mapping[str, Any]

FIRST = 3
"""Things to fix that the summary names."""
DEPARTMENT = "department"
"""The side whose things to fix come first in its own report."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to fix: `kind` and `consequence` are of `words.yml`; `rows` are affected by it."""

    kind: str
    consequence: str
    side: str
    rows: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late records came. `months`: cases, timed, late, median_hours, p90_hours and `within` per bucket."""

    basis: str
    limit: float
    months: Sequence[Row]
    untimed: int

    @property
    def late(self) -> int:
        return sum(month["late"] for month in self.months)

    @property
    def timed(self) -> int:
        return sum(month["timed"] for month in self.months)


@dataclass(frozen=True, slots=True)
class Report:
    """One department's report: `as_of` is the local time at which it was true, `month` its period (None: to date).

    `deliveries`: per dataset rows by fate. `batches`: those that wait. `rejected`: groups of rows that wait, by dataset,
    reason and field, with `references`. `fates`: what became of rejected rows, state → rows. `trend`: months.
    `statement`: whether the last supervision run states anything. `gate`: its checks. `checkpoint`: the newest one with its results, or None. `unmapped`: codes without a line.
    """

    department: str
    title_zh: str
    title_en: str
    as_of: datetime
    month: date | None
    freshness: str
    silent_hours: float | None
    overdue: bool
    last_landed_at: datetime | None
    statement: Row | None
    deliveries: Sequence[Row]
    batches: Sequence[Row]
    rejected: Sequence[Row]
    fates: Mapping[str, int]
    waiting_before: int
    lateness: Lateness
    trend: Sequence[Row]
    gate: Sequence[Row]
    checkpoint: Row | None
    unmapped: Sequence[Row]
    actions: Sequence[Action]

    def total(self, fate: str) -> int:
        """Rows of that fate (or `rows_read`, `batches`) over all datasets."""
        return sum(row[fate] for row in self.deliveries)

    @property
    def waiting(self) -> int:
        """Rejected rows of the period that still wait."""
        return sum(group["rows"] for group in self.rejected)

    @property
    def first(self) -> Sequence[Action]:
        """What the department itself should do first; what we should, when there is nothing of that kind."""
        own = [action for action in self.actions if action.side == DEPARTMENT]
        return (own or list(self.actions))[:FIRST]
