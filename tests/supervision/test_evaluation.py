"""A run: scope, life cycle of findings, isolation of errors, parameters, evidence."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from sqlalchemy import text

import supervision
from hub.core.errors import RuleError, SpecError
from hub.core.fingerprints import uuid_of
from supervision import parameters
from supervision.rulebook import Rule, load_rules

RULES = load_rules()
PROMISED = "timeliness.overdue_promised"


def by_rule(summary: supervision.RunSummary) -> dict[str, supervision.RuleResult]:
    return {result.rule_id: result for result in summary.rules}


def broken(sql: str, rule_id: str = PROMISED) -> tuple[Rule, ...]:
    """The library with one rule's SQL replaced."""
    return tuple(replace(rule, sql=sql) if rule.id == rule_id else rule for rule in RULES)


def land_overdue(world: Any, name: str = "A", decided: str = "2012-03-27 09:00") -> None:
    """Eighteen working days of fifteen promised and twenty allowed."""
    world.land(
        "case", case_id=name, power_code="P", accepted_at="2012-03-01 09:00", decided_at=decided
    )


def test_a_full_run_counts_every_subject_and_says_why_it_is_full(world: Any) -> None:
    land_overdue(world)
    world.land(
        "case",
        case_id="B",
        power_code="P",
        accepted_at="2012-03-01 09:00",
        decided_at="2012-03-05 09:00",
    )
    world.land("case", case_id="C", power_code="P?", accepted_at="2012-03-01 09:00")
    summary = world.supervise()
    assert (summary.kind, summary.why_full, summary.state) == (
        "full",
        "no complete run before",
        "complete",
    )
    result = by_rule(summary)[PROMISED]
    assert (result.violations, result.compliant, result.not_evaluable) == (1, 1, 1)
    assert result.reasons == {"power_unknown": 1}
    stored = world.connection.execute(
        text("select department, violations, compliant, not_evaluable, reasons from supervision.outcome "
             "where rule_id = :rule and run_id = :run"), {"rule": PROMISED, "run": summary.run_id},
    ).all()  # fmt: skip
    assert stored == [("land", 1, 1, 1, {"power_unknown": 1})]
    assert world.findings() == {(PROMISED, "case:A"), ("procedure.unlisted_power", "case:C")}
    json.dumps(summary.as_dict())


def test_the_second_run_is_incremental_and_changes_nothing(world: Any) -> None:
    land_overdue(world)
    first = world.supervise()
    events = world.connection.scalar(text("select count(*) from supervision.finding_event"))
    second = world.supervise()
    assert (second.kind, second.ledger_from) == ("incremental", first.ledger_to)
    assert second.findings_hash == first.findings_hash
    assert not any(result.changes for result in second.rules)
    assert world.connection.scalar(text("select count(*) from supervision.finding_event")) == events
    last_run = text("select last_run::text from supervision.finding")
    assert world.connection.scalar(last_run) == second.run_id


@pytest.mark.parametrize("changed", ["catalogue", "calendar", "department"])
def test_another_version_makes_the_run_full(world: Any, changed: str) -> None:
    world.supervise()
    world.versions[changed] = "other"
    assert world.supervise().kind == "full"
    assert world.supervise().kind == "incremental"


def test_another_rule_or_an_earlier_time_makes_the_run_full(world: Any) -> None:
    world.supervise()
    assert world.supervise(as_of="2012-12-30 23:59:59").kind == "full"
    assert world.supervise(rules=[replace(RULES[0], version="v2"), *RULES[1:]]).kind == "full"
    assert world.supervise(rules=RULES[1:]).kind == "full"


