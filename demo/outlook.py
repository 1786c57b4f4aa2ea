"""A case as it looks at a moment: what has happened by then, and which rules it breaks."""

from __future__ import annotations

from demo.course import Life, elapsed
from demo.seeding import Draft, Scene, Seed

RULES = (
    "timeliness.due_soon",
    "timeliness.overdue_promised",
    "timeliness.overdue_statutory",
    "procedure.step_skipped",
    "procedure.step_out_of_order",
    "procedure.work_before_acceptance",
    "procedure.unlisted_power",
    "procedure.refusal_without_reason",
    "completeness.material_missing",
    "fees.above_standard",
    "fees.on_free_power",
    "disclosure.published_late",
)
DUE_SOON, OVERDUE_PROMISED, OVERDUE_STATUTORY, SKIPPED, DISORDER, EARLY = RULES[:6]
UNLISTED, NO_REASON, MISSING, ABOVE, FREE, PUBLISHED_LATE = RULES[6:]
WARN_WITHIN = 1

BROKEN: dict[Seed, frozenset[str]] = {
    Seed.SKIPPED: frozenset({SKIPPED}),
    Seed.UNTYPED: frozenset({SKIPPED}),
    Seed.DISORDER: frozenset({DISORDER}),
    # The acceptance then stands behind the work, which no flow allows.
    Seed.EARLY: frozenset({EARLY, DISORDER}),
    Seed.NO_REASON: frozenset({NO_REASON}),
    Seed.MISSING: frozenset({MISSING}),
    Seed.ABOVE: frozenset({ABOVE}),
    Seed.FREE: frozenset({FREE}),
    Seed.REPEALED: frozenset({UNLISTED}),
    Seed.UNKNOWN: frozenset({UNLISTED}),
    Seed.FOREIGN: frozenset({UNLISTED}),
}
UNTIMED = (Seed.REPEALED, Seed.UNKNOWN, Seed.UNTYPED)
"""No limit in force, or no start of the clock: timeliness cannot be judged."""


def cut(life: Life, horizon: int) -> None:
    """Forget what lies at or after the horizon."""
    life.notice = _cut_notice(life, horizon)
    if life.accepted is None or life.accepted >= horizon:
        life.accepted, life.happenings, life.pauses = None, [], []
        life.decided = life.delivered = None
    life.happenings = [h for h in life.happenings if h.end < horizon]
    life.decided = _known(life.decided, horizon)
    life.closed = _known(life.closed, horizon)
    life.delivered = _known(life.delivered, horizon)
    if life.decided is None and life.closed is None:
        life.result = None
    _cut_pauses(life, horizon)


def _known(moment: int | None, horizon: int) -> int | None:
    return moment if moment is not None and moment < horizon else None


def _cut_notice(life: Life, horizon: int) -> tuple[int, int | None] | None:
    if life.notice is None or life.notice[0] >= horizon:
        return None
    return life.notice[0], _known(life.notice[1], horizon)


def _cut_pauses(life: Life, horizon: int) -> None:
    """At most one clock stop is open."""
    life.pauses = [pause for pause in life.pauses if pause.start < horizon]
    still_open = [p for p in life.pauses if p.end is not None and p.end >= horizon]
    for pause in still_open[1:]:
        life.pauses.remove(pause)
    for pause in still_open[:1]:
        pause.end = None


def violations(scene: Scene, draft: Draft, life: Life) -> set[str]:
    """Every rule that the case breaks, as it looks now."""
    broken = set(BROKEN[draft.seed]) if draft.seed in BROKEN else set()
    return broken if draft.seed in UNTIMED else broken | timeliness(scene, life)


def timeliness(scene: Scene, life: Life) -> set[str]:
    """What the clock says. A case decided before it was accepted has no clock."""
    if life.accepted is None or (life.decided is not None and life.decided < life.accepted):
        return set()
    promised, statutory = life.plan.promised, life.plan.statutory
    left = promised.value - elapsed(scene, life, promised)
    broken = set()
    if left < 0:
        broken.add(OVERDUE_PROMISED)
    elif left <= WARN_WITHIN and life.decided is None and life.closed is None:
        broken.add(DUE_SOON)
    if elapsed(scene, life, statutory) > statutory.value:
        broken.add(OVERDUE_STATUTORY)
    return broken
