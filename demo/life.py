"""The life of a case in office time: application, acceptance, the steps of its flow, decision, closing, delivery.

Every case is lived as if nobody looked, and then cut at the moment of looking (`cut`). Limits are kept unless the
draft is seeded with lateness; `timeliness` says what the clock makes of the result.
"""

from __future__ import annotations

from random import Random

from catalogue.spec import Limit
from demo.course import MINUTE, Happening, Life, Pause, allowed, elapsed, finish, linger
from demo.mishaps import befall
from demo.plans import Plan, PlannedStep
from demo.seeding import Draft, Scene, Seed, after_outage
from demo.workdays import DAY

ABANDONED = 0.03
SUPPLEMENTED = 0.04
STOPPED = 0.05
DRAGGED = 0.15
"""Share of the clock stops that go on for months."""
LINGERING = 0.92
"""Share of the cases whose limit is not yet over that nobody has decided yet."""

NOT_GRANTED: tuple[tuple[str, float], ...] = (
    ("refused", 0.020), ("denied", 0.019), ("returned", 0.009), ("withdrawn", 0.006),
)  # fmt: skip
DELAYED_INTAKE = (Seed.ACCEPTED_LATE, Seed.TOLD_LATE, Seed.TOLD_TWICE)
PACES = {Seed.DISORDER: 0.3, Seed.STEP_OVERDUE: 0.0, Seed.AFTER_CLOSING: 0.2}
MOST = {"issue": 6, "delivery": 2}
"""Working days that making and delivering a document take at most: ten days are allowed for both together."""
STOP_KINDS = ("inspection", "inspection", "expert_review", "hearing")


def live(scene: Scene, draft: Draft, rng: Random) -> Life:
    """The whole life of a case, uncut."""
    life = Life(scene.flow(draft, draft.moment), draft.moment, _result(draft, scene, rng))
    if _intake(scene, draft, life, rng):
        assert life.accepted is not None
        life.plan = scene.flow(draft, life.accepted)
        _work(scene, draft, life, rng)
        if draft.seed in (None, Seed.PRESENT) and _lingers(scene, life, rng):
            linger(life)
    return life


def _result(draft: Draft, scene: Scene, rng: Random) -> str:
    if draft.seed is Seed.NO_REASON:
        instant = scene.flow(draft, draft.moment).kind == "instant"
        return "refused" if instant else ("refused", "returned", "denied")[int(rng.random() * 3)]
    draw = rng.random()
    if draft.seed is None:
        for result, share in NOT_GRANTED:
            if draw < share:
                return result
            draw -= share
    return "granted"


# Intake ---------------------------------------------------------------------------------------------------------


def _intake(scene: Scene, draft: Draft, life: Life, rng: Random) -> bool:
    """From application to acceptance; False if there is none."""
    instant = life.plan.kind == "instant"
    if life.result == "refused":
        life.closed = _after(life.applied, 0 if instant else _acceptance_days(rng), rng)
        return False
    life.accepted = _after(life.applied, 0 if instant else _acceptance_days(rng), rng)
    plain = draft.seed is None and not instant and bool(life.plan.steps) and scene.traits.notices
    if plain and rng.random() < SUPPLEMENTED + ABANDONED:
        _supplement(life, rng)
    elif draft.seed in (Seed.DUE_SOON, Seed.PRESENT):
        life.accepted = life.applied + 5 * MINUTE
    elif draft.seed in DELAYED_INTAKE:
        _delay_intake(draft, life, rng)
    elif draft.seed is Seed.EARLY and (scene.traits.precision == "day" or rng.random() < 0.5):
        life.accepted = _after(life.applied, 1 + int(rng.random() * 3), rng)
    elif draft.seed is Seed.REPEALED:
        while scene.plan(draft.power, life.accepted):
            life.accepted += DAY
    if (
        draft.seed is None
        and life.accepted is not None
        and not scene.plan(draft.power, life.accepted)
    ):
        life.notices, life.accepted = [], life.applied + 5 * MINUTE
    if life.accepted is not None:
        life.accepted = after_outage(scene, life.accepted)
    return life.accepted is not None


