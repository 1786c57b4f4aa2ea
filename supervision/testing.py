"""Runs a rule's own tests: given rows in, one rule evaluated, outcomes compared, everything rolled back.

The given rows stand in real tables, inside a savepoint, and only they are in scope; what is already in the warehouse is
neither judged nor changed.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from hub.core.entities import ENTITIES
from hub.core.errors import RuleError
from supervision import parameters, preparation
from supervision.calendar import calendar_frame
from supervision.preparation import run_script, what_failed
from supervision.rulebook import Expected, Rows, Rule, RuleTest

DEPARTMENT = "test"
_NAMESPACE = uuid.UUID("5f3c1c0e-6f9c-4c1e-9d53-3f6d3b1f0a12")
_OF_A_CASE = {f"core.{name}" for name, entity in ENTITIES.items() if entity.key[0] == "case_id"}
_FILLERS: dict[str, Any] = {
    "text": "test", "bigint": 0, "integer": 0, "smallint": 0, "numeric": 0, "boolean": False,
    "uuid": str(uuid.UUID(int=0)), "date": "2012-01-01", "jsonb": {},
    "timestamp with time zone": "2012-01-01 00:00:00+08",
}  # fmt: skip

Required = dict[str, dict[str, str]]
"""Table → column that must have a value → its type."""


class _GivenError(ValueError):
    """The test's own rows are wrong."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test of one rule. `problems` is empty when every subject came out as expected."""

    rule_id: str
    name: str
    kind: str
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.problems

    @property
    def message(self) -> str:
        return "; ".join(self.problems)


def run_rule_tests(connection: Connection, rule: Rule) -> list[TestResult]:
    """Run all tests of one rule on a migrated warehouse. Leaves no trace in it."""
    with connection.begin_nested() as everything:
        run_script(connection, "set local timezone = 'Asia/Shanghai'")
        _ensure_calendar(connection)
        required = _required_columns(connection)
        results = [_run(connection, rule, test, required) for test in rule.spec.tests]
        everything.rollback()
    return results


def _run(connection: Connection, rule: Rule, test: RuleTest, required: Required) -> TestResult:
    with connection.begin_nested() as one:
        try:
            rows = _completed(rule.spec.given, test.given, required)
            _insert(connection, rows)
            judged = _judge(connection, rule, test, rows)
            problems = tuple(_problems(rule, test, judged))
        except SQLAlchemyError as failure:
            problems = (what_failed(failure),)
        except (RuleError, _GivenError) as failure:
            problems = (str(failure),)
        one.rollback()
    return TestResult(rule.id, test.name, test.kind, problems)


def _judge(
    connection: Connection, rule: Rule, test: RuleTest, rows: Rows
) -> dict[str, list[dict[str, Any]]]:
    """What the rule says of each given subject, under its name in the test; several rows are a fault of the rule."""
    preparation.begin(connection, test.as_of)
    preparation.take(connection, sorted({row["case_id"] for row in rows.get('core."case"', [])}))
    preparation.gather(connection)
    parameters.resolve(connection, rule, ())
    names = dict(_subject_names(rule.spec.given)) | dict(_subject_names(test.given))
    with connection.begin_nested():
        connection.execute(text("set transaction read only"))
        found = connection.exec_driver_sql(rule.sql, execution_options={"no_parameters": True})
        judged: dict[str, list[dict[str, Any]]] = {}
        for row in found.mappings():
            if row["subject"] in names:
                judged.setdefault(names[row["subject"]], []).append(dict(row))
    return judged


