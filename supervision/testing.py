"""Runs a rule's own tests: given rows in, one rule evaluated, outcomes compared, everything rolled back.

The given rows stand in real tables, inside a savepoint, and only they are in scope; what is already in the warehouse is
neither judged nor changed.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, text
from sqlalchemy.exc import SQLAlchemyError

from hub.core.entities import ENTITIES
from hub.core.errors import RuleError
from supervision import parameters, preparation
from supervision.calendar import calendar_frame
from supervision.preparation import run_script, what_failed
from supervision.rulebook import LEVELS, Expected, Parameter, Rows, Rule, RuleTest

DEPARTMENT = "test"
_NAMESPACE = uuid.UUID("5f3c1c0e-6f9c-4c1e-9d53-3f6d3b1f0a12")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OF_A_CASE = {
    f"{schema}.{name}"
    for schema in ("core", "history")
    for name, entity in ENTITIES.items()
    if entity.key[0] == "case_id"
}
_FILLERS: dict[str, Any] = {
    "text": "test", "bigint": 0, "integer": 0, "smallint": 0, "numeric": 0, "boolean": False,
    "uuid": str(uuid.UUID(int=0)), "date": "2012-01-01", "jsonb": {},
    "timestamp with time zone": "2012-01-01 00:00:00+08",
}  # fmt: skip

# What a join finds that forgets a parameter's name, department, power or period, or whose habit of reporting it asks for.
_DECOYS = """
    update parameter set valid_to = date '2199-12-31';
    insert into parameter
    select n.name, d.department, w.power_code, t.valid_from, t.valid_to, p.value - less
    from parameter p
    cross join lateral (values (p.name), ('another')) n (name)
    cross join lateral (values (p.department), ('another')) d (department)
    cross join lateral (values (p.power_code), ('another')) w (power_code)
    cross join lateral (
        values (p.valid_from, p.valid_to), (date '2200-01-01', date '2299-12-31')) t (valid_from, valid_to)
    cross join (values (0), (1)) v (less)
    where (n.name, d.department, w.power_code, t.valid_from) <> (p.name, p.department, p.power_code, p.valid_from);
    insert into reporting values ('another', false, false, false)
