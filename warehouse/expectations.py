"""Quality checkpoints in the warehouse: working tables of one moment, failing rows, results and their retention.

What is expected comes as SQL of our own content; nothing here knows an expectation by name.
"""

# ruff: noqa: S608 (statements are made of our own content; values are binds)

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import DBAPIError

from hub.core.entities import ENTITIES

Row = dict[str, Any]
EVERYBODY = "*"
WORK_MEMORY = "128MB"
_LOCK = "hashtextextended(:name, 0)"


@dataclass(frozen=True, slots=True)
class Counted:
    """Of one department's rows: how many there are, how many were judged, how many of these failed."""

    judged: int
    failed: int


@contextmanager
def working_schema(engine: Engine) -> Iterator[str]:
    """A schema for the working tables of one run, dropped at the end; what a killed run left behind goes first."""
    name = f"quality_{os.urandom(6).hex()}"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as guard:
        _sweep(guard)
        guard.execute(text(f"select pg_advisory_lock({_LOCK})"), {"name": name})
        guard.execute(text(f"create schema {name}"))
        try:
            yield name
        finally:
            guard.execute(text(f"drop schema {name} cascade"))
            guard.execute(text(f"select pg_advisory_unlock({_LOCK})"), {"name": name})


def _sweep(guard: Connection) -> None:
    found = guard.scalars(
        text(r"select nspname from pg_namespace where nspname ~ '^quality_[0-9a-f]{12}$'")
    )
    for name in list(found):
        if guard.scalar(text(f"select pg_try_advisory_lock({_LOCK})"), {"name": name}):
            guard.execute(text(f"drop schema if exists {name} cascade"))
            guard.execute(text(f"select pg_advisory_unlock({_LOCK})"), {"name": name})


def departments_by_entity(connection: Connection) -> dict[str, set[str]]:
    """Entity → the departments that have living rows of it."""
    return {
        name: set(
            connection.scalars(
                text(f'select distinct department from core."{name}" where deleted_at is null')
            )
        )
        for name in ENTITIES
    }


def make_rows(
    connection: Connection, table: str, sql: Callable[[Iterable[str]], str], derived: Iterable[str]
) -> dict[str, str]:
    """Fill a working table of rows. Returns derived column → error, for those that cannot be computed.

    `sql` gives the query without some derived columns: when all of them together cannot run, each is tried alone, and
    those that are to blame are left out. Raises DBAPIError when none of them is.
    """
    names = list(derived)
    make = "create unlogged table {} as\n{}"
    if not attempt(connection, make.format(table, sql(()))):
        return {}
    broken = {
        name: error
        for name in names
        if (error := attempt(connection, f'select count("{name}") from ({sql([n for n in names if n != name])}) t'))
    }  # fmt: skip
    connection.execute(plain(make.format(table, sql(broken))))
    return broken


def attempt(connection: Connection, sql: str) -> str:
    """Run a statement in a savepoint; returns the first line of what went wrong, or nothing."""
    try:
        with connection.begin_nested():
            connection.execute(plain(sql))
    except DBAPIError as failure:
        return first_line(failure)
    return ""


def first_line(failure: DBAPIError) -> str:
    """What the server says, without the statement and the values."""
    return str(failure.orig).strip().splitlines()[0][:200]


def allow_memory(connection: Connection) -> None:
    """Let sorting and grouping of this transaction use more than the server's few megabytes."""
    connection.execute(text(f"set local work_mem = '{WORK_MEMORY}'"))


def count_rows(connection: Connection, table: str) -> int:
    """How many rows a working table has."""
    return int(connection.scalar(text(f"select count(*) from {table}")) or 0)


def add_facts(
    connection: Connection, table: str, expectation: str, sql: str, holds: str, departments: Sequence[str],
    allowed: Mapping[str, float],
) -> str:  # fmt: skip
    """Add the facts of one expectation, of those departments only; returns what went wrong, or nothing.

    `sql` gives department, subject, observed, allowed; `holds` is at_most or at_least; `allowed` has the numbers of
    departments with one of their own. What is not observed though a number is allowed does not hold.
    """
    sign = {"at_most": "<=", "at_least": ">="}[holds]
    own = "".join(
        f"when {quoted([name])} then {float(value)!r} " for name, value in allowed.items()
    )
    number = f"case f.department {own}else f.allowed::float8 end" if own else "f.allowed::float8"
    return attempt(
        connection,
        f"""
        insert into {table}
        select '{expectation}', department, concat('department:', department, '/', subject), observed, allowed,
            case when allowed is not null then coalesce(observed {sign} allowed, false) end
        from (
            select f.department, f.subject, f.observed::float8 as observed, {number} as allowed
            from (\n{sql}\n) f where f.department in ({quoted(departments) or "null"})
        ) g
        """,
    )


def department_titles(connection: Connection) -> dict[str, str]:
    """Department → its Chinese name."""
    rows = connection.execute(text("select department, title_zh from reference.department"))
    return dict(rows.tuples().all())


