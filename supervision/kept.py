"""Working tables that are kept from run to run, so that a run makes them anew only for cases of which something is new.

They lie in schemas `working_1`, `working_2` … of the warehouse, one for each session that judges, each with the cases of
its slice. They are unlogged: after a crash of the server they are empty, their `state` too, and are made anew. Their
`state` says what they rest on; where that is no longer so, or a run is to be made anew, they are made anew as well.
"""

# ruff: noqa: S608 (statements are made of names and conditions of ours)

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, text

from hub.core.fingerprints import version_of
from supervision import parameters, preparation
from supervision.parameters import Override
from supervision.preparation import KEYS, OF_THE_COUNTY, WORKING, local_time, run_script, statement

SLICES = 4
"""So many schemas there are: `working_1` and on."""
KEPT = tuple(name for name in WORKING if name != "clock_window")
"""All but what only other working tables read."""
_OF_A_CASE = tuple(name for name in KEPT if name != "variant")
_VARIANT_KEY = ("power_code", "version", "steps")


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
    def of_the_clock(self) -> list[Override]:
        """The clock's own parameters: the working tables read no others."""
        return [each for each in self.overrides if each.rule_id == parameters.CLOCK]

    @property
    def version(self) -> str:
        """Content version of all that the tables are made from, but for what departments report and the time."""
        return version_of(
            preparation.engine_version(),
            self.versions["catalogue"],
            self.versions["calendar"],
            json.dumps(parameters.as_records(self.of_the_clock)),
        )


@dataclass(frozen=True, slots=True)
class Slice:
    """One of `of` parts of the county, by a hash of the case; `number` counts from 1."""

    number: int
    of: int

    @property
    def schema(self) -> str:
        return f"working_{self.number}"

    @property
    def holds(self) -> str:
        """The condition on `case_id`. The hash alone decides, so that slices are of one size."""
        return f"mod(abs(hashtext(case_id::text)::bigint), {self.of}) = {self.number - 1}"


def bring_up(session: Connection, part: Slice, basis: Basis) -> None:
    """Bring the kept tables of a slice up to date with the warehouse, in a transaction of their own, which is committed.

    The caller sees to it that one does so at a time. Raises RuleError when a table cannot be made.
    """
    state = _state(session, part)
    ledger_to = session.scalar(text("select coalesce(max(ledger_no), 0) from ops.batch"))
    if state and not basis.anew and _still_good(state, part, basis, ledger_to):
        since = state.as_of.astimezone(local_time(basis.as_of).tzinfo)
        if ledger_to == state.ledger_no and since == local_time(basis.as_of):
            session.rollback()
            return
        _refresh(session, part, basis, state.ledger_no, _same_day(since, basis))
    else:
        _make(session, part, basis)
    run_script(session, f"delete from {part.schema}.state")
    session.execute(
        text(f"insert into {part.schema}.state values (:version, :slices, :ledger_no, :as_of)"),
        {
            "version": basis.version,
            "slices": part.of,
            "ledger_no": ledger_to,
            "as_of": local_time(basis.as_of),
        },
    )
    session.commit()


def look_at(session: Connection, parts: Sequence[Slice], own: Slice) -> None:
    """Let the session's statements find the kept tables of its slice under their names, and of the county where a table
    is of the county. Lasts as long as its transaction."""
    for name in OF_THE_COUNTY:
        rows = " union all ".join(f"select * from {part.schema}.{name}" for part in parts)
        run_script(session, f"create temp view {name} as {rows}")
    run_script(session, f"set local search_path = {own.schema}, public")


def look_at_scope(session: Connection, tables: Collection[str]) -> None:
    """After `look_at`: of these tables only the rows of cases in scope, as temporary tables."""
    for name in _OF_A_CASE:
        if name in tables and name not in OF_THE_COUNTY:
            run_script(
                session,
                f"create temp table {name} on commit drop as "
                f"select kept.* from {name} kept join scope on scope.case_id = kept.case_id; "
                f"{_index(name)} analyze {name}",
            )


def _state(session: Connection, part: Slice) -> Row[tuple[str, int, int, datetime]] | None:
    run_script(
        session,
        f"create unlogged table if not exists {part.schema}.state "
        "(version text, slices int, ledger_no bigint, as_of timestamptz)",
    )
    return session.execute(text(f"select * from {part.schema}.state")).one_or_none()


def _still_good(
    state: Row[tuple[str, int, int, datetime]], part: Slice, basis: Basis, ledger_to: int
) -> bool:
    now = local_time(basis.as_of)
    since = state.as_of.astimezone(now.tzinfo)
    return (
        (state.version, state.slices) == (basis.version, part.of)
        and since <= now
        and state.ledger_no <= ledger_to
        and not parameters.differ(basis.of_the_clock, since.date(), now.date())
    )


def _same_day(since: datetime, basis: Basis) -> bool:
    return since.date() == local_time(basis.as_of).date() and not parameters.counts_parts_of_days(
        basis.overrides
    )


def _make(session: Connection, part: Slice, basis: Basis) -> None:
    """All of the slice anew."""
    preparation.begin(session, basis.as_of, reported=[])
    run_script(
        session,
        f'insert into scope select case_id from core."case" where {part.holds}; analyze scope; '
        "insert into county select case_id from scope; analyze county",
    )
    preparation.gather(session, basis.overrides, tables=WORKING)
    for name in KEPT:
        run_script(
            session,
            f"drop table if exists {part.schema}.{name}; "
            f"create unlogged table {part.schema}.{name} as select * from pg_temp.{name}; "
            + _index(name, part.schema)
            + f"analyze {part.schema}.{name}",
        )


def _refresh(
    session: Connection, part: Slice, basis: Basis, ledger_no: int, same_day: bool
) -> None:
    """Those of the slice anew of which anything has landed since, or of which the time makes something else."""
    preparation.begin(session, basis.as_of, ledger_no, [], same_day)
    preparation.find_changed(session)
    run_script(session, statement("sql/stale.sql").replace("{kept}", part.schema))
    run_script(
        session,
        f"delete from scope where not ({part.holds}); analyze scope; "
        "insert into county select case_id from scope; analyze county",
    )
    if not session.scalar(text("select exists (select from scope)")):
        return
    preparation.gather(session, basis.overrides, tables=WORKING)
    for name in _OF_A_CASE:
        run_script(
            session,
            f"delete from {part.schema}.{name} kept using scope where scope.case_id = kept.case_id; "
            f"insert into {part.schema}.{name} select * from pg_temp.{name}",
        )
    same = " and ".join(f"kept.{column} = made.{column}" for column in _VARIANT_KEY)
    run_script(
        session,
        f"insert into {part.schema}.variant select * from pg_temp.variant made "
        f"where not exists (select from {part.schema}.variant kept where {same})",
    )


def _index(name: str, schema: str = "") -> str:
    """What a table is looked up by: the case, though not each of them has but one row for it."""
    if name not in _OF_A_CASE:
        return ""
    where = f"{schema}.{name}" if schema else name
    made = f"create {'unique ' if name in KEYS else ''}index on {where} (case_id);"
    if name == "case_moment":  # what integrity.after_hours_approval lists
        made += f"create index on {where} (department, decided_on) where is_after_hours;"
    return made
