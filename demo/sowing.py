"""Which drafts bear which seed: each seed has its share of a department's cases, and its conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from demo.plans import Plan
from demo.seeding import SLACK, UNLISTED_POWERS, Draft, Scene, Seed, Unlisted, after_outage, second
from demo.workdays import DAY

UNLISTED_SHARE = 0.0025
STOPPABLE = ("work", "decision")

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


def _timed(scene: Scene, draft: Draft, plan: Plan) -> bool:
    """Whether the system says when a step ended, and one may take too long without the whole being late."""
    room = 2 if plan.promised.unit == "working_day" else 6
    inner = [s.limit for s in plan.steps if s.kind == "work" and s.mandatory]
    return scene.traits.precision != "day" and any(
        limit.unit == plan.promised.unit and limit.value + room <= plan.promised.value
        for limit in inner
    ) and _ended(scene, draft, plan)  # fmt: skip


def _unhurried(scene: Scene, draft: Draft, plan: Plan) -> bool:
    return plan.kind != "instant" and _ended(scene, draft, plan)


def _notified(scene: Scene, draft: Draft, plan: Plan) -> bool:
    return scene.traits.notices and _unhurried(scene, draft, plan)


def _notified_twice(scene: Scene, draft: Draft, plan: Plan) -> bool:
    return not scene.traits.single and _notified(scene, draft, plan)


def _stoppable(scene: Scene, draft: Draft, plan: Plan) -> bool:
    sure = [step for step in plan.steps if step.mandatory]
    later = any(at >= 2 and step.kind in STOPPABLE for at, step in enumerate(sure))
    return later and not any(step.special for step in plan.steps) and _unhurried(scene, draft, plan)


def _delayable(scene: Scene, draft: Draft, plan: Plan) -> bool:
    return plan.promised.value >= 4 and _unhurried(scene, draft, plan)


def _reporting(scene: Scene, draft: Draft, plan: Plan) -> bool:
    return scene.traits.reports and _ended(scene, draft, plan)


def _posted(scene: Scene, draft: Draft, plan: Plan) -> bool:
    return not scene.traits.single and _ended(scene, draft, plan)


def _documented(scene: Scene, draft: Draft, plan: Plan) -> bool:
    return "-BM-" not in plan.power_code and _unhurried(scene, draft, plan)


def _split_second(scene: Scene, draft: Draft, plan: Plan) -> bool:
    return scene.traits.precision != "day" and _unhurried(scene, draft, plan)


def _amendable(scene: Scene, draft: Draft, plan: Plan) -> bool:
    return bool(scene.traits.amends) and plan.charges and _ended(scene, draft, plan)


def _erasable(scene: Scene, draft: Draft, plan: Plan) -> bool:
    return "delete" in scene.traits.amends and _ended(scene, draft, plan)


def _fined(scene: Scene, draft: Draft, plan: Plan) -> bool:
    return bool(plan.fines)


SOWINGS: tuple[Sowing, ...] = (
    Sowing(Seed.FINED, 0.002, _fined),
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
    Sowing(Seed.STEP_OVERDUE, 0.003, _timed),
    Sowing(Seed.ACCEPTED_LATE, 0.002, _unhurried),
    Sowing(Seed.TOLD_LATE, 0.002, _notified),
    Sowing(Seed.TOLD_TWICE, 0.002, _notified_twice),
    Sowing(Seed.OVERRUN, 0.002, _stoppable),
    Sowing(Seed.UNAPPROVED, 0.002, _stoppable),
    Sowing(Seed.DELIVERED_LATE, 0.003, _unhurried),
    Sowing(Seed.REPORTED_LATE, 0.003, _reporting),
    Sowing(Seed.AFTER_CLOSING, 0.002, _delayable),
    Sowing(Seed.SAME_PERSON, 0.003, _unhurried),
    Sowing(Seed.UNAUTHORISED, 0.003, _posted),
    Sowing(Seed.NO_FIELD, 0.003, _ended),
    Sowing(Seed.NO_DOCUMENT, 0.002, _documented),
    Sowing(Seed.NOT_LISTED, 0.002, _charging),
    Sowing(Seed.NO_RECEIPT, 0.002, _charging),
    Sowing(Seed.AT_ONCE, 0.002, _split_second),
    Sowing(Seed.ALTERED, 0.003, _amendable),
    Sowing(Seed.DELETED, 0.002, _erasable),
)


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
    _show_life(scene, [draft for draft in free if draft.seed is None], rng)


def _show_life(scene: Scene, free: list[Draft], rng: Random) -> None:
    """Something is applied for on the last day, however small the department."""
    last = scene.period.end - 1
    fitting = [draft for draft in free if scene.plan(draft.power, last * DAY)]
    if fitting:
        draft = rng.choice(fitting)
        draft.seed, draft.moment = Seed.PRESENT, last * DAY + int(rng.random() * DAY / 4)


def _fits(scene: Scene, draft: Draft, sowing: Sowing) -> bool:
    plan = scene.plan(draft.power, draft.moment)
    if plan is None or not (plan.steps or sowing.seed is Seed.FINED):
        return False
    return sowing.fits(scene, draft, plan)


def _bring_close(scene: Scene, draft: Draft, rng: Random) -> None:
    """Move a draft to a day from which, accepted at once, its limit ends with the period."""
    last = scene.calendar.number(scene.clock.as_of)
    plan = scene.plan(draft.power, last * DAY)
    number = last if plan is None else last - plan.promised.value + int(rng.random() * 2)
    if plan is None or not scene.period.first <= number < scene.period.end:
        draft.seed = None
        return
    draft.moment = number * DAY + int(second(rng) * 0.8)


def _sow_unlisted(scene: Scene, free: list[Draft], count: int, rng: Random) -> None:
    for unlisted in _unlisted(scene):
        wanted = max(1, round(UNLISTED_SHARE * count))
        days = _unlisted_days(scene, unlisted)
        if not days:
            continue
        for draft in rng.sample(free, min(wanted, len(free))):
            draft.seed, draft.unlisted, draft.power = unlisted.kind, unlisted, unlisted.like
            draft.moment = after_outage(scene, rng.choice(days) * DAY + second(rng))


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
