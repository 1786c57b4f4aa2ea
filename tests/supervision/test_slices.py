"""Several sessions judge as one does: the same findings to the hash, the same counts, the same errors."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text

import supervision
from demo import county
from supervision import kept, preparation, slices
from supervision.rulebook import Rule
from tests.supervision.test_county import load
from warehouse.reference import replace_calendar

AS_OF = datetime(2012, 12, 31, 23, 59, 59)  # noqa: DTZ001 (local)
RULES = supervision.load_rules()
VERSIONS = {"catalogue": "c", "calendar": "k"}
OUTCOMES = text("""
    select rule_id, department, violations, compliant, not_evaluable, reasons from supervision.outcome order by 1, 2
""")
FINDINGS = text("""
    select finding_id, level, facts, limit_value, elapsed, due_on, evidence from supervision.finding order by 1
""")


@pytest.fixture
def warehouse(database: Engine) -> Engine:
    with database.begin() as connection:
        replace_calendar(connection, supervision.calendar_frame())
        load(connection, county.simulate(2012, 600))
    return database


def judged(warehouse: Engine, sessions: int, rules: tuple[Rule, ...] = RULES) -> dict[str, Any]:
    """What a full run finds, in so many sessions. Leaves no trace."""
    with (
        supervision.sliced(warehouse, rules, sessions) as engine,
        warehouse.connect() as connection,
    ):
        run = supervision.evaluate(connection, rules, AS_OF, True, VERSIONS, engine=engine)
        found = {
            "hash": run.findings_hash,
            "errors": {rule.rule_id for rule in run.rules if rule.error},
            "counts": {
                rule.rule_id: (rule.violations, rule.compliant, rule.not_evaluable, rule.reasons)
                for rule in run.rules
            },
            "outcomes": connection.execute(OUTCOMES).all(),
            "findings": connection.execute(FINDINGS).all(),
        }
        connection.rollback()
    return found


def test_three_sessions_find_what_one_finds(
    warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = judged(warehouse, 1)
    monkeypatch.setattr(slices, "WORTH_IT", -1)
    together = judged(warehouse, 3)
    assert together == alone
    with warehouse.connect() as connection:
        assert connection.scalar(text("select count(*) from working_3.case_version")) > 0
    assert alone["findings"] and not alone["errors"]


def test_an_error_in_one_session_is_the_rule_s_error(
    warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "WORTH_IT", -1)
    wrong = tuple(
        replace(rule, sql=rule.sql.replace("from clock k", "from clocks k")) for rule in RULES
    )
    failed = judged(warehouse, 2, wrong)
    assert "timeliness.overdue_promised" in failed["errors"]
    assert "fees.on_free_power" not in failed["errors"]
    assert failed["counts"]["timeliness.overdue_promised"] == (0, 0, 0, {})


@pytest.mark.parametrize("of", range(1, kept.SLICES + 1))
def test_every_case_lies_in_one_slice(database: Engine, of: int) -> None:
    bounds = [2**128 * number // of + aside for number in range(1, of) for aside in (-1, 0, 1)]
    ids = [str(uuid.UUID(int=number)) for number in (0, *bounds, 2**128 - 1)]
    within = " + ".join(f"(({kept.Part(number, of).holds}))::int" for number in range(1, of + 1))
    with database.connect() as connection:
        found = connection.execute(
            text(f"select {within} from unnest(cast(:ids as uuid[])) as one (case_id)"),  # noqa: S608 (ours)
            {"ids": ids},
        )
        assert [number for (number,) in found] == [1] * len(ids)


def test_which_rules_are_judged_whole() -> None:
    whole = {rule.id for rule in RULES if not preparation.is_of_cases(rule.sql)}
    assert {
        "platform.source_silent",
        "integrity.batch_closing",
        "disclosure.published_late",
    } <= whole
    assert not {rule_id for rule_id in whole if rule_id.startswith(("fees", "procedure"))}


def test_only_the_working_tables_that_the_rules_stand_on_are_made() -> None:
    by_id = {rule.id: rule.sql for rule in RULES}
    assert preparation.stands_on([by_id["completeness.identity_invalid"]]) == (
        "case_version",
        "case_place",
    )
    assert preparation.stands_on([by_id["procedure.step_skipped"]]) == (
        "case_version",
        "case_place",
        "flow_step",
        "path",
        "variant",
    )
    assert preparation.stands_on([by_id["timeliness.due_soon"]])[-1] == "clock"
    assert preparation.stands_on(by_id.values()) == preparation.WORKING
