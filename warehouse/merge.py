"""Set-based merge of staged rows into core, every earlier version going to history first.

Only rows that differ are touched: `batch_id` of a core row is the batch that last changed it. A dataset writes the
columns that it owns and no others, so the parts of a case may arrive in any order.

A row whose record the source has deleted keeps its last image: where the deleted record says nothing, the values
stay. What becomes of a case with several contributors is decided in `warehouse.cases`.
"""

# ruff: noqa: S608 (statements are made of our own table and column names; values are binds)

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from hub.core.batches import BatchHeader
from hub.core.entities import CASE, ENTITIES, Entity
from warehouse.fingerprints import LaneSums, lane_sums, qualified, quoted, row_hash
from warehouse.stage import columns, key_names, table
from warehouse.tables import lineage_names

# SQL: some living record, of any dataset, contributes to that case.
LIVING = "exists (select from ops.record r where r.case_id = {case} and not r.deleted)"

_LINEAGE = {
    "department": ":department",
    "dataset": ":dataset",
    "record_key": "s._key",
    "source_version": "s._version",
    "batch_id": "cast(:batch as uuid)",
    "raw_row": "s._src",
    "landed_at": "now()",
}


def core(entity: Entity) -> str:
    """The entity's core table in SQL."""
    return f"core.{quoted(entity.name)}"


def same_key(entity: Entity) -> str:
    """SQL: core row `c` and staged row `s` have the same key. Binds :department if the key has it."""
    return " and ".join(
        f"c.{quoted(name)} = s.{quoted(name)}" if name in entity.names else f"c.{name} = :{name}"
        for name in entity.key
    )


def shares_keys(connection: Connection, header: BatchHeader, entity: Entity) -> bool:
    """Whether core holds any row with the key of a staged row, living or not."""
    found = run(
        connection, header,
        f"select exists (select from {table(entity)} s join {core(entity)} c on {same_key(entity)})",
    )  # fmt: skip
    return bool(found.scalar_one())


def insert(
    connection: Connection, header: BatchHeader, entity: Entity, owned: Sequence[str]
) -> None:
    """Insert all staged rows: the short way when core shares no key with them."""
    fresh = _fresh(entity, owned)
    run(
        connection, header,
        f"insert into {core(entity)} ({', '.join(map(quoted, fresh))}) "
        f"select {', '.join(fresh.values())} from {_source(entity)}",
    )  # fmt: skip


def merge(
    connection: Connection, header: BatchHeader, entity: Entity, owned: Sequence[str], gone: bool
) -> None:
    """Merge the entity's staged rows that land. `gone`: whether any of them is of a deleted record."""
    written = [c.name for c in columns(entity, owned) if c.name not in entity.key]
    if gone and written:
        _keep_last_image(connection, header, entity, written)
    source = _source(entity)
    differs = _differs(entity, written)
    remember(connection, header, entity, f"{source} on {same_key(entity)} where {differs}")
    its = {name: f"s.{quoted(name)}" for name in written}
    changes = _LINEAGE | {
        "row_hash": row_hash(entity.columns, qualified(entity.columns, "c") | its),
        "deleted_at": "case when s._dead then coalesce(c.deleted_at, now()) end",
        **its,
    }
    fresh = _fresh(entity, owned)
    run(
        connection,
        header,
        f"merge into {core(entity)} c using {source} on {same_key(entity)} "
        f"when matched and {differs} then update set "
        f"{', '.join(f'{quoted(name)} = {value}' for name, value in changes.items())} "
        f"when not matched then insert ({', '.join(map(quoted, fresh))}) values ({', '.join(fresh.values())})",
    )


def _fresh(entity: Entity, owned: Sequence[str]) -> dict[str, str]:
    """Column → SQL for a core row that nobody reported before: what this dataset does not own is null."""
    own = {column.name: f"s.{quoted(column.name)}" for column in columns(entity, owned)}
    return _LINEAGE | {
        "row_hash": row_hash(entity.columns, own),
        "deleted_at": "case when s._dead then now() end",
        **own,
    }


def _source(entity: Entity) -> str:
    dead = "s._gone"
    if entity.name == CASE.name:
        dead = f"s._gone and not {LIVING.format(case='s.case_id')}"
    return f"(select s.*, {dead} as _dead from {table(entity)} s where s._landed) s"


def _differs(entity: Entity, written: Sequence[str]) -> str:
    mine = ", ".join(f"c.{quoted(name)}" for name in written)
    its = ", ".join(f"s.{quoted(name)}" for name in written)
    tests = ["(c.deleted_at is not null) <> s._dead"]
    if written:
        tests.append(f"row({mine}) is distinct from row({its})")
    if entity.name != CASE.name:
        tests.append("(c.dataset, c.record_key) is distinct from (:dataset, s._key)")
    return f"({' or '.join(tests)})"