def test_only_changed_open_and_found_cases_are_in_scope(world: Any) -> None:
    land_overdue(world)
    world.land(
        "case",
        case_id="DONE",
        power_code="P",
        accepted_at="2012-03-01 09:00",
        decided_at="2012-03-05 09:00",
    )
    world.land("case", case_id="OPEN", power_code="P", accepted_at="2012-12-28 09:00")
    world.land(
        "case",
        case_id="TOUCHED",
        power_code="FREE",
        accepted_at="2012-03-01 09:00",
        decided_at="2012-03-05 09:00",
    )
    world.supervise()
    world.land("fee", case_id="TOUCHED", fee_no=1, fee_code="F1", amount=5)
    summary = world.supervise()
    assert summary.cases_in_scope == 3
    assert ("fees.on_free_power", "fee:TOUCHED/1") in world.findings()


def test_the_clock_of_an_open_case_runs_without_data(world: Any) -> None:
    world.land("case", case_id="A", power_code="FREE", accepted_at="2012-12-24 09:00")
    world.supervise(as_of="2012-12-27 12:00:00")
    assert world.findings() == set()
    world.supervise(as_of="2012-12-28 12:00:00")
    assert world.findings() == {("timeliness.due_soon", "case:A")}
    summary = world.supervise(as_of="2013-01-04 12:00:00")
    assert summary.kind == "incremental"
    assert world.findings() == {(PROMISED, "case:A")}
    assert world.events("timeliness.due_soon") == [("opened", "open"), ("withdrawn", "withdrawn")]
    world.supervise(as_of="2013-01-08 12:00:00")
    assert world.events(PROMISED) == [("opened", "open")], "time alone is no event"
    assert (
        world.connection.scalar(
            text("select elapsed from supervision.finding where state = 'open'")
        )
        == 10
    )


def test_a_case_is_judged_by_the_version_in_force_for_it(world: Any) -> None:
    """Thirteen working days: within the fifteen promised until June, over the twelve from July (invariant 7)."""
    world.land(
        "case",
        case_id="JUNE",
        power_code="P",
        accepted_at="2012-06-29 09:00",
        decided_at="2012-07-18 09:00",
    )
    world.land(
        "case",
        case_id="JULY",
        power_code="P",
        accepted_at="2012-07-02 09:00",
        decided_at="2012-07-19 09:00",
    )
    world.supervise()
    assert world.findings() == {(PROMISED, "case:JULY")}
    world.connection.execute(
        text("update catalogue.power set promised_value = 10 where version = 2")
    )
    world.connection.execute(
        text("update catalogue.power set promised_value = 16 where version = 1")
    )
    world.versions["catalogue"] = "c2"
    world.supervise()
    assert world.findings() == {(PROMISED, "case:JULY")}


def test_corrected_data_withdraw_a_finding_and_the_same_fault_reopens_it(world: Any) -> None:
    land_overdue(world)
    world.supervise()
    ids = text("select finding_id from supervision.finding")
    before = world.connection.scalars(ids).all()
    land_overdue(world, decided="2012-03-20 09:00")
    summary = world.supervise()
    assert by_rule(summary)[PROMISED].changes == {"withdrawn": 1}
    assert (world.findings(), world.findings("withdrawn")) == (set(), {(PROMISED, "case:A")})
    land_overdue(world)
    world.supervise()
    land_overdue(world, decided="2012-03-26 09:00")
    world.supervise()
    assert world.connection.scalars(ids).all() == before
    assert world.events(PROMISED) == [
        ("opened", "open"), ("withdrawn", "withdrawn"), ("reopened", "open"), ("updated", "open"),
    ]  # fmt: skip
    assert supervision.first_broken(world.connection) is None


def test_deleted_and_vanished_subjects_are_withdrawn(world: Any) -> None:
    land_overdue(world)
    world.land(
        "case",
        case_id="F",
        power_code="FREE",
        accepted_at="2012-03-01 09:00",
        decided_at="2012-03-05 09:00",
    )
    world.land("fee", case_id="F", fee_no=1, amount=5)
    world.land("disclosure", source_no="1", item_code="G", produced_at="2012-03-01")
    world.supervise()
    assert len(world.findings()) == 3
    land = world.land
    land(
        "case",
        case_id="A",
        power_code="P",
        accepted_at="2012-03-01 09:00",
        deleted_at="2012-12-01 09:00",
    )
    land("fee", case_id="F", fee_no=1, amount=5, deleted_at="2012-12-01 09:00")
    land(
        "disclosure",
        source_no="1",
        item_code="G",
        produced_at="2012-03-01",
        deleted_at="2012-12-01 09:00",
    )
    assert world.supervise().kind == "incremental"
    assert world.findings() == set()
    reasons = world.connection.scalars(
        text("select distinct reason from supervision.finding_event where action = 'withdrawn'")
    )
    assert reasons.all() == ["no_longer_a_subject"]


