"""One run's working tables and rules in Spark, from the SQL that PostgreSQL runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from hub.core.errors import RuleError
from supervision import preparation
from supervision.rulebook import Rule
from supervision.spark.reading import Source
from supervision.spark.tables import Tables
from supervision.spark.translation import parse

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_PARAMETER = {
    "name": "text", "department": "text", "power_code": "text", "valid_from": "date", "valid_to": "date",
    "value": "numeric",
}  # fmt: skip
RUN_TABLES = tuple(
    Source.of(name, f"pg_temp.{name}", columns)
    for name, columns in {
        "run": {
            "as_of": "timestamp with time zone",
            "as_of_on": "date",
            "changed_from": "bigint",
            "run_id": "uuid",
        },
        "scope": {"case_id": "uuid"},
        "reporting": {
            "department": "text",
            "deliveries": "boolean",
            "receipts": "boolean",
            "stop_approvals": "boolean",
        },
        "open_finding": {"rule_id": "text", "subject": "text"},
        "parameter": _PARAMETER,
        "clock_parameter": _PARAMETER,
    }.items()
)
"""The tables of a run that PostgreSQL makes and Spark only takes over."""
JUDGED = """
    select subject, case_id, department, power_code, outcome, cast(limit_value as string) as limit_value, limit_unit,
        cast(elapsed as string) as elapsed, due_on, reason,
        case when outcome = 'violation' then to_json(facts) end as facts
    from ruled
"""


def needed(sql: str, where: str) -> set[str]:
    """The working tables that a statement stands on, directly or through others."""
    from sqlglot import exp

    found: set[str] = set()
    waiting = [(sql, where)]
    while waiting:
        for table in parse(*waiting.pop()).find_all(exp.Table):
            if not table.db and table.name in preparation.WORKING and table.name not in found:
                found.add(table.name)
                waiting.append(working_statement(table.name))
    return found


def working_statement(name: str) -> tuple[str, str]:
    """A working table's SELECT and the name of its file."""
    file = f"working/{name}.sql"
    return preparation.statement(file), f"supervision/{file}"


def make_working(
    tables: Tables, names: Iterable[str], keep: Callable[[str, DataFrame], DataFrame]
) -> None:
    """Make the views of these working tables, in the order in which they read each other.

    `keep` stores the rows under the name and returns them as stored, so that they are made once. Raises RuleError.
    """
    wanted = set(names)
    if wanted & set(preparation.OF_THE_COUNTY):
        county = "supervision/spark/judging.py"
        tables.add("county", tables.select('select case_id from core."case"', county))
    for name in preparation.WORKING:
        if name in wanted:
            tables.add(name, keep(name, tables.select(*working_statement(name))))


def judged(tables: Tables, rule: Rule) -> DataFrame:
    """What the rule says of every subject: facts as JSON text and only of violations. Raises RuleError."""
    where = str(rule.path.with_suffix(".sql"))
    frame = tables.select(rule.sql, where)
    if not frame.schema["facts"].dataType.typeName() == "struct":
        raise RuleError("its facts are no jsonb object", where=where)
    frame.createOrReplaceTempView("ruled")
    return tables.spark.sql(JUDGED)