def new_facts(connection: Connection, table: str) -> None:
    """An empty working table of facts."""
    connection.execute(
        text(
            f"create unlogged table {table} (expectation text, department text, row_key text, "
            "observed float8, allowed float8, holds boolean)"
        )
    )


def breakdown(
    connection: Connection, table: str, checks: Sequence[tuple[str, str, str]]
) -> dict[str, dict[str, Counted]]:
    """Expectation → department → counts, in one pass over a working table of rows.

    `checks`: (id, condition under which a row is judged, condition under which it fails). One that cannot be computed
    is left out.
    """
    counts = ", ".join(
        f"count(*) filter (where {judged}), count(*) filter (where ({judged}) and ({fails}))"
        for _, judged, fails in checks
    )
    select = f"select department, {counts} from {table} group by department"
    result: dict[str, dict[str, Counted]] = {name: {} for name, _, _ in checks}
    try:
        with connection.begin_nested():
            rows = connection.execute(plain(select)).tuples().all()
    except DBAPIError:
        if len(checks) == 1:
            return {}
        alone = (breakdown(connection, table, [check]) for check in checks)
        return {name: found for one in alone for name, found in one.items()}
    for department, *numbers in rows:
        for position, (name, _, _) in enumerate(checks):
            result[name][department] = Counted(*numbers[2 * position : 2 * position + 2])
    return result


def facts_breakdown(connection: Connection, table: str) -> dict[str, dict[str, Counted]]:
    """The same for facts."""
    result: dict[str, dict[str, Counted]] = {}
    for name, department, judged, failed in connection.execute(
        text(
            "select expectation, department, count(holds), count(*) filter (where not holds) "
            f"from {table} group by 1, 2"
        )
    ):
        result.setdefault(name, {})[department] = Counted(judged, failed)
    return result


def observed_facts(
    connection: Connection, table: str, most: int = 20
) -> dict[tuple[str, str], list[Row]]:
    """(Expectation, department) → the facts that do not hold, or else the last one; at most so many."""
    rows = connection.execute(
        text(
            f"""
            select expectation, department, row_key, observed, allowed from (
                select *, row_number() over (
                    partition by expectation, department order by holds, row_key desc) as place
                from {table} where holds is not null
            ) f
            where place = 1 or (not holds and place <= :most) order by expectation, department, row_key
            """
        ),
        {"most": most},
    )
    result: dict[tuple[str, str], list[Row]] = {}
    for name, department, key, observed, allowed in rows:
        fact = {"of": key, "observed": observed, "allowed": allowed}
        result.setdefault((name, department), []).append(fact)
    return result


def keep_failures(
    connection: Connection, run_id: str, table: str, expectation: str, fails: str, departments: Sequence[str]
) -> dict[str, int]:  # fmt: skip
    """Write the key of every row of those departments that fails; returns how many, by department.

    A key that several rows have (that is what a doubled key is) is numbered from the second on.
    """
    written = connection.execute(
        plain(
            f"""
            with kept as (
                insert into ops.expectation_failure (run_id, expectation_id, department, row_key)
                select cast(:run as uuid), :expectation, department,
                    row_key || case when place > 1 then '#' || place else '' end
                from (
                    select department, row_key, row_number() over (partition by department, row_key) as place
                    from {table} where {fails} and department = any(:departments)
                ) f
                returning department
            )
            select department, count(*) from kept group by department
            """
        ),
        {"run": run_id, "expectation": expectation, "departments": list(departments)},
    )
    return dict(written.tuples().all())


def store(
    connection: Connection, run: Mapping[str, Any], results: Sequence[Mapping[str, Any]]
) -> None:
    """Write a run and its results; JSON values are given as such."""
    connection.execute(
        text(
            """
            insert into ops.expectation_run (run_id, department, started_at, finished_at, expectations, evaluated,
                failed, no_values, not_evaluated, seconds, rows)
            values (cast(:run_id as uuid), :department, :started_at, clock_timestamp(), :expectations, :evaluated,
                :failed, :no_values, :not_evaluated, cast(:seconds as jsonb), cast(:rows as jsonb))
            """
        ),
        _with_json(run, "seconds", "rows"),
    )
    if results:
        connection.execute(
            text(
                """
                insert into ops.expectation_result (run_id, expectation_id, department, entity, type, zh, en, severity,
                    state, rows, unexpected, columns, observed, allowed, error)
                values (cast(:run_id as uuid), :expectation_id, :department, :entity, :type, :zh, :en, :severity,
                    :state, :rows, :unexpected, cast(:columns as jsonb), cast(:observed as jsonb),
                    cast(:allowed as jsonb), :error)
                """
            ),
            [_with_json(result, "columns", "observed", "allowed") for result in results],
        )


def _with_json(row: Mapping[str, Any], *names: str) -> Row:
    return dict(row) | {
        name: None if row[name] is None else json.dumps(row[name], ensure_ascii=False)
        for name in names
    }


