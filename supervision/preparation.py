"""The working tables of one run: what time it is, which cases are looked at, and what every rule needs to know of them.

All of them are temporary and vanish with the caller's transaction. `run`: one row. `scope`: case_id. Then those of
`working/`, one SELECT each, made in the order of WORKING; their files document the columns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from hub.core.errors import RuleError
from hub.core.fingerprints import version_of
from hub.core.privacy import mask_message
from hub.core.settings import TIME_ZONE
from supervision import parameters
from supervision.parameters import Override, Place
from supervision.rulebook import Parameter, Rule

FOLDER = Path(__file__).parent
DATA_EXCEPTION = "22"  # class of SQLSTATE whose messages quote the offending value
WORKING = (
    "case_version", "case_place", "flow_step", "path", "long_step", "variant", "clock_window", "clock_stopped", "clock",
    "case_moment", "case_day", "closing_minute",
)  # fmt: skip
"""The working tables with facts for all rules, in the order in which they are made; each reads those before it."""
OF_THE_COUNTY = ("case_moment", "case_day", "closing_minute")
"""Those of them that tell of every case, whatever the scope."""
OF_FEW_CASES = ("long_step",)
"""Those of them that most cases have no row of."""
LOOK_UP = "set local random_page_cost = 0.2"
"""Pages that few cases are looked up in are in memory: whole tables need not be read for them."""
_WORKING_NAMES = re.compile(rf"\b({'|'.join(WORKING)})\b")
_OF_CASES = re.compile(rf"\b(scope|{'|'.join(set(WORKING) - set(OF_THE_COUNTY))})\b")
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
INDEXES = {
    **dict.fromkeys(("case_version", "path", "clock"), ("unique index on {} (case_id)",)),
    **dict.fromkeys(("long_step", "clock_stopped"), ("index on {} (case_id)",)),
    # The others are for what integrity.after_hours_approval and integrity.batch_closing list.
    "case_moment": (
        "index on {} (case_id)", "index on {} (department, decided_on) where is_after_hours",
        "index on {} (closed_minute) where approver is not null",
    ),
    "case_day": ("unique index on {} (department, date)",),
    "closing_minute": (
        "unique index on {} (minute, approver, department)", "index on {} (department) where closings > 1",
    ),
}  # fmt: skip


def statement(name: str) -> str:
    """The text of one of the engine's SQL files."""
    return (FOLDER / name).read_text("utf-8")


def engine_version() -> str:
    """Content version of the SQL that all rules stand on."""
    paths = [*sorted((FOLDER / "working").glob("*.sql")), *sorted((FOLDER / "sql").glob("*.sql"))]
    return version_of(*(path.read_text("utf-8") for path in paths))


def run_script(connection: Connection, sql: str) -> None:
    """Execute SQL as it stands: no parameters, so that % and : mean themselves; several statements are allowed."""
    connection.exec_driver_sql(sql, execution_options={"no_parameters": True})


def driver(connection: Connection) -> Any:
    """The driver's own connection, for COPY, in the same transaction."""
    return connection.connection.driver_connection


def local_time(moment: datetime) -> datetime:
    """The moment with its time zone; without one it is Asia/Shanghai local time."""
    zone = ZoneInfo(TIME_ZONE)
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def reporting(connection: Connection) -> list[dict[str, Any]]:
    """What departments report at all, those that report any of it: rows of the working table `reporting`."""
    rows = connection.exec_driver_sql(statement("sql/reporting.sql"))
    return [dict(row) for row in rows.mappings()]


def begin(
    connection: Connection,
    as_of: datetime,
    changed_from: int | None = None,
    reported: Sequence[Mapping[str, Any]] | None = None,
    same_day: bool = False,
) -> None:
    """Make the empty working tables; set the run's time and what departments report (looked up if not given).

    `changed_from`: what landed up to that ledger number has not changed since the last complete run. `same_day`: that
    run looked at the same day, so that clocks that count days say the same.
    """
    reported = reporting(connection) if reported is None else reported
    run_script(connection, statement("sql/begin.sql"))
    local = local_time(as_of)
    connection.execute(
        text(
            "insert into run (as_of, as_of_on, changed_from, same_day, is_whole) "
            "values (:as_of, :as_of_on, :changed_from, :same_day, false)"
        ),
        {
            "as_of": local,
            "as_of_on": local.date(),
            "changed_from": changed_from,
            "same_day": same_day,
        },
    )
    connection.execute(
        text("""
            insert into reporting
            select * from jsonb_populate_recordset(null::reporting, cast(:reported as jsonb))
        """),
        {"reported": json.dumps([dict(row) for row in reported])},
    )
    # Otherwise the planner takes the one row of `run` for two thousand, in every cross join.
    run_script(connection, "analyze run; analyze reporting")


def find_changed(connection: Connection) -> None:
    """Fill `changed_case`: the cases of which anything landed after `run.changed_from`."""
    run_script(connection, statement("sql/changed.sql"))


def take_findings(connection: Connection, holds: str = "true") -> None:
    """Fill `open_finding` for the scope, which must be taken before. `holds`: a condition on `case_id` that all of the scope meets."""
    run_script(connection, statement("sql/open_findings.sql").replace("/* holds */", holds))


def take_all(connection: Connection) -> None:
    """Scope: every case. `gather` fills `scope` with them where it is needed."""
    run_script(connection, "update run set is_whole = true")


