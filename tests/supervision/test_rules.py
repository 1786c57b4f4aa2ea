"""Every rule's own tests pass, fail when its SQL is broken, and leave no trace."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

import supervision
from supervision.rulebook import Rule, load_rules

RULES = {rule.id: rule for rule in load_rules()}


def test_the_library_holds_the_twelve_rules_without_problems() -> None:
    assert supervision.check() == []
    assert {rule.id: rule.level for rule in RULES.values()} == {
        "timeliness.due_soon": "warning",
        "timeliness.overdue_promised": "yellow",
        "timeliness.overdue_statutory": "red",
        "procedure.step_skipped": "yellow",
        "procedure.step_out_of_order": "yellow",
        "procedure.work_before_acceptance": "red",
        "procedure.unlisted_power": "red",
        "procedure.refusal_without_reason": "red",
        "completeness.material_missing": "yellow",
        "fees.above_standard": "red",
        "fees.on_free_power": "red",
        "disclosure.published_late": "yellow",
    }


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_a_rule_passes_its_own_tests(connection: Connection, rule: Rule) -> None:
    results = supervision.run_rule_tests(connection, rule)
    assert {(result.name, result.problems) for result in results} == {
        (test.name, ()) for test in rule.spec.tests
    }