def _keep_last_image(
    connection: Connection, header: BatchHeader, entity: Entity, written: Sequence[str]
) -> None:
    kept = ", ".join(f"{quoted(n)} = coalesce(s.{quoted(n)}, c.{quoted(n)})" for n in written)
    run(
        connection, header,
        f"update {table(entity)} s set {kept} from {core(entity)} c "
        f"where {same_key(entity)} and s._gone and s._landed",
    )  # fmt: skip


def landed_sums(
    connection: Connection, header: BatchHeader, entity: Entity, owned: Sequence[str]
) -> LaneSums:
    """The landed side of the proof: fingerprints over keys and owned values, from core, of all staged living rows.

    `offset 0` keeps PostgreSQL from computing each hash once per lane.
    """
    wanted = columns(entity, owned)
    hashed = row_hash(wanted, qualified(wanted, "c"))
    result = run(
        connection, header,
        f"select {lane_sums('hash')} from (select {hashed} as hash from {table(entity)} s "
        f"join {core(entity)} c on {same_key(entity)} where not s._gone offset 0) hashed",
    ).one()  # fmt: skip
    return LaneSums(result[0], tuple(result[1:]))


def bury_children(
    connection: Connection, header: BatchHeader, staged: dict[str, pl.DataFrame], changed: bool
) -> None:
    """Mark as deleted the rows that a landed record reported before and reports no longer.

    `changed`: whether any record that lands was known before; without one there is nothing to bury.
    """
    if not changed:
        return
    for entity in ENTITIES.values():
        if entity.name == CASE.name:
            continue
        doomed = _gone_children(connection, header, entity, entity.name in staged)
        if doomed:
            keys = " and ".join(f"c.{n} = d.{n}" for n in map(quoted, key_names(entity)))
            bury(
                connection, header, entity,
                f"exists (select from {doomed} d where {keys}) and c.department = :department",
            )  # fmt: skip


def _gone_children(
    connection: Connection, header: BatchHeader, entity: Entity, staged: bool
) -> str | None:
    """The temporary table of the keys that landed records reported before and report no longer, or None.

    In two steps, the result being analysed: a first load's core tables have no statistics, and a planner that
    expects six rows where there are a quarter of a million joins them by nested loops.
    """
    names = ", ".join(quoted(name) for name in key_names(entity))
    doomed = f"gone_{entity.name}"
    theirs = ", ".join(f"c.{quoted(name)}" for name in key_names(entity))
    before = (
        f"select {theirs}, record_key from stage_record r join {core(entity)} c using (record_key) "
        "where r.landed and c.department = :department and c.dataset = :dataset "
        "and c.deleted_at is null"
    )
    now = f" except select {names}, _key from {table(entity)} where _landed" if staged else ""
    run(connection, header, f"create temp table {doomed} on commit drop as {before}{now}")
    run(connection, header, f"analyze {doomed}")
    found = run(connection, header, f"select exists (select from {doomed})")
    return doomed if found.scalar_one() else None


def bury(
    connection: Connection, header: BatchHeader, entity: Entity, doomed: str, **binds: Any
) -> None:
    """Mark the core rows `c` of that condition as deleted, their earlier version going to history."""
    remembered = remember(connection, header, entity, f"(select) s on true where {doomed}", **binds)
    if remembered:
        run(
            connection, header,
            f"update {core(entity)} c set deleted_at = now(), landed_at = now(), "
            f"batch_id = cast(:batch as uuid) where {doomed}",
            **binds,
        )  # fmt: skip


def remember(
    connection: Connection, header: BatchHeader, entity: Entity, joined: str, **binds: Any
) -> int:
    """Copy the core rows `c` of that join to history, before they change; returns how many."""
    names = [*lineage_names(), *entity.names]
    copied = run(
        connection, header,
        f"insert into history.{quoted(entity.name)} "
        f"({', '.join(map(quoted, names))}, changed_at, changed_by_batch) "
        f"select {', '.join(f'c.{quoted(name)}' for name in names)}, now(), cast(:batch as uuid) "
        f"from {core(entity)} c join {joined}",
        **binds,
    )  # fmt: skip
    return int(copied.rowcount)


def run(connection: Connection, header: BatchHeader, statement: str, **binds: Any) -> Any:
    """Run a statement made of our own names; values go as binds, and those that it does not use are left out."""
    known = {
        "department": header.department, "dataset": header.dataset, "batch": header.batch_id, **binds,
    }  # fmt: skip
    query = text(statement)
    return connection.execute(query, {n: v for n, v in known.items() if n in query._bindparams})
