"""Judging in several sessions at once, each over its slice of the cases; the run's own session keeps the findings.

Before the run looks at anything, the kept working tables are brought up to date (`kept`), each slice by its session. Then all
read one snapshot of the warehouse, the run's, and judge the rules on those tables, a few rules ahead of the run. Rules whose
subjects are no cases are judged whole, by the session that is free; and so are all rules where few cases are in scope. What
they say is copied into the run's `judgement` and `judgement_count`.
"""

# ruff: noqa: S608 (statements are made of conditions of ours)

from __future__ import annotations

import io
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from hub.core.errors import RuleError
from hub.core.ledger import LEDGER_LOCK
from supervision import evaluation, kept, parameters, preparation
from supervision.kept import Basis, Part
from supervision.parameters import Override, Place
from supervision.preparation import driver, is_of_cases, run_script, what_failed
from supervision.rulebook import Rule

SESSIONS = min(kept.SLICES, os.cpu_count() or 1)
WORTH_IT = 20_000
"""Cases in the county from which several sessions with kept tables are faster than one without."""
AHEAD = 8
"""Rules that a session may have judged before their findings are kept: it need not wait, and memory stays bounded."""
FEW = 50_000
"""Cases in scope up to which a rule is not worth two sessions: each then judges other rules, on all of these cases."""

_JUDGED = (
    "judgement (subject, case_id, department, power_code, outcome, facts, limit_value, limit_unit, elapsed, due_on, "
    "reason)",
    "judgement_count (department, outcome, reason, subjects)",
)
T = TypeVar("T")
_Found = dict[str, bytes]
"""By table of _JUDGED, the rows as COPY writes them."""


@contextmanager
def sliced(
    warehouse: Engine, rules: Sequence[Rule], sessions: int = SESSIONS
) -> Iterator[evaluation.Engine]:
    """An engine for `evaluate` that judges in that many sessions of the warehouse, where the county is worth it.

    `rules`: those that will be judged, in their order; the active ones count.
    """
    with ExitStack() as stack:
        active = [rule for rule in rules if rule.status == "active"]
        judges = _Judges(warehouse, active, sessions, stack)
        yield evaluation.Engine(judges.gather, judges.judge, judges.take_findings, judges.before)


