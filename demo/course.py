"""What happened to one case, in moments of office time, and what the clock makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from catalogue.spec import Limit
from demo.plans import Plan, PlannedStep, Span
from demo.seeding import Scene
from demo.workdays import DAY

MINUTE = 60


@dataclass(slots=True)
class Happening:
    """One step as it happened, in moments."""

    step: PlannedStep
    action: str
    start: int
    end: int


@dataclass(slots=True)
class Pause:
    """One clock stop, in moments; `end` None while open."""

    kind: str
    start: int
    end: int | None
    allowed: int = 0
    """Working days that the approver allowed."""


def allowed(start: int, end: int) -> int:
    """What is allowed for a stop of that length: whole weeks of five working days."""
    return -(-max(1, end // DAY - start // DAY) // 5) * 5


@dataclass(slots=True)
class Life:
    """What happened to one case, in moments."""

    plan: Plan
    applied: int
    result: str | None
    accepted: int | None = None
    decided: int | None = None
    closed: int | None = None
    delivered: int | None = None
    happenings: list[Happening] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    notices: list[Span] = field(default_factory=list)
    """Supplement notices: told, received."""


def finish(life: Life) -> None:
    """Decision, closing and delivery follow from the steps."""
    life.delivered = None
    for happening in life.happenings:
        if happening.step.kind == "decision":
            life.decided = happening.end
        elif happening.step.kind == "delivery":
            life.delivered = happening.end
    life.closed = max(h.end for h in life.happenings if h.step.kind != "delivery")
    last = life.happenings[-1]
    if life.decided is None:
        life.closed = last.end + 3 * MINUTE
        if life.result == "returned" and last.step.kind == "work":
            last.action = "return"
    elif life.result == "denied":
        decision = next(h for h in life.happenings if h.step.kind == "decision")
        decision.action = "reject"
    elif life.plan.kind == "instant":
        life.closed = life.delivered or life.closed
    if life.result == "granted" and last.step.kind != "delivery":
        life.delivered = life.closed  # handed over on the spot, without a step of its own


def spans(life: Life) -> list[Span]:
    """The clock stops as spans."""
    return [(pause.start, pause.end) for pause in life.pauses]


def elapsed(scene: Scene, life: Life, limit: Limit) -> int:
    """What the clock shows in a limit's unit. The case must be accepted."""
    assert life.accepted is not None
    end = life.decided if life.decided is not None else life.closed
    return scene.clock.elapsed(limit.unit, life.accepted, end, spans(life))


def linger(life: Life) -> None:
    """Nobody has decided."""
    life.decided = life.closed = life.delivered = life.result = None
    life.happenings = [h for h in life.happenings if h.step.kind in ("acceptance", "work")]
