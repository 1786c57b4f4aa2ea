"""Incremental = full: whatever lands in whatever order, a run over the changes finds what a run over all finds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from supervision import findings_hash, load_rules

RULES = load_rules()
NAMES = st.sampled_from(["A", "B", "C", "D"])
# Half of the moments lie near the runs, where hours count.
MOMENTS = (st.integers(0, 300 * 24) | st.integers(248 * 24, 252 * 24)).map(
    lambda hours: datetime(2012, 2, 1) + timedelta(hours=hours)  # noqa: DTZ001 (local)
)
MAYBE = st.none() | MOMENTS
PEOPLE = st.sampled_from([None, "甲", "乙"])
DELETED = st.sampled_from([None, None, None, "2012-12-01 09:00"])

CASES = st.fixed_dictionaries(
    {
        "case_id": NAMES,
        "power_code": st.sampled_from(["P", "P", "FREE", "HOURS", "UNKNOWN", None]),
        "applied_at": MAYBE,
        "accepted_at": MAYBE,
        "decided_at": MAYBE,
        "closed_at": MAYBE,
        "result": st.sampled_from([None, "granted", "denied", "refused"]),
        "delivered_at": MAYBE,
        "reported_at": MAYBE,
        "result_reason": st.sampled_from([None, "无"]),
        "acceptor": PEOPLE,
        "approver": PEOPLE,
        "applicant_identity_state": st.sampled_from([None, "valid", "invalid"]),
        "deleted_at": DELETED,
    }
)
EVENTS = st.fixed_dictionaries(
    {
        "case_id": NAMES,
        "event_no": st.integers(1, 3),
        "step_code": st.sampled_from(["accept", "review", "decide", "other"]),
        "started_at": MOMENTS,
        "ended_at": MAYBE,
        "post": PEOPLE,
        "deleted_at": DELETED,
    }
)
STOPS = st.fixed_dictionaries(
    {
        "case_id": NAMES,
        "stop_no": st.integers(1, 2),
        "kind": st.just("hearing"),
        "started_at": MOMENTS,
        "ended_at": MAYBE,
        "approver": PEOPLE,
        "limit_value": st.sampled_from([None, 2]),
        "limit_unit": st.sampled_from(["working_day", "hour", "minute", "month", None]),
    }
)
SUPPLEMENTS = st.fixed_dictionaries(
    {"case_id": NAMES, "notice_no": st.integers(1, 2), "notified_at": MOMENTS, "received_at": MAYBE}
)
PENALTIES = st.fixed_dictionaries(
    {
        "case_id": NAMES,
        "penalty_no": st.integers(1, 2),
        "circumstance_code": st.sampled_from(["01", "02", None]),
        "amount": st.sampled_from([5, 50, 500]),
    }
)
MATERIALS = st.fixed_dictionaries(
    {"case_id": NAMES, "material_code": st.sampled_from(["01", "02"]), "received": st.booleans()}
)
FEES = st.fixed_dictionaries(
    {
        "case_id": NAMES,
        "fee_no": st.integers(1, 2),
        "fee_code": st.sampled_from(["F1", "F2", None]),
        "amount": st.sampled_from([0, 80, 100]),
        "deleted_at": DELETED,
    }
)
DISCLOSURES = st.fixed_dictionaries(
    {"source_no": st.sampled_from("12"), "item_code": st.sampled_from("GX"), "produced_at": MAYBE, "published_at": MAYBE}
)  # fmt: skip

LANDS = st.one_of(
    st.tuples(st.just("case"), CASES),
    st.tuples(st.just("event"), EVENTS),
    st.tuples(st.just("clock_stop"), STOPS),
    st.tuples(st.just("supplement"), SUPPLEMENTS),
    st.tuples(st.just("penalty"), PENALTIES),
    st.tuples(st.just("material"), MATERIALS),
    st.tuples(st.just("fee"), FEES),
    st.tuples(st.just("disclosure"), DISCLOSURES),
)
HISTORIES = st.lists(
    st.tuples(st.lists(LANDS, max_size=8), st.integers(0, 2 * 24) | st.integers(0, 20 * 24)),
    min_size=2,
    max_size=4,
)

STANDING = text("""
    select rule_id, subject, level, facts, limit_value, limit_unit, elapsed, due_on, evidence
    from supervision.finding where state = 'open' and finding_id not in (
        select distinct on (finding_id) finding_id from supervision.finding_event e
        where action = 'not_evaluable'
            and not exists (select from supervision.finding_event l
                where l.finding_id = e.finding_id and l.event_no > e.event_no)
    ) order by rule_id, subject
""")


def lay_out(world: Any) -> None:
    """More of a catalogue than the world has: materials, hours and minutes, discretion.

    When a department begins to report something, the run is a full one; here it has always reported everything.
    """
    run = world.connection.execute
    run(
        text(
            "insert into catalogue.material values ('P', 1, '01', 'x', true), ('P', 2, '01', 'x', true)"
        )
    )
    world.power("HOURS", "2012-01-01", None, version=1, promised=6)
    run(
        text(
            "update catalogue.power set promised_unit = 'hour', statutory_unit = 'minute', "
            "statutory_value = 600 where power_code = 'HOURS'"
        )
    )
    run(text("insert into catalogue.discretion values ('P', 1, '01', 'x', 'fine', 10, 100)"))
    world.land(
        "case",
        case_id="Z",
        power_code="P",
        accepted_at="2012-02-01 09:00",
        delivered_at="2012-02-02 09:00",
    )
    world.land("fee", case_id="Z", fee_no=1, amount=1, receipt_no="1")
    world.land(
        "clock_stop",
        case_id="Z",
        stop_no=1,
        kind="hearing",
        started_at="2012-02-01 10:00",
        approver="甲",
    )


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(HISTORIES)
def test_a_run_over_the_changes_finds_what_a_run_over_all_finds(
    world: Any, history: list[tuple[list[tuple[str, dict[str, Any]]], int]]
) -> None:
    run = world.connection.execute
    with world.connection.begin_nested() as savepoint:
        lay_out(world)
        now = datetime(2012, 10, 8, 8)  # noqa: DTZ001 (local)
        kinds = []
        for lands, hours in history:
            for entity, values in lands:
                world.land(entity, **values)
            now += timedelta(hours=hours)
            kinds.append(world.supervise(as_of=now.isoformat(), rules=RULES).kind)
        assert set(kinds[1:]) == {"incremental"}
        incremental, standing = findings_hash(world.connection), run(STANDING).all()
        again = world.supervise(as_of=now.isoformat(), full=True, rules=RULES)
        assert again.findings_hash == incremental
        assert not any(result.changes for result in again.rules)
        # And what a warehouse finds that sees it all for the first time (there, nothing stands from before).
        run(text("truncate supervision.finding, supervision.finding_event, supervision.run"))
        world.supervise(as_of=now.isoformat(), rules=RULES)
        assert run(STANDING).all() == standing
        savepoint.rollback()
