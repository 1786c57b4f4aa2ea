"""A run: scope, versions, isolation of errors, parameters."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

import supervision
from hub.core.errors import RuleError, SpecError
from supervision import parameters
from supervision.parameters import LAST, Override
from supervision.rulebook import Rule
from tests.supervision.active import FAMILIAR as RULES

PROMISED = "timeliness.overdue_promised"


def by_rule(summary: supervision.RunSummary) -> dict[str, supervision.RuleResult]:
    return {result.rule_id: result for result in summary.rules}


def broken(sql: str, rule_id: str = PROMISED) -> tuple[Rule, ...]:
    """The library with one rule's SQL replaced."""
    return tuple(replace(rule, sql=sql) if rule.id == rule_id else rule for rule in RULES)


def test_a_full_run_counts_every_subject_and_says_why_it_is_full(world: Any) -> None:
    world.land_overdue()
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
    world.land_overdue()
    first = world.supervise()
    events = world.connection.scalar(text("select count(*) from supervision.finding_event"))
    second = world.supervise()
    assert (second.kind, second.ledger_from) == ("incremental", first.ledger_to)
    assert second.findings_hash == first.findings_hash
    assert not any(result.changes for result in second.rules)
    assert world.connection.scalar(text("select count(*) from supervision.finding_event")) == events
    last_run = text("select last_run::text from supervision.finding")
    assert world.connection.scalar(last_run) == first.run_id
    world.supervise(full=True)
    assert world.connection.scalar(last_run) == first.run_id  # which made it what it is


@pytest.mark.parametrize("full", [False, True])
def test_evidence_follows_the_rows_though_the_facts_stay(world: Any, full: bool) -> None:
    evidence = text("select evidence from supervision.finding where rule_id = :rule")

    def proven() -> Any:
        return world.connection.scalar(evidence, {"rule": PROMISED})

    world.land_overdue()
    world.supervise()
    first = proven()
    world.supervise(full=True)
    assert proven() == first
    world.land_overdue()
    world.supervise(full=full)
    assert proven() != first
    assert len(proven()["rows"]) == len(first["rows"])


def test_a_parameter_whose_days_begin_makes_the_run_full(world: Any) -> None:
    override = Override(PROMISED, "red_from", "land", "", "", 3.0, date(2012, 12, 30), LAST)
    said = {"overrides": [override]}
    world.supervise(as_of="2012-12-28 12:00:00", **said)
    assert world.supervise(as_of="2012-12-29 12:00:00", **said).kind == "incremental"
    begun = world.supervise(as_of="2012-12-30 12:00:00", **said)
    assert begun.why_full == "the parameters in force changed"
    assert world.supervise(as_of="2012-12-31 12:00:00", **said).kind == "incremental"


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


def test_only_changed_and_open_cases_are_in_scope(world: Any) -> None:
    world.land_overdue()
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
    assert (
        summary.cases_in_scope == 1
    )  # on the same day the clock of the open case says what it said
    assert ("fees.on_free_power", "fee:TOUCHED/1") in world.findings()
    world.land("fee", case_id="TOUCHED", fee_no=2, fee_code="F1", amount=5)
    assert world.supervise("2013-01-01 08:00:00").cases_in_scope == 2


def test_on_the_same_day_only_clocks_that_count_hours_run_on(world: Any) -> None:
    world.power("HOURS", "2012-01-01", None, version=1, promised=2)
    world.connection.execute(
        text("update catalogue.power set promised_unit = 'hour' where power_code = 'HOURS'")
    )
    for name, power in (("DAYS", "P"), ("OPEN", "HOURS"), ("STOPPED", "P")):
        world.land("case", case_id=name, power_code=power, accepted_at="2012-12-28 09:00")
    world.land("clock_stop", case_id="STOPPED", stop_no=1, kind="hearing", started_at="2012-12-28 10:00",
               limit_value=3, limit_unit="hour")  # fmt: skip
    world.supervise("2012-12-28 10:30:00")
    assert (PROMISED, "case:OPEN") not in world.findings()
    later = world.supervise("2012-12-28 11:30:00")
    assert (later.kind, later.cases_in_scope) == ("incremental", 2)
    assert (PROMISED, "case:OPEN") in world.findings()
    by_the_hour = Override(
        parameters.CLOCK, "round_up", "", "", "P", 1.0, date(2012, 1, 1), LAST
    )  # fmt: skip
    world.supervise("2012-12-28 14:30:00", overrides=[by_the_hour])
    assert world.supervise("2012-12-28 15:30:00", overrides=[by_the_hour]).cases_in_scope == 3


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


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        (
            "k.promised_value as limit_value",
            "(1 / (k.promised_value - 15)) as limit_value",
            "division by zero",
        ),
        (
            "k.promised_reason as reason",
            "((k.power_code || '110101199003070937')::jsonb)::text as reason",
            "type json",
        ),
        ("k.promised_due_on as due_on", "('张三' || k.power_code)::date as due_on", '"…"'),
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
    world.land_overdue()
    first = world.supervise()
    world.land_overdue(decided="2012-03-20 09:00")
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
    world.land_overdue()
    rule = next(rule for rule in RULES if rule.id == PROMISED)
    summary = world.supervise(rules=broken(f"{rule.sql} union all ({rule.sql})"))
    assert "duplicate key" in str(by_rule(summary)[PROMISED].error)


def test_a_log_that_refuses_an_event_stops_its_rule_only_and_shows_none_of_it(world: Any) -> None:
    world.land_overdue()
    world.connection.execute(
        text("""
            create function supervision.refused() returns trigger language plpgsql as
                $$ begin raise exception 'refused 110101199003070937'; end $$;
            create trigger refused before insert on supervision.finding_event for each row
                when (new.reason like '%promised%' or new.reason like '%limit%') execute function supervision.refused()
        """)
    )
    summary = world.supervise()
    assert summary.state == "incomplete"
    error = str(by_rule(summary)[PROMISED].error)
    assert "refused" in error and "110101199003070937" not in error and "COPY" not in error
    assert not any(rule_id == PROMISED for rule_id, _ in world.findings())


def test_facts_that_cannot_be_gathered_stop_the_run(world: Any) -> None:
    world.connection.execute(
        text("alter table reference.calendar_day rename column work_index to gone")
    )
    with pytest.raises(RuleError, match=r"working/path"):
        world.supervise()


def test_a_parameter_differs_per_department_and_power_while_it_is_valid(
    world: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    path = tmp_path / "parameters.csv"
    path.write_text(
        ",".join(parameters.COLUMNS) + "\n"
        "timeliness.due_soon,warn_within,land,,,2,2012-12-01,2012-12-27\n"
        "timeliness.due_soon,warn_within,,,FREE,0,2012-12-01,2012-12-27\n",
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
    [
        "timeliness.due_soon,limit,,,,2,,",
        "timeliness.due_soon,warn_within,,,,two,,",
        "x.y,z,,,,2,,",
    ],
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
