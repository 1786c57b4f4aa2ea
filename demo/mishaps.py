"""What goes wrong with a seeded case, each mishap breaking one rule, and one that breaks none."""

from __future__ import annotations

from random import Random

from demo.course import MINUTE, Happening, Life, elapsed, finish, linger
from demo.seeding import Draft, Scene, Seed
from demo.workdays import DAY

REPEATED = 0.02
"""Share of the cases in systems with a table of steps where one step stands twice in a row."""


def befall(scene: Scene, draft: Draft, life: Life, rng: Random) -> None:
    """Let the draft's seed come up in a case that has been lived within its limits."""
    match draft.seed:
        case Seed.OVERDUE | Seed.LONG_OVERDUE:
            _delay(scene, draft, life, rng)
        case Seed.SKIPPED:
            lost = rng.choice(life.plan.droppable)
            life.happenings = [h for h in life.happenings if h.step.code != lost]
        case Seed.DISORDER:
            _exchange(life, rng)
        case Seed.EARLY:
            _hurry(life, rng)
        case Seed.DUE_SOON:
            linger(life)
        case None if not scene.traits.single and rng.random() < REPEATED:
            _repeat(life)
        case _:
            _mistime(scene, draft, life, rng)


def _mistime(scene: Scene, draft: Draft, life: Life, rng: Random) -> None:
    """The mishaps that are no more than a wrong time."""
    match draft.seed:
        case Seed.STEP_OVERDUE:
            _dawdle(scene, life)
        case Seed.OVERRUN:
            _overrun(life, rng)
        case Seed.DELIVERED_LATE:
            _deliver_late(life, rng)
        case Seed.AFTER_CLOSING:
            _close_early(life)
        case Seed.AT_ONCE:
            _collapse(life)


def _delay(scene: Scene, draft: Draft, life: Life, rng: Random) -> None:
    """Let one step take so long that the promised limit is passed, or the statutory one as well."""
    inner = [h for h in life.happenings if h.step.kind in ("work", "decision")]
    slow = rng.choice(inner)
    promised, statutory = life.plan.promised, life.plan.statutory
    while elapsed(scene, life, promised) <= promised.value:
        _postpone(life, slow, 1)
    if draft.seed is Seed.LONG_OVERDUE:
        while elapsed(scene, life, statutory) <= statutory.value:
            _postpone(life, slow, 1)
        _postpone(life, slow, int(rng.random() ** 2 * 12))
    elif promised.unit == statutory.unit:
        room = statutory.value - elapsed(scene, life, statutory)
        _postpone(life, slow, int(rng.random() ** 2 * min(room, 10) * 5 / 7))
    undecided = rng.random() < (0.25 if draft.seed is Seed.LONG_OVERDUE else 0.5)
    if undecided and not life.pauses and _may_linger(scene, draft, life):
        linger(life)


def _may_linger(scene: Scene, draft: Draft, life: Life) -> bool:
    """An undecided case must not be later by now than it was meant to be."""
    assert life.accepted is not None
    statutory = life.plan.statutory
    return draft.seed is Seed.LONG_OVERDUE or (
        scene.clock.elapsed(statutory.unit, life.accepted, None) <= statutory.value
    )


def _postpone(life: Life, slow: Happening, days: int) -> None:
    """Make a step longer by so many days; everything after it comes later."""
    shift, turn = days * DAY, slow.end
    for happening in life.happenings:
        if happening.start >= turn and happening is not slow:
            happening.start += shift
            happening.end += shift
    slow.end += shift
    if slow.start == turn:
        slow.start += shift
    for pause in life.pauses:
        if pause.start >= turn and pause.end is not None:
            pause.start, pause.end = pause.start + shift, pause.end + shift
    finish(life)


def _exchange(life: Life, rng: Random) -> None:
    """Two neighbouring steps in the wrong order, the wrong one a day ahead at least."""
    first_code, second_code = rng.choice(life.plan.swaps)
    at = {h.step.code: h for h in life.happenings}
    first, second = at[first_code], at[second_code]
    if first.start // DAY == second.start // DAY:
        _postpone(life, first, 1)
    if first.start // DAY == second.start // DAY:
        for happening in life.happenings:
            if happening.start >= second.start:
                happening.start, happening.end = happening.start + DAY, happening.end + DAY
    first.start, first.end, second.start, second.end = (
        second.start,
        second.end,
        first.start,
        first.end,
    )
    life.happenings.sort(key=lambda h: h.start)
    finish(life)


def _hurry(life: Life, rng: Random) -> None:
    """Work, or everything up to the decision, was done before the case was accepted."""
    assert life.accepted is not None
    inner = [h for h in life.happenings if h.step.kind in ("work", "decision")]
    early = inner if rng.random() < 0.4 else inner[:1]
    room = min(life.accepted, (life.applied // DAY + 1) * DAY) - life.applied
    for place, happening in enumerate(early, 1):
        happening.start = happening.end = life.applied + room * place // (len(early) + 1)
    life.happenings[0].start = life.happenings[0].end
    life.happenings.sort(key=lambda h: h.start)
    finish(life)


def _repeat(life: Life) -> None:
    """A step was handed from one official to another and stands there twice."""
    for at, happening in enumerate(life.happenings):
        if happening.step.kind == "work" and happening.end - happening.start > 10 * MINUTE:
            middle = (happening.start + happening.end) // 2
            second = Happening(happening.step, happening.action, middle, happening.end)
            happening.end, happening.action = middle, "other"
            life.happenings.insert(at + 1, second)
            return


def _dawdle(scene: Scene, life: Life) -> None:
    """The step with the shortest limit takes a day more than it may; the whole stays in time."""
    inner = [
        h for h in life.happenings
        if h.step.kind == "work" and h.step.limit.unit == life.plan.promised.unit
    ]  # fmt: skip
    slow = min(inner, key=lambda h: h.step.limit.value)
    limit = slow.step.limit
    while scene.clock.elapsed(limit.unit, slow.start, slow.end) <= limit.value:
        _postpone(life, slow, 1)


def _overrun(life: Life, rng: Random) -> None:
    """The approver allowed less than the stop took; it takes two working days at least."""
    pause = life.pauses[0]
    assert pause.end is not None
    pause.allowed = 1 + int(rng.random() * (pause.end // DAY - pause.start // DAY - 1))


def _deliver_late(life: Life, rng: Random) -> None:
    """The document lies about for more than ten working days."""
    assert life.decided is not None
    late = (life.decided // DAY + 11 + int(rng.random() ** 2 * 10)) * DAY + life.decided % DAY
    life.delivered = late
    for happening in life.happenings:
        if happening.step.kind == "delivery":
            happening.start = happening.end = late


def _close_early(life: Life) -> None:
    """Closed in the system when the decision was still to come, on a later day."""
    decision = next(h for h in life.happenings if h.step.kind == "decision")
    turn = decision.start
    last = max(h.end for h in life.happenings if h.start < turn)
    if decision.end // DAY == last // DAY:
        for happening in life.happenings:
            if happening.start >= turn:
                happening.start, happening.end = happening.start + DAY, happening.end + DAY
    finish(life)
    life.closed = last


def _collapse(life: Life) -> None:
    """Whatever was done, was done in the second of acceptance."""
    for happening in life.happenings:
        happening.start = happening.end = life.accepted or life.applied
    finish(life)
    life.delivered = life.closed
