"""Every rule's own tests on Spark: translated, judged, and equal to PostgreSQL's rows in every column."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from supervision.rulebook import Rule, load_rules
from supervision.spark.tables import Tables

from .comparison import differences

RULES = load_rules()


@pytest.fixture(scope="module")
def tables(spark: Any) -> Tables:
    return Tables(spark)


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_rule_tests_on_spark(connection: Connection, tables: Tables, rule: Rule) -> None:
    assert differences(connection, tables, rule) == {test.name: [] for test in rule.spec.tests}
