"""Working tables of a quality checkpoint: the rows of one moment, facts about departments, and what SQL counts in them.

What is expected comes as SQL of our own content; nothing here knows an expectation by name.
"""

# ruff: noqa: S608 (statements are made of our own content; values are binds)

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import DBAPIError

from hub.core.entities import ENTITIES

Row = dict[str, Any]
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
            rows = connection.execute(plain(select)).all()
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


def plain(sql: str) -> TextClause:
    """SQL of our own content, whose colons (casts, times of day) are no binds; a bind is `:name` in lower case."""
    return text(re.sub(r"::|:(?![a-z_]+\b)", lambda found: found[0].replace(":", r"\:"), sql))


def quoted(names: Iterable[str]) -> str:
    """Texts as a list of SQL literals."""
    return ", ".join("'" + name.replace("'", "''") + "'" for name in names)