def _problems(rule: Rule, test: RuleTest, judged: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    expected = test.expected()
    for subject in sorted(set(judged) - set(expected)):
        yield f"{subject}: expected to be no subject, but is {judged[subject][0]['outcome']}"
    for subject, rows in sorted(judged.items()):
        if len(rows) > 1:
            yield f"{subject}: judged {len(rows)} times"
        reason = rows[0]["reason"]
        if (rows[0]["outcome"] == "not_evaluable") != (reason is not None):
            yield f"{subject}: {rows[0]['outcome']} with reason {reason}"
        if reason is not None and reason not in rule.spec.not_evaluable:
            yield f"{subject}: reason {reason} is not declared in not_evaluable"
    for subject, want in expected.items():
        if subject not in judged:
            yield f"{subject}: expected {want.outcome}, but is no subject"
        else:
            yield from (f"{subject}: {each}" for each in _differences(want, judged[subject][0]))


def _differences(want: Expected, got: dict[str, Any]) -> Iterator[str]:
    pairs = {"elapsed": "elapsed", "limit": "limit_value", "due_on": "due_on", "reason": "reason"}
    if want.outcome != got["outcome"]:
        yield f"expected {want.outcome}, but is {got['outcome']} ({got['reason'] or got['facts']})"
    for name, column in pairs.items():
        value = getattr(want, name)
        if value is not None and value != got[column]:
            yield f"expected {name} {value}, but is {got[column]}"
    for name, value in want.facts.items():
        if got["facts"].get(name) != value:
            yield f"expected fact {name} {value}, but is {got['facts'].get(name)}"


def _completed(shared: Rows, own: Rows, required: Required) -> Rows:
    """Rows of both, by quoted table name, with case names turned into ids and required columns filled."""
    rows: Rows = {}
    for table in dict.fromkeys((*shared, *own)):
        schema, _, name = table.partition(".")
        quoted = f'{schema}."{name}"'
        if quoted not in required:
            raise _GivenError(f"given rows for {table}, which is no table that rules read")
        fill = {column: _FILLERS[kind] for column, kind in required[quoted].items()}
        fill |= {"department": DEPARTMENT} if "department" in fill else {}
        rows[quoted] = [
            fill | _named(table, row) for row in (*shared.get(table, ()), *own.get(table, ()))
        ]
    return rows


def _named(table: str, row: dict[str, Any]) -> dict[str, Any]:
    if table not in _OF_A_CASE:
        return row
    if "case_id" not in row:
        raise _GivenError(f"a row of {table} without case_id")
    own = {"source_case_no": row["case_id"]} if table == "core.case" else {}
    return own | row | {"case_id": _case_id(row["case_id"])}


def _case_id(name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, name))


def _subject_names(given: Rows) -> Iterator[tuple[str, str]]:
    """Subject as the rule gives it → subject as the test names it."""
    for row in given.get("core.case", ()):
        yield f"case:{_case_id(row['case_id'])}", f"case:{row['case_id']}"
    for row in given.get("core.fee", ()):
        yield (
            f"fee:{_case_id(row['case_id'])}/{row['fee_no']}",
            f"fee:{row['case_id']}/{row['fee_no']}",
        )
    for row in given.get("core.disclosure", ()):
        subject = f"disclosure:{row.get('department', DEPARTMENT)}/{row['source_no']}"
        yield subject, subject


def _insert(connection: Connection, rows: Rows) -> None:
    for table, given in rows.items():
        columns = ", ".join(f'"{name}"' for name in sorted({name for row in given for name in row}))
        connection.execute(
            text(
                f"insert into {table} ({columns}) "  # noqa: S608 (names checked against the catalogue)
                f"select {columns} from jsonb_populate_recordset(null::{table}, cast(:rows as jsonb))"
            ),
            {"rows": json.dumps(given, default=_plain)},
        )


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"a given row may not hold {type(value).__name__}")


def _required_columns(connection: Connection) -> Required:
    columns = connection.execute(
        text("""
            select format('%s."%s"', table_schema, table_name), column_name, data_type,
                is_nullable = 'NO' and column_default is null and is_identity = 'NO'
            from information_schema.columns
            where table_schema in ('core', 'catalogue', 'reference')
        """)
    )
    required: Required = {}
    for table, column, kind, must in columns:
        required.setdefault(table, {})
        if must:
            required[table][column] = kind
    return required


def _ensure_calendar(connection: Connection) -> None:
    """The legal calendar, if the warehouse has none yet."""
    if connection.scalar(text("select exists (select from reference.calendar_day)")):
        return
    frame = calendar_frame()
    connection.execute(
        text("""
            insert into reference.calendar_day (date, is_workday, work_index, status, source)
            select * from unnest(
                cast(:date as date[]), cast(:is_workday as boolean[]), cast(:work_index as int[]),
                cast(:status as text[]), cast(:source as text[])
            )
        """),
        {name: frame[name].to_list() for name in frame.columns},
    )
    run_script(connection, "analyze reference.calendar_day")
