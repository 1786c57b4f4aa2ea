"""Working tables that are kept from run to run, so that a run makes them anew only for cases of which something is new.

They lie in schemas of the warehouse: `working_1`, `working_2` …, one for each session that judges, each with the cases of
its slice; and `working_0` with what tells of the whole county. They are unlogged: after a crash of the server they are empty,
their `state` too, and are made anew. The state says what they rest on; where that is no longer so, or a run trusts nothing,
they are made anew as well.
"""

# ruff: noqa: S608 (statements are made of names and conditions of ours)

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, text

from hub.core.fingerprints import version_of
from supervision import parameters, preparation
from supervision.parameters import Override
from supervision.preparation import (
    LOOK_UP,
    OF_THE_COUNTY,
    WORKING,
    indexes,
    local_time,
    run_script,
    statement,
    working_table,
)

SLICES = 4
"""So many there can be: the schemas `working_1` and on."""
OF_CASES = tuple(name for name in WORKING if name not in OF_THE_COUNTY)
_IN_BETWEEN = ("clock_window",)  # which only other working tables read: it is not kept
_KINDS = ("case_place", "flow_step", "variant")  # of which each is kept once, with or without cases
_READ_BY_MOST = ("case_version", "case_place", "path")
_TALLIES = {
    "case_day": (
        ("department", "date"),
        ("accepted", "decided", "approvals", "after_hours", "closed", "signed"),
    ),
    "closing_minute": (("minute", "approver", "department"), ("closings",)),
}
"""What is counted over the county: by what, and which columns are sums."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a run stands on, as far as the working tables depend on it.

    `versions`: of the releases, catalogue and calendar among them. `anew`: trust nothing that was kept.
    """

    as_of: datetime
    versions: Mapping[str, str]
    overrides: Sequence[Override]
    anew: bool

    @property
    def now(self) -> datetime:
        """`as_of` with its time zone."""
        return local_time(self.as_of)

    @property
    def of_the_clock(self) -> list[Override]:
        """The clock's own parameters: the working tables read no others."""
        return [each for each in self.overrides if each.rule_id == parameters.CLOCK]

    @property
    def version(self) -> str:
        """Content version of all that the tables are made from, but for the records and the time."""
        return version_of(
            preparation.engine_version(),
            self.versions["catalogue"],
            self.versions["calendar"],
            json.dumps(parameters.as_records(self.of_the_clock)),
        )


