"""What quality checkpoints leave in `ops`: runs, results, the key of every failing row; and their retention."""

# ruff: noqa: S608 (statements are made of our own content; values are binds)

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from warehouse.working import plain

Row = dict[str, Any]
EVERYBODY = "*"


def department_titles(connection: Connection) -> dict[str, str]:
    """Department → its Chinese name."""
    rows = connection.execute(text("select department, title_zh from reference.department"))
    return {str(department): title for department, title in rows}


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
    return {str(department): int(keys) for department, keys in written}


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


def _rows(connection: Connection, sql: str, **binds: Any) -> list[Row]:
    return [dict(row) for row in connection.execute(text(sql), binds).mappings()]
