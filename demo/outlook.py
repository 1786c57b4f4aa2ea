"""A case as it looks at a moment: what has happened by then, and which rules it breaks."""

from __future__ import annotations

from demo.course import MINUTE, Happening, Life, elapsed, spans
from demo.plans import UNSAID
from demo.seeding import Draft, Scene, Seed
from demo.workdays import DAY

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
    "timeliness.step_overdue",
    "timeliness.acceptance_late",
    "timeliness.supplement_notice_late",
    "timeliness.clock_stop_overrun",
    "timeliness.delivery_late",
    "timeliness.report_late",
    "procedure.work_after_closing",
    "procedure.supplement_repeated",
    "procedure.clock_stop_unapproved",
    "procedure.same_person",
    "procedure.unauthorised_handler",
    "completeness.field_missing",
    "completeness.document_missing",
    "completeness.identity_invalid",
    "fees.not_listed",
    "fees.receipt_missing",
    "disclosure.fields_incomplete",
    "disclosure.item_unpublished",
    "disclosure.power_incomplete",
    "integrity.batch_closing",
    "integrity.zero_length_chain",
    "integrity.after_hours_approval",
    "integrity.record_altered",
    "integrity.discretion_out_of_range",
    "platform.source_silent",
    "platform.volume_drop",
    "platform.serial_gap",
    "platform.deleted_at_source",
)
"""All rules, by the names that the contract gives them."""
DUE_SOON, OVERDUE_PROMISED, OVERDUE_STATUTORY, SKIPPED, DISORDER, EARLY = RULES[:6]
UNLISTED, NO_REASON, MISSING, ABOVE, FREE, PUBLISHED_LATE = RULES[6:12]
STEP_OVERDUE, ACCEPTED_LATE, TOLD_LATE, OVERRUN, DELIVERED_LATE, REPORTED_LATE = RULES[12:18]
AFTER_CLOSING, TOLD_TWICE, UNAPPROVED, SAME_PERSON, UNAUTHORISED = RULES[18:23]
NO_FIELD, NO_DOCUMENT, INVALID, NOT_LISTED, NO_RECEIPT = RULES[23:28]
FIELDS_INCOMPLETE, UNPUBLISHED, POWER_INCOMPLETE = RULES[28:31]
BATCH_CLOSING, AT_ONCE, AFTER_HOURS, ALTERED, OUT_OF_RANGE = RULES[31:36]
SILENT, VOLUME_DROP, SERIAL_GAP, DELETED = RULES[36:]
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
    Seed.AFTER_CLOSING: frozenset({AFTER_CLOSING}),
    Seed.TOLD_TWICE: frozenset({TOLD_TWICE}),
    Seed.AT_ONCE: frozenset({AT_ONCE}),
}
UNTIMED = (Seed.REPEALED, Seed.UNKNOWN, Seed.UNTYPED)
"""No limit in force, or no start of the clock: timeliness cannot be judged."""


def cut(life: Life, horizon: int) -> None:
    """Forget what lies at or after the horizon."""
    life.notices = [
        (told, _known(brought, horizon)) for told, brought in life.notices if told < horizon
    ]
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
    broken |= intervals(scene, draft, life)
    if draft.seed in UNTIMED:
        return broken
    return broken | timeliness(scene, life) | pace(scene, life)


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


WITHIN = 5
"""Working days in which a case is accepted, or the applicant told what is missing (行政许可法 §32)."""
DELIVER_WITHIN = 10
"""Working days from the decision to its delivery (行政许可法 §44)."""


def intervals(scene: Scene, draft: Draft, life: Life) -> set[str]:
    """What is judged by the days between two moments alone, whatever the catalogue says."""
    now = scene.calendar.number(scene.clock.as_of) * DAY
    broken = set()
    if _accepted_late(draft, life, now):
        broken.add(ACCEPTED_LATE)
    if life.notices and _days(life.applied, life.notices[0][0]) > WITHIN:
        broken.add(TOLD_LATE)
    if any(_days(p.start, now if p.end is None else p.end) > p.allowed for p in life.pauses):
        broken.add(OVERRUN)
    if life.result == "granted" and life.decided is not None:
        delivered = now if life.delivered is None else life.delivered
        if _days(life.decided, delivered) > DELIVER_WITHIN:
            broken.add(DELIVERED_LATE)
    return broken


def _accepted_late(draft: Draft, life: Life, now: int) -> bool:
    """A notice starts the days anew when the applicant has brought what was missing; it may be late itself."""
    accepted = None if draft.seed is Seed.UNTYPED else life.accepted
    ends = (accepted, life.decided, life.closed)
    end = next((moment for moment in ends if moment is not None), now)
    since: int | None = life.applied
    if life.notices:
        since = life.notices[-1][1]
    return since is not None and _days(since, end) > WITHIN


def _days(start: int, end: int) -> int:
    return end // DAY - start // DAY


def pace(scene: Scene, life: Life) -> set[str]:
    """Steps that took longer than their own limit, clock stops taken out; the system must say when they ended."""
    if scene.traits.precision == "day":
        return set()
    late = any(_slow(scene, life, happening) for happening in life.happenings)
    return {STEP_OVERDUE} if late else set()


def _slow(scene: Scene, life: Life, happening: Happening) -> bool:
    limit = happening.step.limit
    if limit is UNSAID:
        return False
    if limit.unit == "minute":
        return happening.end - happening.start > limit.value * MINUTE
    spent = scene.clock.elapsed(limit.unit, happening.start, happening.end, spans(life))
    return spent > limit.value
