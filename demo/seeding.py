"""Which cases will break which rule, decided before they are lived.

A draft is an application that has come in: when, for which power. Seeding marks some drafts; `demo.life` then lives
each of them so that it breaks exactly that rule, and every unmarked one so that it breaks none.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
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
        made.append(Draft(_moment(days[power], rng), power))
    return made


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


Fits = Callable[[Scene, Draft, Plan], bool]


@dataclass(frozen=True, slots=True)
class Sowing:
    """One kind of seed: its share of the department's cases, at least one, and which drafts can bear it."""

    seed: Seed
    share: float
    fits: Fits


def _ended(scene: Scene, draft: Draft, plan: Plan) -> bool:
    """Whether a case that comes in then is over, with time to spare, by the end of the period."""
    limit = plan.promised.value if plan.promised.unit == "working_day" else 25
    return draft.moment // DAY + limit + SLACK < scene.period.end


def _overdue(scene: Scene, draft: Draft, plan: Plan) -> bool:
    """Whether the promised limit of a case that comes in then, and more, is past by the end of the period."""
    late = draft.moment + 8 * DAY
    if plan.promised == plan.statutory or late >= scene.horizon:
        return False
    return scene.clock.elapsed(plan.promised.unit, late, None) > plan.promised.value


def _long_overdue(scene: Scene, draft: Draft, plan: Plan) -> bool:
    late = draft.moment + 8 * DAY
    if late >= scene.horizon:
        return False
    return scene.clock.elapsed(plan.statutory.unit, late, None) > plan.statutory.value


def _promised(scene: Scene, draft: Draft, plan: Plan) -> bool:
    return (
        plan.kind != "instant" and plan.promised.unit == "working_day" and plan.promised.value >= 3
    )


def _skippable(scene: Scene, draft: Draft, plan: Plan) -> bool:
    return bool(plan.droppable) and _ended(scene, draft, plan)


def _swappable(scene: Scene, draft: Draft, plan: Plan) -> bool:
    return bool(plan.swaps) and plan.promised.value >= 4 and _ended(scene, draft, plan)


def _untyped(scene: Scene, draft: Draft, plan: Plan) -> bool:
    return scene.traits.precision == "day" and _ended(scene, draft, plan)


def _papers(scene: Scene, draft: Draft, plan: Plan) -> bool:
    wanted = scene.traits.papers and len(plan.materials) >= 2 and bool(plan.required)
    return wanted and draft.moment + 5 * DAY < scene.horizon


def _charging(scene: Scene, draft: Draft, plan: Plan) -> bool:
    return (
        plan.charges
        and any(fee.standard_max for fee in plan.fees[:1])
        and _ended(scene, draft, plan)
    )


def _free(scene: Scene, draft: Draft, plan: Plan) -> bool:
    return not plan.charges and _ended(scene, draft, plan)


SOWINGS: tuple[Sowing, ...] = (
    Sowing(Seed.LONG_OVERDUE, 0.0075, _long_overdue),
    Sowing(Seed.OVERDUE, 0.0225, _overdue),
    Sowing(Seed.SKIPPED, 0.003, _skippable),
    Sowing(Seed.UNTYPED, 0.001, _untyped),
    Sowing(Seed.DISORDER, 0.003, _swappable),
    Sowing(Seed.EARLY, 0.003, _ended),
    Sowing(Seed.NO_REASON, 0.003, _ended),
    Sowing(Seed.MISSING, 0.004, _papers),
    Sowing(Seed.ABOVE, 0.003, _charging),
    Sowing(Seed.FREE, 0.002, _free),
    Sowing(Seed.DUE_SOON, 0.002, _promised),
)
UNLISTED_SHARE = 0.0025


def sow(scene: Scene, made: list[Draft], rng: Random) -> None:
    """Mark drafts in place, at most one seed each; some change their day or their power for it."""
    free = [draft for draft in made if not draft.unlisted]
    for sowing in SOWINGS:
        fitting = [at for at, draft in enumerate(free) if _fits(scene, draft, sowing)]
        wanted = min(max(1, round(sowing.share * len(made))), len(fitting))
        chosen = set(rng.sample(fitting, wanted))
        for at in sorted(chosen):
            free[at].seed = sowing.seed
            if sowing.seed is Seed.DUE_SOON:
                _bring_close(scene, free[at], rng)
        free = [draft for at, draft in enumerate(free) if at not in chosen]
    _sow_unlisted(scene, free, len(made), rng)


def _fits(scene: Scene, draft: Draft, sowing: Sowing) -> bool:
    plan = scene.plan(draft.power, draft.moment)
    return plan is not None and sowing.fits(scene, draft, plan)


def _bring_close(scene: Scene, draft: Draft, rng: Random) -> None:
    """Move a draft to a day from which, accepted at once, its limit ends with the period."""
    last = scene.period.end - 1
    plan = scene.plan(draft.power, last * DAY)
    if plan is None or plan.promised.value > last - scene.period.first:
        draft.seed = None
        return
    number = last - plan.promised.value + int(rng.random() * 2)
    draft.moment = number * DAY + int(second(rng) * 0.8)


def _sow_unlisted(scene: Scene, free: list[Draft], count: int, rng: Random) -> None:
    for unlisted in _unlisted(scene):
        wanted = max(1, round(UNLISTED_SHARE * count))
        days = _unlisted_days(scene, unlisted)
        if not days:
            continue
        for draft in rng.sample(free, min(wanted, len(free))):
            draft.seed, draft.unlisted, draft.power = unlisted.kind, unlisted, unlisted.like
            draft.moment = rng.choice(days) * DAY + second(rng)


def _unlisted_days(scene: Scene, unlisted: Unlisted) -> list[int]:
    """The days of application. What is repealed may have been asked for on the last day that it was in force."""
    known = [
        scene.plans.on(unlisted.power_code, day) is not None
        for day in scene.calendar.days[: scene.period.end]
    ]
    numbers = range(scene.period.first, scene.period.end - SLACK)
    if unlisted.kind is Seed.REPEALED:
        return [n for n in numbers if not known[n + 1]]
    return [n for n in numbers if known[n] == (unlisted.kind is Seed.FOREIGN)]


def _unlisted(scene: Scene) -> Iterable[Unlisted]:
    return (unlisted for unlisted in UNLISTED_POWERS if unlisted.department == scene.traits.slug)
