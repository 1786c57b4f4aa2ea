"""What only shows when many cases are looked at together: closed in one minute, decided in the evening, changed later.

It befalls cases that break no rule, after they were lived; which rule the gatherings break is counted in `demo.totals`.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from datetime import date, datetime, time, timedelta
from random import Random

from demo.model import Amendment, DemoCase
from demo.outlook import ALTERED, DELETED
from demo.seeding import Draft, Scene, Seed
from demo.workdays import DAY

GATHERED = 6
"""Cases closed in one minute, at least."""
PER_GATHERING = 4000
"""One such minute to so many of the department's cases."""
EVENINGS = 0.3
"""Share of a month's decisions that were made in the evening."""
LATE = time(18, 30)


def gather(scene: Scene, cases: Sequence[DemoCase], made: Sequence[Draft], rng: Random) -> None:
    """Both kinds of gatherings, in a department whose system keeps the time of day."""
    if scene.traits.precision == "day":
        return
    free = [
        case for case, draft in zip(cases, made, strict=True)
        if draft.seed is None and not case.violations and case.result == "granted"
        and case.kind != "instant" and case.steps
    ]  # fmt: skip
    for _ in range(max(1, len(cases) // PER_GATHERING)):
        _close_together(scene, free, rng)
    if scene.traits.late_month:
        _decide_late(cases, free, scene.traits.late_month, rng)


def _close_together(scene: Scene, free: list[DemoCase], rng: Random) -> None:
    """One approver closes what was decided in the last weeks, all in one minute of an afternoon."""
    span = scene.period.end - scene.period.first
    day = scene.period.first + span // 4 + int(rng.random() * span * 0.6)
    minute = scene.calendar.time(day * DAY + DAY - 600 - 60 * int(rng.random() * 60))
    minute = minute.replace(second=0)
    open_then = [
        case for case in free
        if not case.spared and case.closed_at and timedelta() < minute - case.closed_at < timedelta(days=60)
    ]  # fmt: skip
    if len(open_then) < GATHERED:
        return
    chosen = rng.sample(open_then, min(len(open_then), GATHERED + rng.randrange(5)))
    for case in chosen:
        seconds = 0 if scene.traits.precision == "minute" else rng.randrange(60)
        case.closed_at = minute + timedelta(seconds=seconds)
        case.approver = chosen[0].approver
        case.spared = True
        for step in case.steps:
            if step.code == "decide":
                step.handler = case.approver


def _decide_late(
    cases: Sequence[DemoCase], free: Sequence[DemoCase], month: int, rng: Random
) -> None:
    """Decisions of a month put off to the evening of their day, with what followed on the same day."""
    decided = sum(1 for case in cases if case.decided_at and case.decided_at.month == month)
    fitting = [
        case for case in free
        if not case.spared and case.decided_at and case.decided_at.month == month and _free_evening(case)
    ]  # fmt: skip
    for case in rng.sample(fitting, min(len(fitting), round(EVENINGS * decided))):
        at = case.decided_at
        assert at is not None
        minutes = timedelta(minutes=int(rng.random() * 150))
        evening = datetime.combine(at.date(), LATE) + minutes
        _put_off(case, at, evening)
        case.spared = True


def _free_evening(case: DemoCase) -> bool:
    """Whether nothing else ended on the day of the decision after it."""
    at = case.decided_at
    assert at is not None
    ends = [step.ended_at for step in case.steps]
    ends += [moment for moment in (case.closed_at, case.delivered_at) if moment]
    return all(end <= at or end.date() > at.date() for end in ends)


def _put_off(case: DemoCase, at: datetime, evening: datetime) -> None:
    case.decided_at = evening
    case.closed_at = evening if case.closed_at == at else case.closed_at
    case.delivered_at = evening if case.delivered_at == at else case.delivered_at
    for step in case.steps:
        if step.ended_at == at and step.code == "decide":
            step.ended_at = evening
        elif at <= step.started_at < evening and step.ended_at > evening:
            step.started_at = evening
    for charge in case.charges:
        if at <= charge.paid_at < evening and charge.paid_at.date() == at.date():
            charge.paid_at = evening


def amendments(
    cases: Sequence[DemoCase], made: Sequence[Draft], now: datetime, rng: Random
) -> list[Amendment]:
    """What a department changes or deletes after everything has been read once."""
    found = []
    for case, draft in zip(cases, made, strict=True):
        if draft.seed is Seed.DELETED:
            found.append(Amendment(case.case_no, None, (DELETED,)))
        elif draft.seed is Seed.ALTERED and (changed := _altered(case, now, rng)):
            found.append(Amendment(case.case_no, changed, (ALTERED,)))
    return found


def _altered(case: DemoCase, now: datetime, rng: Random) -> DemoCase | None:
    """The case with the decision dated back within its day, or with a fee corrected downwards."""
    changed = deepcopy(case)
    decision = next((step for step in case.steps if step.code == "decide"), None)
    begun = decision.started_at if decision else None
    may_date_back = case.decided_at and begun and _same_day(begun, case.decided_at)
    if may_date_back and begun != case.decided_at and rng.random() < 0.6:
        changed.decided_at = begun
    elif case.charges and case.charges[0].amount > 0:
        changed.charges[0].amount = case.charges[0].amount / 2
    else:
        return None
    if changed.reported_at:
        changed.reported_at = min(changed.reported_at + timedelta(seconds=60), now)
    return changed


def _same_day(one: datetime, other: datetime) -> bool:
    return date(one.year, one.month, one.day) == other.date()
