"""A version of a power as the simulation uses it: its steps in order, what may follow what, and its limits.

Also the clock that its limits are counted with. Everything here is derived from the catalogue in force.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise, product

from catalogue import Catalogue
from catalogue.spec import Discretion, Fee, Limit, Material, PowerVersion
from demo.workdays import DAY, WorkCalendar, add_months, united_days

VOCABULARY = ("accept", "review", "survey", "publicity", "examine", "decide", "issue", "deliver")
"""All step codes. Systems that hold one row per case number a step by its place here, from 1."""


UNSAID = Limit(value=2, unit="working_day")


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step of the flow; a step without a limit in the catalogue gets two working days here."""

    code: str
    name: str
    post: str
    kind: str
    mandatory: bool
    special: bool
    limit: Limit


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of one power."""

    power_code: str
    name: str
    kind: str
    promised: Limit
    statutory: Limit
    charges: bool
    steps: tuple[PlannedStep, ...]
    reach: frozenset[tuple[str, str]]
    """(a, b): b can be reached from a through the flow's transitions."""
    materials: tuple[Material, ...]
    fees: tuple[Fee, ...]
    droppable: tuple[str, ...]
    """Steps of work that no case may do without."""
    swaps: tuple[tuple[str, str], ...]
    """Neighbouring steps of work or decision whose exchange breaks the flow."""
    fines: tuple[Discretion, ...]
    """The circumstances of a penalty that have a range."""
    required: tuple[str, ...]
    """Codes of the materials without which there is no acceptance."""


class Plans:
    """The plans of a catalogue, each made once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._made: dict[tuple[str, int], Plan] = {}
        self._held: dict[tuple[str, date], Plan | None] = {}

    def on(self, power_code: str, day: date) -> Plan | None:
        """The plan in force on that day; None if the power is unknown or not in force."""
        key = (power_code, day)
        if key not in self._held:
            version = self.catalogue.in_force(power_code, day)
            self._held[key] = self._plan(power_code, version) if version else None
        return self._held[key]

    def last(self, power_code: str) -> Plan:
        """The plan that was in force last."""
        return self._plan(power_code, self.catalogue.powers[power_code].versions[-1])

    def _plan(self, power_code: str, version: PowerVersion) -> Plan:
        key = (power_code, version.version)
        if key not in self._made:
            self._made[key] = plan(power_code, version)
        return self._made[key]


def plan(power_code: str, version: PowerVersion) -> Plan:
    """Compile one version of a power."""
    reach = closure([(t.from_step, t.to_step) for t in version.transitions])
    inner = [s.code for s in version.steps if s.mandatory and s.kind in ("work", "decision")]
    return Plan(
        power_code=power_code,
        name=version.name,
        kind=version.case_kind,
        promised=version.promised_limit,
        statutory=version.statutory_limit,
        charges=version.charges,
        steps=tuple(
            PlannedStep(s.code, s.name, s.post, s.kind, s.mandatory, s.special, s.limit or UNSAID)
            for s in version.steps
        ),
        reach=reach,
        materials=version.materials,
        fees=version.fees,
        droppable=tuple(s.code for s in version.steps if s.kind == "work" and s.mandatory),
        fines=tuple(d for d in version.discretion if d.max_amount is not None),
        swaps=tuple((a, b) for a, b in pairwise(inner) if (b, a) not in reach),
        required=tuple(material.code for material in version.materials if material.required),
    )


def closure(pairs: Sequence[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """The transitive closure of a relation."""
    reached = set(pairs)
    nodes = sorted({node for pair in pairs for node in pair})
    for middle, first, last in product(nodes, repeat=3):
        if (first, middle) in reached and (middle, last) in reached:
            reached.add((first, last))
    return frozenset(reached)


Span = tuple[int, int | None]
"""From one moment to another; None while it lasts."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Counts limits between two moments, clock stops taken out; the day of the start is not counted.

    What has no end yet is counted up to the day of `as_of`.
    """

    calendar: WorkCalendar
    now: datetime

    @property
    def as_of(self) -> date:
        return self.now.date()

    def elapsed(self, unit: str, start: int, end: int | None, stops: Sequence[Span] = ()) -> int:
        """Whole units gone by. Raises ValueError for a unit that no limit of a case may have."""
        count = self._working if unit == "working_day" else self._date
        first, last = count(start), count(end)
        spans = [(count(low), count(high)) for low, high in stops] if stops else ()
        days = last - first - united_days(spans, first, last)
        if unit in ("working_day", "calendar_day"):
            return days
        if unit == "month":
            return _months(self.calendar.date(start), first + days)
        raise ValueError(f"the demo has no cases with limits in {unit}")

    def _working(self, moment: int | None) -> int:
        return self.calendar.number(self.as_of) if moment is None else moment // DAY

    def _date(self, moment: int | None) -> int:
        return self.as_of.toordinal() if moment is None else self.calendar.ordinals[moment // DAY]


def _months(start: date, end: int) -> int:
    months = 0
    while add_months(start, months).toordinal() < end:
        months += 1
    return months
