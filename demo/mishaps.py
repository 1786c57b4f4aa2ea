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