def test_a_finding_that_cannot_be_judged_any_more_stands_and_says_so_once(world: Any) -> None:
    land_overdue(world)
    world.supervise()
    world.land(
        "case",
        case_id="A",
        power_code=None,
        accepted_at="2012-03-01 09:00",
        decided_at="2012-03-27 09:00",
    )
    for _ in range(3):
        world.supervise()
    assert world.findings() == {(PROMISED, "case:A")}
    assert world.events(PROMISED) == [("opened", "open"), ("not_evaluable", "open")]
    land_overdue(world)
    world.supervise()
    world.supervise()
    assert world.events(PROMISED)[2:] == [("confirmed", "open")]


def test_findings_of_a_rule_that_is_no_longer_active_are_withdrawn(world: Any) -> None:
    land_overdue(world)
    world.supervise()
    retired = [
        replace(rule, spec=rule.spec.model_copy(update={"status": "retired"}))
        if rule.id == PROMISED
        else rule
        for rule in RULES
    ]
    summary = world.supervise(rules=retired)
    assert PROMISED not in by_rule(summary)
    assert (world.findings(), summary.open_findings) == (set(), 0)
    world.supervise()
    assert world.events(PROMISED) == [
        ("opened", "open"),
        ("withdrawn", "withdrawn"),
        ("reopened", "open"),
    ]


def test_another_level_is_another_finding(world: Any) -> None:
    land_overdue(world)
    world.supervise()
    red = [
        replace(rule, spec=rule.spec.model_copy(update={"level": "red"}))
        if rule.id == PROMISED
        else rule
        for rule in RULES
    ]
    world.supervise(rules=red, full=True)
    levels = world.connection.execute(
        text("select level, state from supervision.finding order by level")
    ).all()
    assert levels == [("red", "open"), ("yellow", "withdrawn")]


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        (
            "k.facts as facts",
            "(1 / (k.promised_value - 15))::text::jsonb as facts",
            "division by zero",
        ),
        ("k.facts as facts", "(k.power_code || '110101199003070937')::jsonb as facts", "type json"),
        ("k.facts as facts", "('张三' || k.power_code)::date::text::jsonb as facts", '"…"'),
        ("from clock k", "from clocks k", "does not exist"),
        ("select", "selec", "syntax error"),
        ("else 'compliant'", "else 'perhaps'", "judgement_count_outcome_check"),
        ("else 'compliant'", "", "null value"),
        ("k.promised_reason as reason", "'reason' as reason", "judgement_count_check"),
        ("k.department,", "null as department,", "null value"),
    ],
)
def test_an_error_in_a_rule_is_never_no_violation(
    world: Any, right: str, wrong: str, says: str
) -> None:
    """Invariant 5: the run is incomplete, the rule's findings stand, other rules go on, the next run catches up."""
    rule = next(rule for rule in RULES if rule.id == PROMISED)
    assert right in rule.sql
    land_overdue(world)
    first = world.supervise()
    land_overdue(world, decided="2012-03-20 09:00")
    world.land("case", case_id="C", power_code="P", accepted_at="2012-03-01 09:00", decided_at="2012-03-02 09:00",
               closed_at="2012-03-02 09:00", result="refused")  # fmt: skip
    summary = world.supervise(rules=broken(rule.sql.replace(right, wrong, 1)))
    failed = by_rule(summary)[PROMISED]
    assert (summary.state, failed.violations, failed.compliant) == ("incomplete", 0, 0)
    assert says in str(failed.error)
    assert world.findings() == {
        (PROMISED, "case:A"),
        ("procedure.refusal_without_reason", "case:C"),
    }
    state, errors, seen = world.connection.execute(
        text("select state, errors, (select count(*) from supervision.outcome o where o.run_id = r.run_id and "
             "rule_id = :rule) from supervision.run r where run_id = :run"),
        {"run": summary.run_id, "rule": PROMISED},
    ).one()  # fmt: skip
    assert (state, list(errors), seen) == ("incomplete", [PROMISED], 0)
    assert "110101199003070937" not in json.dumps(errors)
    caught_up = world.supervise()
    assert (caught_up.state, caught_up.ledger_from) == ("complete", first.ledger_to)
    assert world.findings() == {("procedure.refusal_without_reason", "case:C")}