def take_changed(connection: Connection) -> None:
    """Scope: the cases of `changed_case`, and those for which some clock runs on since the last complete run."""
    run_script(connection, statement("sql/scope_running.sql"))
    run_script(connection, statement("sql/scope_changed.sql"))


def take(connection: Connection, case_ids: Iterable[str]) -> None:
    """Scope: these cases."""
    connection.execute(
        text("insert into scope select unnest(cast(:ids as uuid[]))"), {"ids": list(case_ids)}
    )


def stands_on(sqls: Iterable[str]) -> tuple[str, ...]:
    """The tables of WORKING that these statements read, directly or through others, in order; always `case_version` and `case_place`."""
    found = {"case_version", "case_place"}
    waiting = [*sqls]
    while waiting:
        read = set(_WORKING_NAMES.findall(without_comments(waiting.pop()))) - found
        found |= read
        waiting += [statement(f"working/{name}.sql") for name in read]
    return tuple(name for name in WORKING if name in found)


def is_of_cases(sql: str) -> bool:
    """Whether a rule stands on the cases in scope, so that it can be judged on any part of them."""
    return bool(_OF_CASES.search(without_comments(sql)))


def in_order(rules: Iterable[Rule]) -> list[Rule]:
    """In which order rules are judged: last those that look at a whole county, which sessions do meanwhile."""
    return sorted(rules, key=lambda rule: not is_of_cases(rule.sql))


def without_comments(sql: str) -> str:
    """The statement without what it says of itself."""
    return _COMMENT.sub("", sql)


def gather(
    connection: Connection,
    overrides: Sequence[Override] = (),
    clock: Mapping[str, Parameter] | None = None,
    tables: Sequence[str] = WORKING,
    schema: str | None = None,
) -> list[Place]:
    """Make the tables of WORKING for the cases in scope; returns the places that parameters may differ by.

    `clock`: the clock's parameters, by default those of `clock.yml`. `tables`: only these, as `stands_on` gives them.
    `schema`: where to make them anew to be kept, which the search path must find; by default they are temporary. Raises RuleError when a table cannot be made.
    """
    where: list[Place] = []
    if not connection.scalar(text("select exists (select from scope)")):
        run_script(connection, statement("sql/scope_full.sql"))
    for name in tables:
        try:
            with _county(connection, name), _looked_up(connection, name):
                run_script(connection, working_table(name, schema))
            if name == "case_place":
                where = parameters.places(connection)
                known = parameters.clock_parameters() if clock is None else clock
                parameters.resolve(
                    connection, "clock_parameter", parameters.CLOCK, known, overrides, where
                )
        except SQLAlchemyError as failure:
            raise RuleError(
                what_failed(failure), where=f"supervision/working/{name}.sql",
                remedy="no rule was run; mend the data or the file and run again",
            ) from None  # fmt: skip
    return where


@contextmanager
def _county(connection: Connection, name: str) -> Iterator[None]:
    """While the table of moments is made, `county` is every case unless some were chosen: a view, which costs nothing."""
    if name != "case_moment" or connection.scalar(text("select exists (select from county)")):
        yield
        return
    run_script(
        connection,
        'drop table county; create temp view county as select case_id from core."case"',
    )
    yield
    run_script(
        connection, "drop view county; create temp table county (case_id uuid) on commit drop"
    )


@contextmanager
def _looked_up(connection: Connection, name: str) -> Iterator[None]:
    """While a table of few cases is made, what it reads is looked up by index."""
    if name not in OF_FEW_CASES:
        yield
        return
    cost = connection.scalar(text("select current_setting('random_page_cost')"))
    run_script(connection, LOOK_UP)
    yield
    run_script(connection, f"set local random_page_cost = {cost}")


def working_table(name: str, schema: str | None = None) -> str:
    """What makes one working table from its SELECT: a temporary one, or one that is kept in that schema."""
    select = statement(f"working/{name}.sql")
    where, kind, until = (
        # Nothing that was only inserted needs a vacuum.
        (f"{schema}.{name}", "unlogged", " with (autovacuum_vacuum_insert_threshold = -1)")
        if schema
        else (name, "temp", " on commit drop")
    )
    if name == "case_version":
        # In the order in which others look it up. Kept apart from the SELECT, whose joins are not to be planned by it.
        select = f"select * from (\n{select}\noffset 0) made order by case_id"  # noqa: S608 (the engine's own)
    return (
        f"drop table if exists {schema or 'pg_temp'}.{name}; create {kind} table {where}{until} as\n{select};\n"
        f"{indexes(name, where)} analyze {where}"
    )


def indexes(name: str, table: str) -> str:
    """What makes the indexes that a working table is looked up by."""
    return " ".join(f"create {index.format(table)};" for index in INDEXES.get(name, ()))


def what_failed(failure: Exception) -> str:
    """The database's own words, without statement, parameters or values, and with anything like an identity hidden."""
    diagnosis = getattr(getattr(failure, "orig", failure), "diag", None)
    message = str(getattr(diagnosis, "message_primary", None) or type(failure).__name__)
    if str(getattr(diagnosis, "sqlstate", None) or "").startswith(DATA_EXCEPTION):
        message = re.sub(r'"[^"]*"', '"…"', message)
    return mask_message(message)
