"""Where data are stale or a batch waits at the gate, a run states nothing: what is compliant there is not said to be."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from supervision.summary import RunSummary, Withheld
from tests.supervision.active import only

PROMISED, SILENT = "timeliness.overdue_promised", "platform.source_silent"
RULES = only(PROMISED, SILENT)


@pytest.fixture
def two(world: Any) -> Any:
    """Two departments with a late case and one in time each; the second was heard of on the run's own day."""
    world.put(
        "reference.department",
        department="other",
        body_code="GT",
        title_zh="y",
        title_en="y",
        freshness="24h",
    )
    world.connection.execute(text("update reference.department set freshness = '24h'"))
    for department, last in (("land", "2012-03-26 10:00"), ("other", "2012-03-27 10:00")):
        late, fine = f"{department}-late", f"{department}-fine"
        world.land("case", case_id=late, department=department, power_code="P",
                   accepted_at="2012-02-01 09:00", decided_at="2012-03-20 09:00")  # fmt: skip
        world.land("case", case_id=fine, department=department, power_code="P",
                   accepted_at="2012-03-19 09:00", decided_at=last)  # fmt: skip
    return world


def counts(world: Any, summary: RunSummary) -> dict[str, tuple[int, int, int, Any]]:
    rows = world.connection.execute(
        text("""
            select department, violations, compliant, not_evaluable, reasons from supervision.outcome
            where run_id = :run and rule_id = :rule
        """),
        {"run": summary.run_id, "rule": PROMISED},
    )
    return {row[0]: tuple(row[1:]) for row in rows}


def test_nothing_is_said_to_be_in_order_in_a_department_that_is_silent(two: Any) -> None:
    summary = two.supervise("2012-03-27 18:00:00", rules=RULES)
    assert summary.withheld == (
        Withheld("land", "silent", {"freshness": "24h", "last_heard": "2012-03-26 10:00:00",
                                    "batch_id": summary.withheld[0].facts["batch_id"]}),
    )  # fmt: skip
    assert counts(two, summary) == {
        "land": (1, 0, 1, {"no_statement": 1}),
        "other": (1, 1, 0, {}),
    }
    promised = next(rule for rule in summary.rules if rule.rule_id == PROMISED)
    assert (promised.violations, promised.compliant, promised.not_evaluable) == (2, 1, 1)
    assert promised.reasons == {"no_statement": 1}
    assert (PROMISED, "case:land-late") in two.findings()  # what was found stands


def test_a_batch_that_is_stopped_at_the_gate_withholds_the_statement_until_it_is_decided(
    two: Any,
) -> None:
    stopped = two.batch()
    two.connection.execute(
        text("""
            update ops.batch set state = 'stopped', ledger_no = null, department = 'other', rows_read = 7,
                started_at = '2012-03-27 11:00' where batch_id = :batch
        """),
        {"batch": stopped},
    )
    two.ledger -= 1
    first = two.supervise("2012-03-27 10:00:00", rules=RULES)
    assert first.withheld == (
        Withheld("other", "gate_stopped", {"batches": 1, "rows": 7, "datasets": ["d"], "since": "2012-03-27 11:00:00"}),
    )  # fmt: skip
    two.connection.execute(text("update ops.batch set state = 'rejected' where state = 'stopped'"))
    after = two.supervise("2012-03-27 10:00:00", full=True, rules=RULES)
    assert after.withheld == ()
    assert counts(two, after)["other"][1] == 1
    assert after.findings_hash == first.findings_hash


def test_a_silence_that_an_appeal_has_explained_withholds_nothing(two: Any) -> None:
    two.supervise("2012-03-27 18:00:00", rules=RULES)
    two.connection.execute(
        text("update supervision.finding set state = 'dismissed' where rule_id = :rule"),
        {"rule": SILENT},
    )
    summary = two.supervise("2012-03-27 18:00:00", full=True, rules=RULES)
    assert summary.withheld == ()


def test_every_department_has_a_row_and_the_mart_shows_the_last_complete_run(two: Any) -> None:
    two.supervise("2012-03-27 18:00:00", rules=RULES)
    shown = two.connection.execute(
        text("select department, stated, reason, since from mart.department_statement order by 1")
    ).all()
    assert shown == [
        ("land", False, "silent", "2012-03-26 10:00:00"),
        ("other", True, None, None),
    ]