def test_a_rule_that_judges_a_subject_twice_is_an_error(world: Any) -> None:
    land_overdue(world)
    rule = next(rule for rule in RULES if rule.id == PROMISED)
    summary = world.supervise(rules=broken(f"{rule.sql} union all ({rule.sql})"))
    assert "duplicate key" in str(by_rule(summary)[PROMISED].error)


def test_facts_that_cannot_be_gathered_stop_the_run(world: Any) -> None:
    world.connection.execute(
        text("alter table reference.calendar_day rename column work_index to gone")
    )
    with pytest.raises(RuleError, match=r"clock\.sql"):
        world.supervise()


def test_identical_counties_in_other_batches_give_the_same_hash_and_ids(world: Any) -> None:
    """Invariant 4: neither batch ids nor the order of arrival nor the number of runs show in the hash."""
    lands = [
        lambda: land_overdue(world),
        lambda: land_overdue(world, "B"),
        lambda: world.land("fee", case_id="A", fee_no=1, fee_code="F1", amount=100.5, quantity=1),
        lambda: world.land("disclosure", source_no="1", item_code="G", produced_at="2012-03-01"),
    ]
    results = []
    for order in (lands, lands[::-1]):
        with world.connection.begin_nested() as savepoint:
            for land in order:
                land()
                if order is not lands:
                    world.supervise()
            summary = world.supervise()
            ids = world.connection.scalars(
                text("select finding_id::text from supervision.finding")
            ).all()
            results.append((summary.findings_hash, summary.open_findings, sorted(ids)))
            savepoint.rollback()
    assert results[0] == results[1]
    assert results[0][1] == 4


def test_a_finding_id_is_made_of_rule_subject_and_level(world: Any) -> None:
    land_overdue(world)
    world.supervise()
    row = world.connection.execute(
        text("select finding_id::text, subject from supervision.finding")
    ).one()
    made = pl.select(uuid_of(pl.lit(PROMISED), pl.lit(row.subject), pl.lit("yellow"))).item()
    assert row.finding_id == made


def test_evidence_names_row_versions_batches_and_raw_rows(world: Any) -> None:
    batch = world.batch()
    world.land("case", batch_id=batch, case_id="A", power_code="FREE", accepted_at="2012-03-01 09:00",
               decided_at="2012-03-05 09:00", applicant_masked="张＊＊")  # fmt: skip
    world.land("fee", case_id="A", fee_no=1, amount=5, raw_row=7)
    world.land("fee", case_id="A", fee_no=2, amount=0)
    world.supervise()
    facts, evidence = world.connection.execute(
        text("select facts, evidence from supervision.finding")
    ).one()
    assert facts["amount"] == 5
    assert "张" not in json.dumps([facts, evidence], ensure_ascii=False)
    rows = {(row["entity"], row["raw_row"]): row for row in evidence["rows"]}
    assert set(rows) == {("case", 0), ("fee", 7)}
    assert rows["fee", 7]["key"]["fee_no"] == 1
    assert rows["case", 0]["batch_id"] == batch
    assert evidence["raw_objects"][batch] == "raw/1"
    assert all(row["row_hash"] for row in evidence["rows"])


