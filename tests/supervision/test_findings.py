"""Findings: found once, withdrawn and reopened with a reason, with evidence, the same in any warehouse."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from sqlalchemy import text

import supervision
from hub.core.fingerprints import uuid_of
from tests.supervision.active import FAMILIAR as RULES

PROMISED = "timeliness.overdue_promised"


def by_rule(summary: supervision.RunSummary) -> dict[str, supervision.RuleResult]:
    return {result.rule_id: result for result in summary.rules}


def test_corrected_data_withdraw_a_finding_and_the_same_fault_reopens_it(world: Any) -> None:
    world.land_overdue()
    world.supervise()
    ids = text("select finding_id from supervision.finding")
    before = world.connection.scalars(ids).all()
    world.land_overdue(decided="2012-03-20 09:00")
    summary = world.supervise()
    assert by_rule(summary)[PROMISED].changes == {"withdrawn": 1}
    assert (world.findings(), world.findings("withdrawn")) == (set(), {(PROMISED, "case:A")})
    world.land_overdue()
    world.supervise()
    world.land_overdue(decided="2012-03-26 09:00")
    world.supervise()
    assert world.connection.scalars(ids).all() == before
    assert world.events(PROMISED) == [
        ("opened", "open"), ("withdrawn", "withdrawn"), ("reopened", "open"), ("updated", "open"),
    ]  # fmt: skip
    assert supervision.first_broken(world.connection) is None


def test_deleted_and_vanished_subjects_are_withdrawn(world: Any) -> None:
    world.land_overdue()
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
    world.land_overdue()
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
    world.land_overdue()
    world.supervise()
    world.supervise()
    assert world.events(PROMISED)[2:] == [("confirmed", "open")]


def test_findings_of_a_rule_that_is_no_longer_active_are_withdrawn(world: Any) -> None:
    world.land_overdue()
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
    world.land_overdue()
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


def test_identical_counties_in_other_batches_give_the_same_hash_and_ids(world: Any) -> None:
    """Invariant 4: neither batch ids nor the order of arrival nor the number of runs show in the hash."""
    lands = [
        world.land_overdue,
        lambda: world.land_overdue("B"),
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
    world.land_overdue()
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
    world.land_overdue()
    world.land_overdue("LONG", decided="2012-05-31 09:00")
    world.land_overdue("LONGER", decided="2012-06-29 09:00")
    world.supervise()
    found = supervision.gravest(world.connection, 3)
    assert [(each["level"], each["source_case_no"]) for each in found] == [
        ("red", "LONGER"), ("red", "LONG"), ("yellow", "LONGER"),
    ]  # fmt: skip
    assert found[0]["title_zh"] == "超过法定时限"
    assert found[0]["overrun_days"] == found[0]["elapsed"] - found[0]["limit_value"] > 50
    assert found[0]["facts"]["accepted_on"] == "2012-03-01"


def test_a_finding_outside_the_scope_is_not_touched(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.land_overdue()
    world.supervise()
    monkeypatch.setattr("supervision.preparation.take_changed", lambda connection: None)
    world.supervise()
    assert world.findings() == {(PROMISED, "case:A")}
    assert world.events(PROMISED) == [("opened", "open")]
