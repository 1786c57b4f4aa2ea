"""A rule's own tests on both engines: the same given rows, every column of every judged row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, text

from supervision.preparation import run_script
from supervision.rulebook import Rule
from supervision.spark.judging import RUN_TABLES, judged, make_working, needed
from supervision.spark.reading import Source, sources
from supervision.spark.tables import Tables
from supervision.testing import laid_tests

COLUMNS = (
    "subject", "case_id", "department", "power_code", "outcome", "limit_value", "limit_unit", "elapsed", "due_on",
    "reason", "facts",
)  # fmt: skip
Row = tuple[Any, ...]


def differences(connection: Connection, tables: Tables, rule: Rule) -> dict[str, list[str]]:
    """Test → what Spark says otherwise than PostgreSQL; nothing where they agree. Leaves no trace in the warehouse."""
    read = sources(connection, [rule])
    return {
        laid.test.name: list(laid.wrong) or _one(connection, tables, rule, read)
        for laid in laid_tests(connection, rule)
    }


def _one(connection: Connection, tables: Tables, rule: Rule, read: list[Source]) -> list[str]:
    here = _postgres(connection, rule)
    for source in (*read, *RUN_TABLES):
        load(connection, tables, source)
    make_working(
        tables,
        needed(rule.sql, rule.id),
        lambda _, frame: tables.spark.createDataFrame(frame.toArrow()),
    )
    there = _normal(connection, judged(tables, rule).collect())
    return list(_compared(here, there))


def load(connection: Connection, tables: Tables, source: Source) -> None:
    """The table's rows, uncommitted ones too, as a view in Spark."""
    if source.name == "reference_calendar_day" and source.name in tables.schema:
        return
    rows = connection.execute(text(source.select)).all()
    tables.add(source.name, tables.spark.createDataFrame(source.table(rows)))


def _postgres(connection: Connection, rule: Rule) -> dict[Row, int]:
    run_script(connection, f"create temp view ruled_here as {rule.sql}")
    found = connection.execute(
        text("""
            select subject, cast(case_id as text) as case_id, department, power_code, outcome,
                cast(limit_value as text) as limit_value, limit_unit, cast(elapsed as text) as elapsed, due_on, reason,
                case when outcome = 'violation' then cast(facts as text) end as facts
            from ruled_here
        """)
    ).mappings()
    made = _normal(connection, list(found))
    run_script(connection, "drop view ruled_here")
    return made


_NORMAL = text("""
    select cast(trim_scale(cast(:limit_value as numeric)) as text) as limit_value,
        cast(trim_scale(cast(:elapsed as numeric)) as text) as elapsed, cast(cast(:facts as jsonb) as text) as facts
""")


def _normal(connection: Connection, rows: list[Any]) -> dict[Row, int]:
    """Rows as PostgreSQL keeps them, with how often each occurs."""
    counted: dict[Row, int] = {}
    for row in rows:
        values = {name: row[name] for name in COLUMNS}
        values |= connection.execute(_NORMAL, values).mappings().one()
        key = tuple(str(values[name]) for name in COLUMNS)
        counted[key] = counted.get(key, 0) + 1
    return counted


def _compared(here: dict[Row, int], there: dict[Row, int]) -> Iterator[str]:
    for row in sorted(set(here) | set(there)):
        if here.get(row, 0) != there.get(row, 0):
            yield f"PostgreSQL {here.get(row, 0)} times, Spark {there.get(row, 0)} times: {row}"
