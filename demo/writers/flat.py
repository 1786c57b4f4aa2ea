"""What systems that hold a case in one wide row have in common: each step once, one stop, one notice, one charge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import TypeVar

from demo.model import Charge, DemoCase, Notice, Paper, Step, Stop
from demo.plans import VOCABULARY

T = TypeVar("T")

CHECKLIST = ("01", "02", "03", "04", "05", "06")
"""The lines of the checklist form."""


def steps_by_place(case: DemoCase) -> tuple[Step | None, ...]:
    """The case's step for each code of the vocabulary. Raises ValueError when a step does not fit into the row."""
    placed: dict[str, Step] = {}
    for step in case.steps:
        if step.code in placed or step.code not in VOCABULARY:
            raise ValueError(
                f"{case.case_no}: step {step.no} ({step.code}) does not fit into one row"
            )
        placed[step.code] = step
    return tuple(placed.get(code) for code in VOCABULARY)


def only(case: DemoCase, things: Sequence[T]) -> T | None:
    """The one thing there is. Raises ValueError when there are more: the row has room for one."""
    if len(things) > 1:
        raise ValueError(
            f"{case.case_no}: {len(things)} {type(things[0]).__name__}s, the row holds one"
        )
    return things[0] if things else None


def parts(case: DemoCase) -> tuple[Stop | None, Notice | None, Charge | None]:
    """The one clock stop, notice and charge."""
    return only(case, case.stops), only(case, case.notices), only(case, case.charges)


def received(case: DemoCase) -> list[Paper] | None:
    """The materials received; None when the row says nothing of materials (not accepted, or none demanded)."""
    if case.accepted_at is None or not case.papers:
        return None
    if beyond := {paper.code for paper in case.papers} - set(CHECKLIST):
        raise ValueError(f"{case.case_no}: the form has no line for material {min(beyond)}")
    return [paper for paper in case.papers if paper.received]


def last_activity(case: DemoCase) -> datetime:
    """When the case last moved, as far as it is told."""
    moments = [
        case.applied_at, case.accepted_at, case.decided_at, case.closed_at, case.delivered_at,
        *(step.ended_at or step.started_at for step in case.steps),
        *(stop.ended_at or stop.started_at for stop in case.stops),
        *(notice.received_at or notice.notified_at for notice in case.notices),
        *(charge.paid_at for charge in case.charges),
    ]  # fmt: skip
    return max(moment for moment in moments if moment is not None)


def by_period(
    cases: Sequence[DemoCase], pattern: str
) -> Iterator[tuple[str, list[tuple[int, DemoCase]]]]:
    """Cases in order of application, grouped by strftime pattern; '%q' is the quarter. With their positions."""

    def period(pair: tuple[int, DemoCase]) -> str:
        applied = pair[1].applied_at
        return applied.strftime(pattern.replace("%q", str((applied.month + 2) // 3)))

    ordered = sorted(enumerate(cases), key=lambda pair: (period(pair), pair[0]))
    for name, group in groupby(ordered, key=period):
        yield name, list(group)
