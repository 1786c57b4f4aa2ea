"""Judging in several sessions at once, each over its slice of the cases; the run's own session keeps the findings.

The sessions read one snapshot of the warehouse, the run's. Each makes the working tables for its slice of the scope (by a
hash of the case) and judges the rules on it, a few rules ahead of the run; rules whose subjects are no cases are judged
whole, by one session each. What they say is copied into the run's `judgement` and `judgement_count`.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from hub.core.errors import RuleError
from supervision import evaluation, parameters, preparation
from supervision.parameters import Override, Place
from supervision.preparation import run_script, what_failed, without_comments
from supervision.rulebook import Rule

SESSIONS = min(4, os.cpu_count() or 1)
WORTH_IT = 20_000
"""Cases in scope from which several sessions are faster than one."""
COUNTY_WORTH_IT = 200_000
"""The same for all cases there are: rules whose subjects are no cases read every one of them, whatever the scope."""
AHEAD = 8
"""Rules that a session may have judged before their findings are kept: it need not wait, and memory stays bounded."""

_JUDGED = (
    "judgement (subject, case_id, department, power_code, outcome, facts, limit_value, limit_unit, elapsed, due_on, "
    "reason)",
    "judgement_count (department, outcome, reason, subjects)",
)
_OF_CASES = re.compile(rf"\b(scope|{'|'.join(preparation.WORKING)})\b")

T = TypeVar("T")
_Found = dict[str, bytes]
"""By table of _JUDGED, the rows as COPY writes them."""


@contextmanager
def sliced(
    warehouse: Engine, rules: Sequence[Rule], sessions: int = SESSIONS
) -> Iterator[evaluation.Engine]:
    """An engine for `evaluate` that judges in that many sessions of the warehouse, where the scope is worth it.

    `rules`: those that will be judged, in their order; the active ones count.
    """
    with ExitStack() as stack:
        active = [rule for rule in rules if rule.status == "active"]
        judges = _Judges(warehouse, active, sessions, stack)
        yield evaluation.Engine(judges.gather, judges.judge)


@cache
def is_sliced(sql: str) -> bool:
    """Whether a rule stands on the cases in scope, so that each session can judge its own."""
    return bool(_OF_CASES.search(without_comments(sql)))


class _Judges:
    def __init__(
        self, warehouse: Engine, rules: Sequence[Rule], sessions: int, stack: ExitStack
    ) -> None:
        self.warehouse, self.rules, self.sessions, self.stack = warehouse, rules, sessions, stack
        self.tables = preparation.stands_on(rule.sql for rule in rules)
        self.order = {rule.id: number for number, rule in enumerate(rules)}
        self.connections: list[Connection] = []
        self.threads: list[ThreadPoolExecutor] = []
        self.ahead: dict[str, list[Future[_Found]]] = {}
        self.overrides: Sequence[Override] = ()
        self.where: list[list[Place]] = []

    def gather(self, run: Connection, overrides: Sequence[Override]) -> list[Place]:
        if self.sessions < 2 or not _worth_it(run):
            return preparation.gather(run, overrides, tables=self.tables)
        self.overrides = overrides
        self._open(run)
        as_of = run.scalar(text("select as_of from run"))
        reported = [dict(row) for row in run.execute(text("select * from reporting")).mappings()]
        slices = [_out(run, _slice(number, self.sessions)) for number in range(self.sessions)]

        def prepare(number: int) -> list[Place]:
            session = self.connections[number]
            preparation.begin(session, as_of, reported=reported)
            _into(session, "scope (case_id)", slices[number])
            run_script(session, "analyze scope")
            return preparation.gather(session, overrides, tables=self.tables)

        self.where = _results(
            [thread.submit(prepare, number) for number, thread in enumerate(self.threads)]
        )
        return list({place: None for places in self.where for place in places})

    def judge(self, run: Connection, rule: Rule) -> None:
        if not self.connections:
            return evaluation.judge(run, rule)
        run_script(run, "truncate judgement, judgement_count")
        at = self.order[rule.id]
        for following in self.rules[at : at + AHEAD]:
            if following.id not in self.ahead:
                self.ahead[following.id] = [
                    self.threads[number].submit(self._judged, number, following)
                    for number in self._who(following)
                ]
        for found in _results(self.ahead[rule.id]):
            for table, rows in found.items():
                _into(run, table, rows)
        self.ahead[rule.id] = []
        return None

    def _who(self, rule: Rule) -> Sequence[int]:
        """The sessions that judge the rule."""
        if is_sliced(rule.sql):
            return range(self.sessions)
        return [self.order[rule.id] % self.sessions]

    def _judged(self, number: int, rule: Rule) -> _Found:
        session = self.connections[number]
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

    def _open(self, run: Connection) -> None:
        snapshot = run.scalar(text("select pg_export_snapshot()"))
        still = self.warehouse.execution_options(isolation_level="REPEATABLE READ")
        for _ in range(self.sessions):
            session = self.stack.enter_context(still.connect())
            session.exec_driver_sql(f"set transaction snapshot '{snapshot}'")
            self.connections.append(session)
        for _ in range(self.sessions):
            thread = ThreadPoolExecutor(1, "judge")
            self.stack.callback(thread.shutdown, cancel_futures=True)
            self.threads.append(thread)


def _worth_it(run: Connection) -> bool:
    in_scope, in_county = run.execute(
        text("""
            select (select count(*) from scope), (select reltuples from pg_class where oid = 'core."case"'::regclass)
        """)
    ).one()
    return bool(in_scope >= WORTH_IT or in_county >= COUNTY_WORTH_IT)


def _results(waiting: Sequence[Future[T]]) -> list[T]:
    """What all sessions found. The first failure is raised when all have ended."""
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