def test_the_gravest_come_first(world: Any) -> None:
    land_overdue(world)
    land_overdue(world, "LONG", decided="2012-05-31 09:00")
    land_overdue(world, "LONGER", decided="2012-06-29 09:00")
    world.supervise()
    found = supervision.gravest(world.connection, 3)
    assert [(each["level"], each["source_case_no"]) for each in found] == [
        ("red", "LONGER"), ("red", "LONG"), ("yellow", "LONGER"),
    ]  # fmt: skip
    assert found[0]["title_zh"] == "超过法定时限"
    assert found[0]["overrun_days"] == found[0]["elapsed"] - found[0]["limit_value"] > 50
    assert found[0]["facts"]["accepted_on"] == "2012-03-01"


def test_a_parameter_differs_per_department_and_power_while_it_is_valid(
    world: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    path = tmp_path / "parameters.csv"
    path.write_text(
        ",".join(parameters.COLUMNS) + "\n"
        "timeliness.due_soon,warn_within,land,,2,2012-12-01,2012-12-27\n"
        "timeliness.due_soon,warn_within,,FREE,0,2012-12-01,2012-12-27\n",
        "utf-8",
    )
    monkeypatch.setattr(parameters.read_overrides, "__defaults__", (path,))
    world.land("case", case_id="P", power_code="P", accepted_at="2012-12-12 09:00")
    world.land("case", case_id="FREE", power_code="FREE", accepted_at="2012-12-21 09:00")
    world.supervise(as_of="2012-12-27 12:00:00")
    assert world.findings() == {("timeliness.due_soon", "case:P")}, (
        "one day left on each, FREE has its own value"
    )
    path.write_text(path.read_text("utf-8").replace("FREE,0", "FREE,1"), "utf-8")
    assert world.supervise(as_of="2012-12-27 12:00:00").kind == "full"
    assert world.findings() == {
        ("timeliness.due_soon", "case:FREE"),
        ("timeliness.due_soon", "case:P"),
    }


@pytest.mark.parametrize(
    "line",
    ["timeliness.due_soon,limit,,,2,,", "timeliness.due_soon,warn_within,,,two,,", "x.y,z,,,2,,"],
)
def test_a_wrong_override_of_a_parameter_is_named_by_its_line(tmp_path: Any, line: str) -> None:
    path = tmp_path / "parameters.csv"
    path.write_text(",".join(parameters.COLUMNS) + "\n" + line + "\n", "utf-8")
    with pytest.raises(SpecError) as caught:
        parameters.read_overrides(RULES, path)
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("entity", "values"),
    [
        ("case", {"power_code": "P", "accepted_at": "2012-03-01 09:00", "decided_at": "2012-03-06 09:00"}),
        ("event", {"event_no": 1, "step_code": "accept", "started_at": "2012-03-01 09:00"}),
        ("clock_stop", {"stop_no": 1, "kind": "hearing", "started_at": "2012-03-01 09:00"}),
        ("supplement", {"notice_no": 1, "notified_at": "2012-03-01 09:00"}),
        ("material", {"material_code": "01", "received": True}),
        ("fee", {"fee_no": 1, "amount": 5}),
    ],
)  # fmt: skip
def test_whatever_lands_brings_its_case_into_scope(
    world: Any, entity: str, values: dict[str, Any]
) -> None:
    world.land(
        "case",
        case_id="A",
        power_code="P",
        accepted_at="2012-03-01 09:00",
        decided_at="2012-03-05 09:00",
    )
    world.supervise()
    assert world.supervise().cases_in_scope == 0
    world.land(entity, case_id="A", **values)
    assert world.supervise().cases_in_scope == 1


def test_a_finding_outside_the_scope_is_not_touched(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_overdue(world)
    world.supervise()
    monkeypatch.setattr("supervision.preparation.take_changed", lambda connection: None)
    world.supervise()
    assert world.findings() == {(PROMISED, "case:A")}
    assert world.events(PROMISED) == [("opened", "open")]
