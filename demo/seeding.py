"""Which cases will break which rule, decided before they are lived.

A draft is an application that has come in: when, for which power. Seeding marks some drafts; `demo.life` then lives
each of them so that it breaks exactly that rule, and every unmarked one so that it breaks none.
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from random import Random

from demo.plans import Clock, Plan, Plans
from demo.profiles import (
    NEW_YEAR_LULL,
    SEASONS,
    WEDDING_DAYS,
    WEEKDAYS,
    Demand,
    Traits,
)
from demo.workdays import DAY, WorkCalendar

SLACK = 15
"""Working days that a supplement before acceptance, or the certificate after the decision, may take at most."""


class Seed(StrEnum):
    """What is wrong with a case."""

    OVERDUE = "overdue"
    LONG_OVERDUE = "long_overdue"
    DUE_SOON = "due_soon"
    SKIPPED = "skipped"
    UNTYPED = "untyped"
    """The acceptance date was never typed in: the mandatory step is missing, the clock cannot be judged."""
    DISORDER = "disorder"
    EARLY = "early"
    NO_REASON = "no_reason"
    MISSING = "missing"
    ABOVE = "above"
    FREE = "free"
    REPEALED = "repealed"
    UNKNOWN = "unknown"
    FOREIGN = "foreign"
    STEP_OVERDUE = "step_overdue"
    ACCEPTED_LATE = "accepted_late"
    TOLD_LATE = "told_late"
    TOLD_TWICE = "told_twice"
    OVERRUN = "overrun"
    """A clock stop that lasts longer than was allowed."""
    UNAPPROVED = "unapproved"
    DELIVERED_LATE = "delivered_late"
    REPORTED_LATE = "reported_late"
    AFTER_CLOSING = "after_closing"
    SAME_PERSON = "same_person"
    UNAUTHORISED = "unauthorised"
    NO_FIELD = "no_field"
    NO_DOCUMENT = "no_document"
    NOT_LISTED = "not_listed"
    NO_RECEIPT = "no_receipt"
    AT_ONCE = "at_once"
    """Everything from acceptance to closing in one second."""
    FINED = "fined"
    """A fine outside the range of its circumstance."""
    ALTERED = "altered"
    DELETED = "deleted"
    PRESENT = "present"
    """Nothing is wrong: the sign of life of the last day."""


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A power that a department exercises without the catalogue giving it to it; `like` is the flow it follows."""

    department: str
    power_code: str
    item_name: str
    kind: Seed
    like: str


UNLISTED_POWERS: tuple[Unlisted, ...] = (
    Unlisted(
        "industry_commerce", "36012100GS-FX-0001", "", Seed.REPEALED, "36012100GS-FX-0001"
    ),
    Unlisted(
        "industry_commerce", "36012100GS-QT-0098", "个体工商户验照贴花", Seed.UNKNOWN, "36012100GS-QT-0001"
    ),
    Unlisted(
        "civil_affairs", "36012100MZ-QT-0099", "居民家庭经济状况核对", Seed.UNKNOWN, "36012100MZ-JF-0003"
    ),
    Unlisted(
        "public_security", "36012100GA-QT-0099", "暂住人口信息采集登记", Seed.UNKNOWN, "36012100GA-QR-0002"
    ),
    Unlisted(
        "land_resources", "36012100GT-QT-0099", "土地权属争议调处", Seed.UNKNOWN, "36012100GT-XK-0003"
    ),
    Unlisted(
        "housing", "36012100GT-QR-0002", "土地抵押登记（房地一并受理）", Seed.FOREIGN, "36012100GT-QR-0002"
    ),
)  # fmt: skip
"""Codes that reach the hub and that the catalogue does not list, does not list any more, or gives to another body."""


@dataclass(slots=True)
class Draft:
    """An application that has come in."""

    moment: int
    power: str
    seed: Seed | None = None
    unlisted: Unlisted | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """The days simulated, as numbers of working days: first, and the first one after the last."""

    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Scene:
    """What seeding and life need to know of one department."""

    traits: Traits
    plans: Plans
    clock: Clock
    period: Period
    horizon: int
    """The first moment that is not known yet."""
    outages: frozenset[int] = frozenset()
    """Working days on which nothing was taken in."""

    @property
    def as_of(self) -> datetime:
        """The last moment that is known, as a local time."""
        return self.clock.now

    @property
    def calendar(self) -> WorkCalendar:
        return self.clock.calendar

    def plan(self, power: str, moment: int) -> Plan | None:
        """The plan of a power in force at a moment."""
        return self.plans.on(power, self.calendar.days[moment // DAY])

    def flow(self, draft: Draft, moment: int) -> Plan:
        """The plan that a case follows; that of a repealed power is its last one."""
        return self.plan(draft.power, moment) or self.plans.last(draft.power)


def drafts(scene: Scene, count: int, rng: Random) -> list[Draft]:
    """So many applications over the period, by power, season, weekday and hour; not in order."""
    demands = [d for d in scene.traits.demands if d.power in scene.plans.catalogue.powers]
    shares = list(accumulate(d.weight for d in demands))
    days = {d.power: _days(scene, d) for d in demands}
    made = []
    for _ in range(count):
        power = demands[bisect(shares, rng.random() * shares[-1])].power
        made.append(Draft(after_outage(scene, _moment(days[power], rng)), power))
    return made


def after_outage(scene: Scene, moment: int) -> int:
    """The moment, or the same time of the next day on which anything was taken in."""
    while moment // DAY in scene.outages:
        moment += DAY
    return moment


@dataclass(frozen=True, slots=True)
class _Days:
    numbers: list[int]
    shares: list[float]


def _days(scene: Scene, demand: Demand) -> _Days:
    """The days on which a power may be asked for, so that it is still in force when the case is accepted."""
    numbers, weights = [], []
    for number in range(scene.period.first, scene.period.end):
        later = scene.calendar.days[number + SLACK]
        if scene.plans.on(demand.power, scene.calendar.days[number]) and scene.plans.on(
            demand.power, later
        ):
            numbers.append(number)
            weights.append(_weight(scene.calendar, number, demand.season))
    return _Days(numbers, list(accumulate(weights)))


def _weight(calendar: WorkCalendar, number: int, season: str) -> float:
    day = calendar.days[number]
    weight = SEASONS[season][day.month - 1] * WEEKDAYS[day.weekday()]
    if season == "wedding":
        return weight * WEDDING_DAYS.get(day, 1.0)
    if NEW_YEAR_LULL[0] <= day <= NEW_YEAR_LULL[1]:
        weight *= 0.5
    after_holiday = day - calendar.days[number - 1] > timedelta(days=3)
    return weight * (1.4 if after_holiday else 1.0)


def _moment(days: _Days, rng: Random) -> int:
    number = days.numbers[bisect(days.shares, rng.random() * days.shares[-1])]
    return number * DAY + second(rng)


def second(rng: Random) -> int:
    """A moment of the office day: busiest in the middle of the morning and of the afternoon."""
    half = 0 if rng.random() < 0.58 else DAY // 2
    return half + int((rng.random() + rng.random()) / 2 * (DAY // 2))