class _Judges:
    def __init__(
        self, warehouse: Engine, rules: Sequence[Rule], sessions: int, stack: ExitStack
    ) -> None:
        self.warehouse, self.rules, self.stack = warehouse, preparation.in_order(rules), stack
        self.tables = preparation.stands_on(rule.sql for rule in rules)
        self.slices = [Part(number, sessions) for number in range(1, sessions + 1)]
        self.connections: list[Connection] = []
        self.threads: list[ThreadPoolExecutor] = []
        self.holds: list[str] = []
        self.sliced: list[Rule] = []
        self.asked = 0
        self.whole: deque[tuple[Rule, Future[_Found]]] = deque()
        self.found: dict[str, list[Future[_Found]]] = {}
        self.overrides: Sequence[Override] = ()
        self.where: list[Place] = []

    def before(self, run: Connection, basis: Basis) -> None:
        """Bring the kept tables up to date and let the run see just that state of the warehouse.

        What lands while they are made is made good while the ledger stands still, which is short.
        """
        if len(self.slices) < 2 or not _worth_it(self.warehouse):
            return
        still = self.warehouse.execution_options(isolation_level="REPEATABLE READ")
        parts = [*self.slices, Part(0, len(self.slices))]
        with still.connect() as of_the_county:
            self.connections = [self.stack.enter_context(still.connect()) for _ in self.slices]
            self.threads = [ThreadPoolExecutor(1, "judge") for _ in parts]
            for thread in self.threads:
                self.stack.callback(thread.shutdown, cancel_futures=True)
            sessions = [*self.connections, of_the_county]

            def bring_up(basis: Basis) -> None:
                self._in_each(lambda no: kept.bring_up(sessions[no], parts[no], basis))

            bring_up(basis)
            with self.warehouse.connect() as ledger:
                ledger.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LEDGER_LOCK})
                bring_up(replace(basis, anew=False))
                snapshot = run.scalar(text("select pg_export_snapshot()"))
        self.threads.pop()
        for session in self.connections:
            session.exec_driver_sql(f"set transaction snapshot '{snapshot}'")

    def gather(self, run: Connection, overrides: Sequence[Override]) -> list[Place]:
        if not self.connections:
            return preparation.gather(run, overrides, tables=self.tables)
        self.overrides = overrides
        as_of, is_whole, cases = run.execute(
            text("select as_of, is_whole, (select count(*) from scope) from run")
        ).one()
        few = not is_whole and cases <= FEW
        self.sliced = [] if few else [rule for rule in self.rules if is_of_cases(rule.sql)]
        self.whole = deque((rule, Future()) for rule in self.rules if rule not in self.sliced)
        self.found = {rule.id: [found] for rule, found in self.whole}
        reported = [dict(row) for row in run.execute(text("select * from reporting")).mappings()]
        self.holds = ["true" if few else part.holds for part in self.slices]
        scopes = [
            b"" if is_whole else _out(run, f"(select case_id from scope where {holds})")
            for holds in self.holds
        ]
        # The sessions see to it that each subject is judged once.
        run_script(run, "alter table judgement drop constraint judgement_pkey")

        def prepare(number: int) -> list[Place]:
            session, own = self.connections[number], self.slices[number]
            preparation.begin(session, as_of, reported=reported)
            if is_whole:
                preparation.take_all(session)
                kept.look_at(session, own)
            else:
                _into(session, "scope (case_id)", scopes[number])
                kept.look_at_scope(session, self.slices if few else [own], self.tables)
            return parameters.places(session)

        self.where = list({place: None for places in self._in_each(prepare) for place in places})
        return self.where

    def take_findings(self, run: Connection) -> None:
        """Each session takes what was found of its cases, and goes on to judge; meanwhile the run takes all of it."""
        taken = [
            thread.submit(preparation.take_findings, session, holds)
            for thread, session, holds in zip(
                self.threads, self.connections, self.holds, strict=True
            )
        ]
        if self.connections:
            self._ask(0)
        preparation.take_findings(run)
        _results(taken)

    def judge(self, run: Connection, rule: Rule) -> None:
        if not self.connections:
            return evaluation.judge(run, rule)
        self._ask(self.sliced.index(rule) if rule in self.sliced else len(self.sliced))
        for found in _results(self.found.pop(rule.id)):
            for table, rows in found.items():
                _into(run, table, rows)
        return None

    def _ask(self, at: int) -> None:
        """Have the sessions judge the rule in that place and those ahead of it; the whole ones when all others are asked for."""
        for following in self.sliced[self.asked : at + AHEAD]:
            self.found[following.id] = [
                thread.submit(self._judged, number, following)
                for number, thread in enumerate(self.threads)
            ]
            self.asked += 1
        if self.asked == len(self.sliced):
            self.asked += 1  # once
            for number, thread in enumerate(self.threads):
                thread.submit(self._judge_whole, number)

    def _judge_whole(self, number: int) -> None:
        """Judge one after the other of the whole rules that no other session has taken.

        One session begins with the last, which look at a whole county and take longest; the others keep the run supplied.
        """
        following = self.whole.popleft if number else self.whole.pop
        while True:
            try:
                rule, found = following()
            except IndexError:
                return
            try:
                found.set_result(self._judged(number, rule))
            except Exception as failure:
                found.set_exception(failure)

    def _judged(self, number: int, rule: Rule) -> _Found:
        session = self.connections[number]
        evaluation.set_current(session, rule)
        with session.begin_nested():
            parameters.resolve(
                session, "parameter", rule.id, rule.spec.parameters, self.overrides, self.where
            )
            evaluation.judge(session, rule)
            return {table: _out(session, table) for table in _JUDGED}

    def _in_each(self, work: Callable[[int], T]) -> list[T]:
        """What that says for each session, done by all of them at once."""
        return _results([thread.submit(work, no) for no, thread in enumerate(self.threads)])


def _worth_it(warehouse: Engine) -> bool:
    """By what the server knows of the table's size: none is counted."""
    with warehouse.connect() as connection:
        known = connection.scalar(
            text("select reltuples from pg_class where oid = 'core.\"case\"'::regclass")
        )
    return bool(known >= WORTH_IT)


def _results(waiting: Sequence[Future[T]]) -> list[T]:
    """What all sessions found. The first failure is raised when all have ended."""
    failures = [one.exception() for one in waiting]
    for failure in failures:
        if isinstance(failure, SQLAlchemyError):
            raise RuleError(what_failed(failure)) from None
        if failure is not None:
            raise failure
    return [one.result() for one in waiting]


def _out(session: Connection, what: str) -> bytes:
    rows = io.BytesIO()
    with (
        driver(session).cursor() as cursor,
        cursor.copy(f"copy {what} to stdout (format binary)") as copy,
    ):
        for part in copy:
            rows.write(part)
    return rows.getvalue()


def _into(session: Connection, table: str, rows: bytes) -> None:
    with (
        driver(session).cursor() as cursor,
        cursor.copy(f"copy {table} from stdin (format binary)") as copy,
    ):
        copy.write(rows)