def prune(connection: Connection, keep: int) -> list[str]:
    """Remove all but the last `keep` runs of each department and of the whole warehouse. Returns the runs that went."""
    doomed = list(
        connection.scalars(
            text(
                """
                delete from ops.expectation_run where run_id in (
                    select run_id from (
                        select run_id, row_number() over (partition by department order by started_at desc) as place
                        from ops.expectation_run
                    ) r where place > :keep
                ) returning run_id::text
                """
            ),
            {"keep": keep},
        )
    )
    for table in ("expectation_result", "expectation_failure"):
        connection.execute(
            text(f"delete from ops.{table} where run_id = any(cast(:runs as uuid[]))"),
            {"runs": doomed},
        )
    return doomed


def runs(connection: Connection) -> list[Row]:
    """Every kept run, newest first."""
    return _rows(
        connection,
        "select run_id::text as run_id, department, started_at, finished_at, expectations, evaluated, failed, "
        "no_values, not_evaluated, seconds, rows from ops.expectation_run order by started_at desc",
    )


def latest_results(connection: Connection, department: str | None = None) -> list[Row]:
    """The results of each department's latest checkpoint, be it its own or that of the whole warehouse."""
    return _rows(
        connection,
        """
        with latest as (
            select distinct on (r.department) r.department, r.run_id, e.started_at
            from (select distinct run_id, department from ops.expectation_result) r
            join ops.expectation_run e using (run_id)
            where cast(:department as text) is null or r.department = :department
            order by r.department, e.started_at desc
        )
        select r.run_id::text as run_id, l.started_at, r.expectation_id, r.department, r.entity, r.type, r.zh, r.en,
            r.severity, r.state, r.rows, r.unexpected, r.columns, r.observed, r.allowed, r.error
        from latest l join ops.expectation_result r using (run_id, department)
        order by r.department, r.expectation_id
        """,
        department=department,
    )


def failing_keys(
    connection: Connection, expectation: str, department: str | None, limit: int | None = None
) -> list[Row]:
    """The failing rows of an expectation in each department's latest checkpoint."""
    return _rows(connection, f"{_LATEST_FAILURES} order by 1, 2 limit :limit", expectation=expectation, department=department, limit=limit)  # fmt: skip


def count_failing_keys(connection: Connection, expectation: str, department: str | None) -> int:
    """How many there are."""
    sql = f"select count(*) as rows from ({_LATEST_FAILURES}) f"
    return int(_rows(connection, sql, expectation=expectation, department=department)[0]["rows"])


_LATEST_FAILURES = """
    select f.department, f.row_key
    from (
        select distinct on (r.department) r.department, r.run_id
        from ops.expectation_result r join ops.expectation_run e using (run_id)
        where r.expectation_id = :expectation
          and (cast(:department as text) is null or r.department = :department)
        order by r.department, e.started_at desc
    ) latest
    join ops.expectation_failure f using (run_id, department)
    where f.expectation_id = :expectation
"""


def write_keys(
    connection: Connection, expectation: str, department: str | None, path: Path
) -> None:
    """Stream the failing rows, as of `failing_keys`, into a CSV file with a header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    binds = {"expectation": expectation, "department": department}
    select = text(f"{_LATEST_FAILURES} order by 1, 2").bindparams(**binds)
    literal = select.compile(connection.engine, compile_kwargs={"literal_binds": True})
    raw: Any = connection.connection.driver_connection
    copy = f"copy ({str(literal).replace('%%', '%')}) to stdout with (format csv, header)"
    with path.open("wb") as file, raw.cursor() as cursor, cursor.copy(copy) as rows:
        for block in rows:
            file.write(block)


def last_run_started(connection: Connection, department: str) -> datetime | None:
    """When the latest checkpoint that looked at the department began."""
    found: datetime | None = connection.scalar(
        text(
            "select max(e.started_at) from ops.expectation_result r join ops.expectation_run e using (run_id) "
            "where r.department = :department"
        ),
        {"department": department},
    )
    return found


def landed_since(connection: Connection, department: str, since: datetime | None) -> bool:
    """Whether a batch of the department has landed since then."""
    sql = (
        "select exists (select from ops.batch where department = :department and state = 'landed' "
        "and (cast(:since as timestamptz) is null or landed_at >= :since))"
    )
    return bool(connection.scalar(text(sql), {"department": department, "since": since}))


def plain(sql: str) -> TextClause:
    """SQL of our own content, whose colons (casts, times of day) are no binds; a bind is `:name` in lower case."""
    return text(re.sub(r"::|:(?![a-z_]+\b)", lambda found: found[0].replace(":", r"\:"), sql))


def _rows(connection: Connection, sql: str, **binds: Any) -> list[Row]:
    return [dict(row) for row in connection.execute(text(sql), binds).mappings()]


def quoted(names: Iterable[str]) -> str:
    """Texts as a list of SQL literals."""
    return ", ".join("'" + name.replace("'", "''") + "'" for name in names)