@dataclass(frozen=True, slots=True)
class Part:
    """Kept tables that are brought up to date together. `number` 0: of the county; else of one of `of` slices of it."""

    number: int
    of: int

    @property
    def schema(self) -> str:
        return f"working_{self.number}"

    @property
    def makes(self) -> tuple[str, ...]:
        """Its tables, and those that they are made from."""
        return OF_CASES if self.number else OF_THE_COUNTY

    @property
    def holds(self) -> str:
        """The condition on `case_id`: a range, which its index finds. Ids are hashes, so that slices are of about one size."""
        if self.of == 1 or not self.number:
            return "true"
        begins, ends = (
            uuid.UUID(int=at * 2**128 // self.of % 2**128) for at in (self.number - 1, self.number)
        )
        below = "true" if self.number == self.of else f"case_id < '{ends}'"
        return f"case_id >= '{begins}' and {below}"


_State = Row[tuple[str, int, int, datetime]]
"""What a part rests on: version, number of slices, end of the ledger, time of the run."""


def bring_up(session: Connection, part: Part, basis: Basis) -> None:
    """Bring a part up to date with the warehouse, in a transaction of its own, which is committed.

    The caller sees to it that one does so at a time. Raises RuleError when a table cannot be made.
    """
    state = _state(session, part)
    ledger_to = int(session.scalar(text("select coalesce(max(ledger_no), 0) from ops.batch")) or 0)
    if state is None or basis.anew or not _holds_good(state, part, basis, ledger_to):
        _make(session, part, basis)
    elif (ledger_to, basis.now) == (state.ledger_no, state.as_of):
        session.rollback()
        return
    else:
        _refresh(session, part, basis, state)
    run_script(session, f"delete from {part.schema}.state")
    session.execute(
        text(f"insert into {part.schema}.state values (:version, :slices, :ledger_no, :as_of)"),
        {
            "version": basis.version,
            "slices": part.of,
            "ledger_no": ledger_to,
            "as_of": basis.now,
        },
    )
    session.commit()


def look_at(session: Connection, own: Part) -> None:
    """Let the session's statements find the kept tables of its slice and of the county under their names, and as scope all
    cases of its slice. Lasts as long as its transaction."""
    run_script(session, f"{_all_of(own)}; set local search_path = {own.schema}, working_0, public")


def _all_of(part: Part) -> str:
    """What makes `scope` all cases of a slice: a view, which costs nothing."""
    return f'drop table scope; create temp view scope as select case_id from core."case" where {part.holds}'


def look_at_scope(session: Connection, slices: Sequence[Part], tables: Collection[str]) -> None:
    """Let them find the kept tables of the county, and of these tables the rows of the cases in scope, from those slices.

    What most rules read is copied; the rest is looked up by each that asks.
    """
    run_script(session, f"analyze scope; {LOOK_UP}")
    for name in (name for name in OF_CASES if name in tables and name not in _IN_BETWEEN):
        if name in _KINDS:
            rows = " union ".join(f"select * from {part.schema}.{name}" for part in slices)
        else:
            rows = " union all ".join(
                f"select kept.* from {part.schema}.{name} kept "
                f"join (select case_id from scope where {part.holds}) own on own.case_id = kept.case_id"
                for part in slices
            )
        run_script(
            session,
            f"create temp table {name} on commit drop as {rows}; {indexes(name, name)} analyze {name}"
            if name in _READ_BY_MOST
            else f"create temp view {name} as {rows}",
        )
    run_script(session, "set local search_path = working_0, public")


def _state(session: Connection, part: Part) -> _State | None:
    run_script(
        session,
        f"create unlogged table if not exists {part.schema}.state "
        "(version text, slices int, ledger_no bigint, as_of timestamptz)",
    )
    return session.execute(text(f"select * from {part.schema}.state")).one_or_none()


def _holds_good(state: _State, part: Part, basis: Basis, ledger_to: int) -> bool:
    since = state.as_of.astimezone(basis.now.tzinfo)
    return (
        (state.version, state.slices) == (basis.version, part.of)
        and since <= basis.now
        and state.ledger_no <= ledger_to
        and not parameters.differ(basis.of_the_clock, since.date(), basis.now.date())
    )


def _make(session: Connection, part: Part, basis: Basis) -> None:
    """The whole part anew."""
    preparation.begin(session, basis.as_of, reported=[])
    run_script(session, f"set local search_path = {part.schema}, public")
    if part.number:
        run_script(session, _all_of(part))
    preparation.gather(session, basis.overrides, tables=part.makes, schema=part.schema)
    if part.number:
        run_script(session, "drop view scope")
    for name in _IN_BETWEEN:
        run_script(session, f"drop table if exists {part.schema}.{name}")


def _refresh(session: Connection, part: Part, basis: Basis, state: _State) -> None:
    """Anew what is known of cases of which anything has landed since, or of which the time makes something else."""
    since = state.as_of.astimezone(basis.now.tzinfo)
    same_day = since.date() == basis.now.date() and not parameters.counts_parts_of_days(
        basis.overrides
    )
    preparation.begin(session, basis.as_of, state.ledger_no, [], same_day)
    run_script(session, LOOK_UP)
    preparation.find_changed(session)
    if part.number:
        run_script(session, statement("sql/scope_running.sql"))
        run_script(session, statement("sql/stale.sql").replace("{kept}", part.schema))
        run_script(session, f"delete from scope where not ({part.holds}); analyze scope")
    else:
        run_script(session, "insert into scope select case_id from changed_case; analyze scope")
    if not session.scalar(text("select exists (select from scope)")):
        return
    if not part.number:
        run_script(session, "insert into county select case_id from scope; analyze county")
        _take_out(session, part)
    preparation.gather(session, basis.overrides, tables=part.makes)
    for name in part.makes:
        if name in _IN_BETWEEN:
            continue
        if name in _TALLIES:
            _add(session, part, name)
        elif name in _KINDS:
            run_script(
                session,
                f"insert into {part.schema}.{name} select * from pg_temp.{name} "
                f"except select * from {part.schema}.{name}",
            )
        else:
            run_script(
                session,
                f"delete from {part.schema}.{name} kept using scope where scope.case_id = kept.case_id; "
                f"insert into {part.schema}.{name} select * from pg_temp.{name}",
            )


def _take_out(session: Connection, part: Part) -> None:
    """Note what the cases in scope have counted until now, as `before_…` tables."""
    run_script(
        session,
        f"create temp table case_moment on commit drop as select kept.* from {part.schema}.case_moment kept "
        "join scope on scope.case_id = kept.case_id",
    )
    for name in _TALLIES:
        run_script(session, working_table(name))
        run_script(session, f"alter table pg_temp.{name} rename to before_{name}")


def _add(session: Connection, part: Part, name: str) -> None:
    """Add to a count what cases count now, less what they counted before."""
    keys, sums = _TALLIES[name]
    by = ", ".join(keys)
    changed = ", ".join(f"sum({each}) as {each}" for each in sums)
    run_script(
        session,
        f"""
        insert into {part.schema}.{name} as kept ({by}, {", ".join(sums)})
        select {by}, {changed}
        from (
            select {by}, {", ".join(sums)} from pg_temp.{name}
            union all
            select {by}, {", ".join(f"-{each}" for each in sums)} from pg_temp.before_{name}
        ) both_ways
        group by {by}
        having {" or ".join(f"sum({each}) <> 0" for each in sums)}
        on conflict ({by}) do update set {", ".join(f"{each} = kept.{each} + excluded.{each}" for each in sums)}
        """,
    )
