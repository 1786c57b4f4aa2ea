"""The campaign notices what it should: a broken rule is killed by its tests, and survives where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection

from supervision.rulebook import Rule, load_rules
from tests.mutation.campaign import declared_equivalent, try_mutants
from tests.mutation.mutants import canonical, mutants
from warehouse.access import create_engine_without_pool

RULES = {rule.id: rule for rule in load_rules()}
RULE = RULES["fees.on_free_power"]


@pytest.fixture(scope="module")
def connection(pg_server: Any, database_template: str) -> Iterator[Connection]:
    engine = create_engine_without_pool(pg_server.create("mutation_tests", database_template))
    with engine.connect() as opened:
        yield opened
    engine.dispose()
    pg_server.drop("mutation_tests")


def test_every_mutant_of_a_well_tested_rule_is_killed(connection: Connection) -> None:
    verdict = try_mutants(connection, RULE, {})
    assert verdict.survivors == ()
    assert verdict.killed == len(mutants(RULE.sql)) > 10


def test_without_tests_every_mutant_survives(connection: Connection) -> None:
    verdict = try_mutants(connection, with_tests(RULE, 0), {})
    assert (verdict.killed, len(verdict.survivors)) == (0, len(mutants(RULE.sql)))


def test_a_mutant_that_one_test_alone_notices_survives_without_it(connection: Connection) -> None:
    few = try_mutants(connection, with_tests(RULE, 1), {})
    assert "where dropped" in {mutant.kind for mutant in few.survivors}
    assert 0 < few.killed < len(mutants(RULE.sql))


def test_a_declared_mutant_counts_neither_way_unless_it_is_noticed(connection: Connection) -> None:
    first = mutants(RULE.sql)[0]
    declared = {(RULE.id, first.kind, first.fragment): "why"}
    untested = try_mutants(connection, with_tests(RULE, 0), declared)
    assert (untested.equivalent, untested.total) == (1, len(mutants(RULE.sql)) - 1)
    assert try_mutants(connection, RULE, declared).killed == len(mutants(RULE.sql))


def test_a_rule_that_fails_unbroken_says_so(connection: Connection) -> None:
    broken = replace(RULE, sql=RULE.sql.replace("'violation'", "'compliant'"))
    with pytest.raises(ValueError, match=r"fees\.on_free_power, unbroken"):
        try_mutants(connection, broken, {})


@pytest.mark.parametrize(
    ("sql", "broken"),
    [
        ("select 1 from t where a < 2", "SELECT 1 FROM t WHERE a <= 2"),
        ("select 1 from t where a = 2 and b", "SELECT 1 FROM t WHERE a = 2 OR b"),
        ("select 1 from t where a = 2 and b", "SELECT 1 FROM t WHERE b"),
        ("select 1 from t where a is null", "SELECT 1 FROM t WHERE NOT a IS NULL"),
        ("select a from t left join u on u.b = t.b", "SELECT a FROM t JOIN u ON u.b = t.b"),
        ("select 'working_day' as unit", "SELECT 'calendar_day' AS unit"),
        ("select 'not_evaluable' as outcome", "SELECT 'compliant' AS outcome"),
        ("select coalesce(a, 0) from t", "SELECT a FROM t"),
        ("select min(a) from t", "SELECT MAX(a) FROM t"),
        (
            "select rank() over (order by a) from t",
            "SELECT RANK() OVER (ORDER BY a DESC NULLS LAST) FROM t",
        ),
        ("select count(*) filter (where a) from t", "SELECT COUNT(*) FROM t"),
        ("select a + 7 from t", "SELECT a + 8 FROM t"),
    ],
)
def test_ways_to_break_a_select(sql: str, broken: str) -> None:
    assert broken in [mutant.sql for mutant in mutants(sql)]


def test_what_is_declared_equivalent_exists_and_has_a_reason() -> None:
    for (rule_id, _, fragment), reason in declared_equivalent().items():
        assert fragment in canonical(RULES[rule_id].sql), (rule_id, fragment)
        assert reason


def with_tests(rule: Rule, count: int) -> Rule:
    """The rule with its first tests only."""
    return replace(rule, spec=rule.spec.model_copy(update={"tests": rule.spec.tests[:count]}))