def _delay_intake(draft: Draft, life: Life, rng: Random) -> None:
    """Accepted late, or told late what is missing, or told twice. Five working days are allowed for both."""
    if draft.seed is Seed.ACCEPTED_LATE:
        life.accepted = _after(life.applied, 6 + int(rng.random() * 6), rng)
        return
    told = _after(life.applied, 6 + int(rng.random() * 3), rng)
    if draft.seed is Seed.TOLD_TWICE:
        told = _after(life.applied, int(rng.random() * 3), rng)
        brought = _after(told, 1 + int(rng.random() * 3), rng)
        life.notices.append((told, brought))
        told = _after(brought, int(rng.random() * 2), rng)
    brought = _after(told, 1 + int(rng.random() * 4), rng)
    life.notices.append((told, brought))
    life.accepted = brought + 5 * MINUTE


def _acceptance_days(rng: Random) -> int:
    draw = rng.random()
    return 0 if draw < 0.8 else 1 if draw < 0.92 else 2 if draw < 0.97 else 3


def _after(moment: int, days: int, rng: Random) -> int:
    """So many working days later, at any time of that day; on the same day 5 to 20 minutes later."""
    if days == 0:
        return moment + 5 * MINUTE + int(rng.random() * 15 * MINUTE)
    return (moment // DAY + days) * DAY + int(rng.random() * DAY * 0.9)


def _supplement(life: Life, rng: Random) -> None:
    """The applicant is told what is missing, brings it, and is accepted; or never comes back."""
    told = _after(life.applied, int(rng.random() * 3.5), rng)
    brought = _after(told, 1 + int(rng.random() * 7), rng)
    if rng.random() < ABANDONED / (SUPPLEMENTED + ABANDONED):
        life.notices, life.accepted, life.result = [(told, None)], None, None
    else:
        life.notices, life.accepted = [(told, brought)], brought + 5 * MINUTE


# Work -----------------------------------------------------------------------------------------------------------


def _work(scene: Scene, draft: Draft, life: Life, rng: Random) -> None:
    """From acceptance to delivery, within the promised limit unless seeded otherwise."""
    if not life.plan.steps:
        _penalise(life, rng)
        return
    seeded = draft.seed not in (None, Seed.OVERDUE, Seed.LONG_OVERDUE, Seed.PRESENT)
    path = _path(life.plan, life.result or "", seeded, rng)
    pause = _pause_before(scene, draft, life.plan, path, seeded, rng)
    pace = PACES.get(draft.seed) if draft.seed else None
    pace = float(rng.random() ** 1.3) if pace is None else pace
    _walk(scene, life, path, pause, pace, rng)
    if not _within(scene, life):
        _walk(scene, life, path, pause, 0.0, rng)
    finish(life)
    befall(scene, draft, life, rng)


def _penalise(life: Life, rng: Random) -> None:
    """A penalty is decided without a flow that the catalogue knows, and handed over within the week."""
    assert life.accepted is not None
    life.result = "granted"
    life.decided = _after(life.accepted, 1 + int(rng.random() * 15), rng)
    life.closed = life.decided + 10 * MINUTE
    life.delivered = _after(life.closed, int(rng.random() * 4), rng)


def _path(plan: Plan, result: str, plain: bool, rng: Random) -> list[PlannedStep]:
    """The steps that this case takes: all mandatory ones, and of the others what still leaves the flow whole."""
    steps = list(plan.steps)
    if result in ("returned", "withdrawn"):
        inner = sum(step.kind == "work" for step in steps)
        return steps[: 1 + (1 + int(rng.random() * inner) if inner else 0)]
    taken: list[PlannedStep] = []
    for step in steps:
        wanted = step.mandatory or _wanted(step, result, plain, rng)
        if wanted and (not taken or (taken[-1].code, step.code) in plan.reach):
            taken.append(step)
    return taken


def _wanted(step: PlannedStep, result: str, plain: bool, rng: Random) -> bool:
    if step.kind == "issue":
        return result == "granted" and rng.random() < 0.93
    if step.kind == "delivery":
        return rng.random() < 0.9
    return rng.random() < (0.1 if step.special else 0.4) and not (plain and step.special)


def _pause_before(
    scene: Scene, draft: Draft, plan: Plan, path: list[PlannedStep], plain: bool, rng: Random
) -> int | None:
    """Position of the step before which the clock is stopped, or None."""
    stopped = draft.seed in (Seed.OVERRUN, Seed.UNAPPROVED) or (
        not plain and plan.kind != "instant" and rng.random() < STOPPED
    )
    if not stopped:
        return None
    if scene.traits.single and any(step.special for step in path):
        return None
    inner = [at for at, step in enumerate(path) if at >= 2 and step.kind in ("work", "decision")]
    return rng.choice(inner) if inner else None


def _walk(
    scene: Scene, life: Life, path: list[PlannedStep], pause: int | None, pace: float, rng: Random
) -> None:
    assert life.accepted is not None
    life.happenings, life.pauses = [], []
    cursor = life.accepted
    for at, step in enumerate(path):
        if step.kind == "acceptance":
            begun = cursor if scene.traits.single else max(life.applied, cursor - 4 * MINUTE)
            life.happenings.append(Happening(step, "start", begun, cursor))
            continue
        if at == pause:
            cursor = _pause(scene, life, cursor, rng)
        cursor = _take(scene, life, step, cursor, pace, rng)


def _pause(scene: Scene, life: Life, cursor: int, rng: Random) -> int:
    """Stop the clock; where a case may have several stops, now and then a second one overlaps the first."""
    start = cursor + 5 * MINUTE
    months = rng.random() < DRAGGED
    end = _after(start, 2 + int(rng.random() * (100 if months else 12)), rng)
    life.pauses.append(Pause(rng.choice(STOP_KINDS), start, end, allowed(start, end)))
    if not scene.traits.single and rng.random() < 0.2:
        second = _after(start, 1 + int(rng.random() * 3), rng)
        longer = _after(second, 1 + int(rng.random() * 12), rng)
        life.pauses.append(Pause("hearing", second, longer, allowed(second, longer)))
        end = max(end, longer)
    return end


def _take(
    scene: Scene, life: Life, step: PlannedStep, cursor: int, pace: float, rng: Random
) -> int:
    """One step from the cursor on; returns when it ended."""
    hurried = pace == 0.0
    stopped = step.special and not (scene.traits.single and life.pauses)
    start = cursor + MINUTE + (0 if hurried else int(rng.random() * 25 * MINUTE))
    days = _days(scene, step, start, 1.0 if step.code == "publicity" and not hurried else pace, rng)
    if stopped:
        days = _longest(scene, step.limit, start)
    longest = step.limit.value * MINUTE if step.limit.unit == "minute" else 75 * MINUTE
    end = start + 2 * MINUTE + (0 if hurried else int(rng.random() * (longest - 2 * MINUTE)))
    if days:
        end = (start // DAY + days) * DAY + int(rng.random() * DAY * 0.95)
    elif end // DAY > start // DAY and step.limit.unit != "minute":
        end = (start // DAY + 1) * DAY - 1
    if stopped:
        life.pauses.append(Pause("publicity", start, end, allowed(start, end)))
    # A row with one time per step cannot say when a decision, an issue or a delivery began.
    begun = end if scene.traits.single and step.kind != "work" else start
    life.happenings.append(
        Happening(step, "approve" if step.kind in ("work", "decision") else "other", begun, end)
    )
    return end


def _days(scene: Scene, step: PlannedStep, start: int, pace: float, rng: Random) -> int:
    if step.limit.unit not in ("working_day", "calendar_day"):
        return 0
    days = int(step.limit.value * pace + rng.random() * 0.8)
    days = min(days, MOST.get(step.kind, days))
    return min(days, _longest(scene, step.limit, start)) if days else 0


def _longest(scene: Scene, limit: Limit, start: int) -> int:
    """How many working days a step from that moment on may take."""
    if limit.unit == "working_day":
        return limit.value
    first = scene.calendar.ordinals[start // DAY]
    return scene.calendar.number_of(first + limit.value) - start // DAY


def _within(scene: Scene, life: Life) -> bool:
    finish(life)
    return elapsed(scene, life, life.plan.promised) <= life.plan.promised.value


def _lingers(scene: Scene, life: Life, rng: Random) -> bool:
    """Whether the case is of those that nobody has decided yet, though its limit is not over."""
    if life.plan.kind == "instant" or life.accepted is None or life.accepted >= scene.horizon:
        return False
    if life.result in ("returned", "withdrawn") or life.pauses:
        return False
    gone = scene.clock.elapsed(life.plan.promised.unit, life.accepted, None)
    return gone <= life.plan.promised.value and rng.random() < LINGERING
