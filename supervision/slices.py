"""Judging in several sessions at once, each over its slice of the cases; the run's own session keeps the findings.

The sessions read one snapshot of the warehouse, the run's. Each makes the working tables for its slice of the scope (by a
hash of the case) and judges the rules on it; rules whose subjects are no cases are judged whole, by the first session
alone. What they say is copied into the run's `judgement` and `judgement_count`.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from hub.core.errors import RuleError
from supervision import evaluation, parameters, preparation
from supervision.parameters import Override, Place
from supervision.preparation import run_script, what_failed
from supervision.rulebook import Rule

SESSIONS = min(4, os.cpu_count() or 1)
WORTH_IT = 20_000
"""Cases in scope from which several sessions are faster than one."""

_JUDGED = (
    "judgement (subject, case_id, department, power_code, outcome, facts, limit_value, limit_unit, elapsed, due_on, "
    "reason)",
    "judgement_count (department, outcome, reason, subjects)",
)
_OF_CASES = re.compile(rf"\b(scope|{'|'.join(preparation.WORKING)})\b")
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)

T = TypeVar("T")


@contextmanager
def sliced(warehouse: Engine, sessions: int = SESSIONS) -> Iterator[evaluation.Engine]:
    """An engine for `evaluate` that judges in that many sessions of the warehouse, where the scope is worth it."""
    with ExitStack() as stack:
        judges = _Judges(warehouse, sessions, stack)
        yield evaluation.Engine(judges.gather, judges.judge)


@cache
def is_sliced(sql: str) -> bool:
    """Whether a rule stands on the cases in scope, so that each session can judge its own."""
    return bool(_OF_CASES.search(_COMMENT.sub("", sql)))


class _Judges:
    def __init__(self, warehouse: Engine, sessions: int, stack: ExitStack) -> None:
        self.warehouse, self.sessions, self.stack = warehouse, sessions, stack
        self.connections: list[Connection] = []
        self.overrides: Sequence[Override] = ()
        self.where: list[list[Place]] = []

    def gather(self, run: Connection, overrides: Sequence[Override]) -> list[Place]:
        cases = int(run.scalar(text("select count(*) from scope")) or 0)
        if self.sessions < 2 or cases < WORTH_IT:
            return preparation.gather(run, overrides)
        self.overrides = overrides
        self._open(run)
        began = run.execute(text("select as_of, ledger_from from run")).one()
        reported = [dict(row) for row in run.execute(text("select * from reporting")).mappings()]
        slices = [_out(run, _slice(number, self.sessions)) for number in range(self.sessions)]

        def prepare(number: int) -> list[Place]:
            session = self.connections[number]
            preparation.begin(session, began.as_of, began.ledger_from, reported)
            _into(session, "scope (case_id)", slices[number])
            run_script(session, "analyze scope")
            return preparation.gather(session, overrides)

        self.where = self._each(prepare)
        return list({place: None for places in self.where for place in places})

    def judge(self, run: Connection, rule: Rule) -> None:
        if not self.connections:
            return evaluation.judge(run, rule)
        run_script(run, "delete from judgement; delete from judgement_count")

        def judged(number: int) -> dict[str, bytes]:
            session = self.connections[number]
            if number > 0 and not is_sliced(rule.sql):
                return {}
            with session.begin_nested():
                evaluation.set_current(session, rule)
                parameters.resolve(
                    session,
                    "parameter",
                    rule.id,
                    rule.spec.parameters,
                    self.overrides,
                    self.where[number],
                )
                evaluation.judge(session, rule)
                return {table: _out(session, table) for table in _JUDGED}

        for found in self._each(judged):
            for table, rows in found.items():
                _into(run, table, rows)
        return None

    def _open(self, run: Connection) -> None:
        snapshot = run.scalar(text("select pg_export_snapshot()"))
        still = self.warehouse.execution_options(isolation_level="REPEATABLE READ")
        pool = self.stack.enter_context(ThreadPoolExecutor(self.sessions, "judge"))
        self.pool = pool
        for _ in range(self.sessions):
            session = self.stack.enter_context(still.connect())
            session.exec_driver_sql(f"set transaction snapshot '{snapshot}'")
            self.connections.append(session)

    def _each(self, work: Callable[[int], T]) -> list[T]:
        """The work of all sessions at once. The first failure is raised when all have ended."""
        waiting = [self.pool.submit(work, number) for number in range(len(self.connections))]
        failures = [one.exception() for one in waiting]
        for failure in failures:
            if isinstance(failure, SQLAlchemyError):
                raise RuleError(what_failed(failure)) from None
            if failure is not None:
                raise failure
        return [one.result() for one in waiting]


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _slice(number: int, of: int) -> str:
    """The query of one slice of the scope; hashing alone decides, so that slices are of one size."""
    return f"(select case_id from scope where mod(abs(hashtext(case_id::text)::bigint), {of}) = {number})"  # noqa: S608


def _out(session: Connection, what: str) -> bytes:
    rows = io.BytesIO()
    with (
        _driver(session).cursor() as cursor,
        cursor.copy(f"copy {what} to stdout (format binary)") as copy,
    ):
        for part in copy:
            rows.write(part)
    return rows.getvalue()


def _into(session: Connection, table: str, rows: bytes) -> None:
    with (
        _driver(session).cursor() as cursor,
        cursor.copy(f"copy {table} from stdin (format binary)") as copy,
    ):
        copy.write(rows)