"""

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


@dataclass(frozen=True, slots=True)
class LaidTest:
    """A test whose given rows stand in the warehouse, with the working tables made for them: any SELECT can be judged."""

    connection: Connection
    test: RuleTest
    rows: Rows
    wrong: tuple[str, ...]
    """What is wrong with the given rows themselves."""

    def judge(self, rule: Rule) -> TestResult:
        """What this test says of the rule, or of a variant of it that differs in its SELECT only."""
        return TestResult(
            rule.id, self.test.name, self.test.kind, self.wrong or self._problems(rule)
        )

    def _problems(self, rule: Rule) -> tuple[str, ...]:
        try:
            return tuple(
                _problems(rule, self.test, _judge(self.connection, rule, self.test, self.rows))
            )
        except SQLAlchemyError as failure:
            return (what_failed(failure),)


def run_rule_tests(connection: Connection, rule: Rule) -> list[TestResult]:
    """Run all tests of one rule on a migrated warehouse. Leaves no trace in it."""
    return [laid.judge(rule) for laid in laid_tests(connection, rule)]


def laid_tests(connection: Connection, rule: Rule) -> Iterator[LaidTest]:
    """The tests of one rule, one after another: each stands in the warehouse until the next is asked for."""
    with connection.begin_nested() as everything:
        run_script(connection, "set local timezone = 'Asia/Shanghai'")
        _ensure_calendar(connection)
        required = _required_columns(connection)
        for test in rule.spec.tests:
            with connection.begin_nested() as one:
                yield _lay(connection, rule, test, required)
                one.rollback()
        everything.rollback()


def _lay(connection: Connection, rule: Rule, test: RuleTest, required: Required) -> LaidTest:
    rows: Rows = {}
    wrong: tuple[str, ...] = ()
    try:
        rows = _completed(rule.spec.given, test.given, required)
        _insert(connection, rows)
        _prepare(connection, rule, test, rows)
    except SQLAlchemyError as failure:
        wrong = (what_failed(failure),)
    except (RuleError, _GivenError) as failure:
        wrong = (str(failure),)
    return LaidTest(connection, test, rows, wrong)


def _prepare(connection: Connection, rule: Rule, test: RuleTest, rows: Rows) -> None:
    """Make the working tables for the given rows, and beside what the rule may look up what it must pass by."""
    preparation.begin(connection, test.as_of)
    case_rows = [*rows.get('core."case"', []), *rows.get('history."case"', [])]
    preparation.take(connection, sorted({row["case_id"] for row in case_rows}))
    clock = _with_values(parameters.clock_parameters(), test.parameters, "clock.")
    where = preparation.gather(connection, (), clock)
    own = _own_values(rule, test)
    parameters.resolve(connection, "parameter", rule.id, own, (), where)
    run_script(connection, _DECOYS)


def _own_values(rule: Rule, test: RuleTest) -> dict[str, Parameter]:
    return _with_values(rule.spec.parameters, test.parameters, "")


def _judge(
    connection: Connection, rule: Rule, test: RuleTest, rows: Rows
) -> dict[str, list[dict[str, Any]]]:
    """What the rule says of the given subjects, under their names in the test; several rows are a fault of the rule."""
    own = _own_values(rule, test)
    names = dict(_case_names(rule.spec.given)) | dict(_case_names(test.given))
    departments = {
        row["department"] for given in rows.values() for row in given if "department" in row
    }
    with connection.begin_nested():
        connection.execute(text("set transaction read only"))
        found = connection.exec_driver_sql(rule.sql, execution_options={"no_parameters": True})
        judged: dict[str, list[dict[str, Any]]] = {}
        for row in found.mappings():
            subject = _ID.sub(
                lambda written: names.get(written[0], written[0]), row["subject"] or "nameless"
            )
            given = str(row["case_id"]) in names or row["case_id"] is None
            if given and row["department"] in departments:
                judged.setdefault(subject, []).append(dict(row) | {"level": _level(rule, own, row)})
    return judged


def _with_values(
    known: Mapping[str, Parameter], values: Mapping[str, float], prefix: str
) -> dict[str, Parameter]:
    """The parameters with the defaults that a test gives them."""
    return {
        name: parameter.model_copy(update={"default": values.get(prefix + name, parameter.default)})
        for name, parameter in known.items()
    }


def _level(rule: Rule, values: Mapping[str, Parameter], row: RowMapping) -> str:
    """The level of a violation: the highest rung of the ladder that its excess has reached, as in sql/merge.sql."""
    if row["elapsed"] is None or row["limit_value"] is None:
        return rule.level
    excess = row["elapsed"] - row["limit_value"]
    reached = [
        level
        for level, name in rule.spec.ladder.items()
        if (threshold := values[name].default) is not None and excess >= threshold
    ]
    return max(reached, key=LEVELS.index, default=rule.level)


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
        if rows[0]["outcome"] == "violation" and rows[0]["facts"] is None:
            yield f"{subject}: a violation without facts"
        if _makes_own_facts(rule) and rows[0]["outcome"] != "violation" and rows[0]["facts"]:
            yield f"{subject}: facts are made although it is {rows[0]['outcome']}"
        if reason is not None and reason not in rule.spec.not_evaluable:
            yield f"{subject}: reason {reason} is not declared in not_evaluable"
    for subject, want in expected.items():
        if subject not in judged:
            yield f"{subject}: expected {want.outcome}, but is no subject"
        else:
            yield from (f"{subject}: {each}" for each in _differences(want, judged[subject][0]))


def _makes_own_facts(rule: Rule) -> bool:
    """Whether the SELECT has to keep from making facts of every case; without WITH, sql/judge.sql sees to it."""
    return re.search(r"(^|\*/)\s*with\b", rule.sql, re.IGNORECASE | re.MULTILINE) is not None


def _differences(want: Expected, got: dict[str, Any]) -> Iterator[str]:
    pairs = {
        "elapsed": "elapsed",
        "limit": "limit_value",
        "unit": "limit_unit",
        "due_on": "due_on",
        "reason": "reason",
    }
    if want.outcome != got["outcome"]:
        yield f"expected {want.outcome}, but is {got['outcome']} ({got['reason'] or got['facts']})"
    if want.level is not None and want.level != got["level"]:
        yield f"expected level {want.level}, but is {got['level']}"
    for name, column in pairs.items():
        value = getattr(want, name)
        if value is not None and not _equal(value, got[column]):
            yield f"expected {name} {value}, but is {got[column]}"
    facts = got["facts"] or {}
    for name, value in want.facts.items():
        if facts.get(name) != value:
            yield f"expected fact {name} {value}, but is {facts.get(name)}"


def _equal(wanted: Any, got: Any) -> bool:
    """Numbers as they are written: 0.7 is 0.70."""
    if isinstance(wanted, float) and got is not None:
        return Decimal(str(wanted)) == Decimal(got)
    return bool(wanted == got)


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
    own = {"source_case_no": row["case_id"]} if table.endswith(".case") else {}
    return own | row | {"case_id": _case_id(row["case_id"])}


def _case_id(name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, name))


def _case_names(given: Rows) -> Iterator[tuple[str, str]]:
    """Case id → the name that the test gives it."""
    for rows in given.values():
        yield from ((_case_id(row["case_id"]), row["case_id"]) for row in rows if "case_id" in row)


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
            where table_schema in ('core', 'history', 'catalogue', 'reference', 'ops')
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
    rows = calendar_frame().write_json()
    connection.execute(
        text("""
            insert into reference.calendar_day
            select * from jsonb_populate_recordset(null::reference.calendar_day, cast(:rows as jsonb))
        """),
        {"rows": rows},
    )
    run_script(connection, "analyze reference.calendar_day")
