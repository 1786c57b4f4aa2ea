"""A department's core tables against ones that were rebuilt elsewhere from its raw objects, and the exchange of both.

The rebuilt tables are carried into temporary tables `rebuilt_<entity>` of the warehouse by COPY, from database to
database and never through Python's memory as rows. What is written keeps the record's own lineage in ops.record; the
core row names the batch of the rebuilding, by which supervision sees that it has changed.
"""

# ruff: noqa: S608 (statements are made of our own table and column names; values are binds)

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from hub.core.batches import REJECTS_SCHEMA, BatchHeader, Certificate, Landing, Step
from hub.core.entities import ENTITIES, Entity
from hub.core.errors import LandingError
from hub.core.privacy import mask_message
from warehouse import closing, ledger, merge
from warehouse.copying import driver
from warehouse.fingerprints import LaneSums, lane_sums, qualified, quoted, row_hash
from warehouse.tables import lineage_names

KIND = "rebuild"
FIRST_KEYS = 10

LANDED_SCHEMA: dict[str, pl.DataType] = {
    "batch_id": pl.String(),
    "started_at": pl.Datetime("us", "UTC"),
    "kind": pl.String(),
    "ledger_no": pl.Int64(),
}


@dataclass(frozen=True, slots=True)
class Compared:
    """One entity on both sides, over key, row hash and whether the row is deleted. `keys`: the first that differ."""

    entity: str
    rebuilt: int
    core: int
    only_rebuilt: int
    only_core: int
    changed: int
    keys: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        return not (self.only_rebuilt or self.only_core or self.changed)


def landed(connection: Connection, department: str) -> pl.DataFrame:
    """A department's landed batches in the ledger's order, in LANDED_SCHEMA; rebuildings left out."""
    rows = connection.execute(
        text(
            "select batch_id::text, started_at, kind, ledger_no from ops.batch "
            "where department = :department and state = 'landed' and kind <> :kind order by ledger_no"
        ),
        {"department": department, "kind": KIND},
    )
    return pl.DataFrame([tuple(row) for row in rows], schema=LANDED_SCHEMA, orient="row")


def replayed_rows(connection: Connection, batch_id: str) -> pl.DataFrame:
    """raw_row and waived (reason codes, or null) of the quarantined rows that a batch replayed."""
    query = text(
        "select raw_row, waived from ops.quarantine where replay_batch = cast(:batch as uuid) order by raw_row"
    )
    rows = [tuple(row) for row in connection.execute(query, {"batch": batch_id})]
    return pl.DataFrame(
        rows, schema={"raw_row": pl.Int64(), "waived": pl.List(pl.String())}, orient="row"
    )


def step_of(connection: Connection, batch_id: str) -> Step:
    """The step that was taken by a replay or correction, as the log of the quarantine knows it."""
    query = text(
        "select actor, action, note from ops.quarantine_event "
        "where batch_id = cast(:batch as uuid) and action in ('replay', 'accept', 'correct') limit 1"
    )
    found = connection.execute(query, {"batch": batch_id}).one_or_none()
    return Step(*found) if found else Step("hub", "replay")


def rejected_rows(connection: Connection, header: BatchHeader) -> pl.DataFrame:
    """The rows of a batch that people rejected for good, here or in another reading of them, in REJECTS_SCHEMA."""
    query = text(
        """
        select q.raw_row, reason, "column", message from ops.quarantine q
        where department = :department and dataset = :dataset and state = 'rejected' and raw_object = :raw_object
        union
        select e.raw_row, reason, "column", message from ops.quarantine_event e join ops.quarantine q using (quarantine_id)
        where department = :department and dataset = :dataset and state = 'rejected' and e.action = 'read_again'
          and e.raw_object = :raw_object
        order by 1
        """
    )
    rows = connection.execute(
        query,
        {
            "department": header.department,
            "dataset": header.dataset,
            "raw_object": header.raw_object,
        },
    )
    return pl.DataFrame([tuple(row) for row in rows], schema=REJECTS_SCHEMA, orient="row")


def last_ledger_no(connection: Connection, department: str) -> int:
    """The number of the department's last landing, 0 before the first."""
    query = text("select coalesce(max(ledger_no), 0) from ops.batch where department = :department")
    return int(connection.execute(query, {"department": department}).scalar_one())


def hold(connection: Connection, department: str) -> None:
    """Keep all landings of the department away to the end of the transaction."""
    connection.execute(
        text("select pg_advisory_xact_lock(hashtextextended('hub landing ' || :department, 0))"),
        {"department": department},
    )


def carry(rebuilt: Connection, connection: Connection) -> None:
    """Bring the rebuilt core tables into temporary tables, dropped at the end of the transaction."""
    for entity in ENTITIES.values():
        _carry(rebuilt, connection, merge.core(entity), _table(entity))


def compare(connection: Connection, department: str) -> list[Compared]:
    """Each entity of the department against its carried table.

    Rows that an earlier rebuilding found to have no raw object, and marked as deleted, are no difference.
    """
    return [_compare(connection, department, entity) for entity in ENTITIES.values()]


def write(rebuilt: Connection, connection: Connection, header: BatchHeader) -> Certificate:
    """Make core what was rebuilt, earlier versions going to history, and with it registry and quarantine.

    In the caller's transaction, in which `hold` and `carry` were called. Returns the certificate: no source row was
    read; its checksums are those of the rebuilt rows and of core. Raises LandingError if these differ.
    """
    ledger.start_batch(connection, header, [])
    for entity in ENTITIES.values():
        _replace(connection, header, entity)
    _registry(rebuilt, connection, header)
    _quarantine(rebuilt, connection, header)
    _parties(rebuilt, connection)
    certificate = _proved(connection, header)
    closing.close(connection, _nothing_read(header), certificate, 0.0)
    return certificate


def _table(entity: Entity) -> str:
    return quoted(f"rebuilt_{entity.name}")


def _carry(source: Connection, target: Connection, table: str, into: str, where: str = "") -> None:
    target.exec_driver_sql(f"create temp table {into} (like {table}) on commit drop")
    names = target.exec_driver_sql(f"select * from {into} limit 0").keys()
    columns = ", ".join(map(quoted, names))
    query = f"copy (select {columns} from {table} {where}) to stdout (format binary)"
    given, taken = driver(source).cursor(), driver(target).cursor()
    with (
        given.copy(query.encode()) as reading,
        taken.copy(f"copy {into} ({columns}) from stdin (format binary)".encode()) as writing,
    ):
        for part in reading:
            writing.write(part)
    target.exec_driver_sql(f"analyze {into}")


def _differs() -> str:
    return "(c.row_hash <> s.row_hash or (c.deleted_at is null) <> (s.deleted_at is null))"


def _same_key(entity: Entity) -> str:
    return " and ".join(f"c.{quoted(name)} = s.{quoted(name)}" for name in entity.key)


def _compare(connection: Connection, department: str, entity: Entity) -> Compared:
    theirs = (
        f"(select * from {merge.core(entity)} c "
        f"where department = :department and not ({_buried(entity)}))"
    )
    joined = f"from {_table(entity)} s full join {theirs} c on {_same_key(entity)}"
    binds = {"department": department, "kind": KIND}
    counts = connection.execute(
        text(
            f"""
            select count(s.row_hash), count(c.row_hash), count(*) filter (where c.row_hash is null),
                   count(*) filter (where s.row_hash is null), count(*) filter (where {_differs()})
            {joined}
            """
        ),
        binds,
    ).one()
    rebuilt, core, only_rebuilt, only_core, changed = map(int, counts)
    found = Compared(entity.name, rebuilt, core, only_rebuilt, only_core, changed)
    if found.same:
        return found
    key = ", ".join(f"coalesce(s.{quoted(n)}, c.{quoted(n)})::text" for n in entity.key)
    keys = connection.execute(
        text(
            f"select {key} {joined} where s.row_hash is null or c.row_hash is null or {_differs()} "
            f"order by {key} limit {FIRST_KEYS}"
        ),
        binds,
    )
    return replace(found, keys=tuple(mask_message(" ".join(row)) for row in keys))


def _buried(entity: Entity) -> str:
    """SQL: the core row `c` was marked as deleted by a rebuilding, because no raw object told of it."""
    return (
        "c.deleted_at is not null "
        "and exists (select from ops.batch b where b.batch_id = c.batch_id and b.kind = :kind) "
        f"and not exists (select from {_table(entity)} s where {_same_key(entity)})"
    )


def _replace(connection: Connection, header: BatchHeader, entity: Entity) -> None:
    """Changed rows, rows that core lacks, and rows that no raw object tells of: these are marked as deleted."""
    key, table = _same_key(entity), _table(entity)
    changed = f"{table} s on {key} where {_differs()}"
    merge.remember(connection, header, entity, changed)
    names = [*lineage_names(), *entity.names]
    ours = {
        "batch_id": "cast(:batch as uuid)", "landed_at": "now()",
        "deleted_at": "case when s.deleted_at is not null then coalesce(c.deleted_at, now()) end",
    }  # fmt: skip
    fresh = {"batch_id": "cast(:batch as uuid)", "landed_at": "now()"}
    values = {name: f"s.{quoted(name)}" for name in dict.fromkeys(names)}
    assigned = ", ".join(f"{quoted(n)} = {v}" for n, v in (values | ours).items())
    merge.run(
        connection, header,
        f"update {merge.core(entity)} c set {assigned} from {table} s where {key} and {_differs()}",
    )  # fmt: skip
    merge.run(
        connection, header,
        f"insert into {merge.core(entity)} ({', '.join(map(quoted, values))}) "
        f"select {', '.join((values | fresh).values())} from {table} s "
        f"where not exists (select from {merge.core(entity)} c where {key})",
    )  # fmt: skip
    merge.bury(
        connection, header, entity,
        f"c.department = :department and not exists (select from {table} s where {key}) "
        "and not exists (select from ops.batch b where b.batch_id = c.batch_id and b.kind = :kind)",
        kind=KIND,
    )  # fmt: skip


def _registry(rebuilt: Connection, connection: Connection, header: BatchHeader) -> None:
    for name in ("record", "case_columns"):
        _carry(rebuilt, connection, f"ops.{name}", f"rebuilt_{name}")
        merge.run(connection, header, f"delete from ops.{name} where department = :department")
        merge.run(connection, header, f"insert into ops.{name} select * from rebuilt_{name}")


def _quarantine(rebuilt: Connection, connection: Connection, header: BatchHeader) -> None:
    """What waits is what the rebuilding refused: rows that it let in are replayed, rows that it refused are new.

    Rows that people rejected stay what they are.
    """
    _carry(rebuilt, connection, "ops.quarantine", "rebuilt_quarantine", "where state = 'open'")
    _carry(rebuilt, connection, "restricted.quarantine_raw", "rebuilt_quarantine_raw")
    same = "s.dataset = q.dataset and s.raw_object = q.raw_object and s.raw_row = q.raw_row"
    merge.run(
        connection, header,
        "with let_in as (update ops.quarantine q set state = 'replayed', replay_batch = cast(:batch as uuid) "
        "where q.department = :department and q.state = 'open' "
        f"and not exists (select from rebuilt_quarantine s where {same}) returning quarantine_id) "
        f"insert into ops.quarantine_event ({_LOGGED}) "
        "select quarantine_id, now(), 'hub', 'rebuild', 'open', 'replayed', cast(:batch as uuid) from let_in",
    )  # fmt: skip
    merge.run(
        connection, header,
        "delete from rebuilt_quarantine s using (select dataset, raw_object, raw_row from ops.quarantine "
        "where department = :department and state in ('open', 'rejected') union all "
        "select q.dataset, e.raw_object, e.raw_row from ops.quarantine_event e join ops.quarantine q using (quarantine_id) "
        f"where q.department = :department and q.state = 'rejected' and e.action = 'read_again') q where {same}",
    )  # fmt: skip
    merge.run(
        connection, header,
        "create temp table renumbered on commit drop as select quarantine_id as old_id, "
        "nextval(pg_get_serial_sequence('ops.quarantine', 'quarantine_id')) as new_id from rebuilt_quarantine",
    )  # fmt: skip
    names = connection.exec_driver_sql("select * from rebuilt_quarantine limit 0").keys()
    columns = ", ".join(quoted(name) for name in names if name != "quarantine_id")
    merge.run(
        connection, header,
        f"insert into ops.quarantine (quarantine_id, {columns}) "
        f"select new_id, {columns} from rebuilt_quarantine join renumbered on quarantine_id = old_id",
    )  # fmt: skip
    merge.run(
        connection, header,
        "insert into restricted.quarantine_raw (quarantine_id, raw_enc) "
        "select new_id, raw_enc from rebuilt_quarantine_raw join renumbered on quarantine_id = old_id",
    )  # fmt: skip
    merge.run(
        connection, header,
        f"insert into ops.quarantine_event ({_LOGGED}) "
        "select new_id, now(), 'hub', 'rebuild', 'landed', 'open', cast(:batch as uuid) from renumbered",
    )  # fmt: skip


_LOGGED = "quarantine_id, at, actor, action, state_from, state_to, batch_id"


def _parties(rebuilt: Connection, connection: Connection) -> None:
    _carry(rebuilt, connection, "restricted.party", "rebuilt_party")
    connection.exec_driver_sql(
        "insert into restricted.party select * from rebuilt_party order by applicant_token "
        "on conflict (applicant_token) do nothing"
    )


def _proved(connection: Connection, header: BatchHeader) -> Certificate:
    """Both sides summed anew from their values, over every row that the raw objects tell of."""
    read = landed_ = LaneSums()
    for entity in ENTITIES.values():
        read += _sums(connection, header, entity, "s")
        landed_ += _sums(connection, header, entity, "c")
    if read.text() != landed_.text():
        raise LandingError(
            f"what was rebuilt sums to {read.text()}, what was written to {landed_.text()}",
            where=header.department, remedy="core was changed by another hand; nothing was written",
        )  # fmt: skip
    return Certificate(
        header.batch_id,
        header.department,
        header.dataset,
        0,
        0,
        0,
        0,
        0,
        0,
        read.text(),
        landed_.text(),
    )


def _sums(connection: Connection, header: BatchHeader, entity: Entity, side: str) -> LaneSums:
    hashed = row_hash(entity.columns, qualified(entity.columns, side))
    joined = f"join {merge.core(entity)} c on {_same_key(entity)}" if side == "c" else ""
    found = merge.run(
        connection, header,
        f"select {lane_sums('hash')} from (select {hashed} as hash from {_table(entity)} s {joined} offset 0) hashed",
    ).one()  # fmt: skip
    return LaneSums(found[0], tuple(found[1:]))


def _nothing_read(header: BatchHeader) -> Landing:
    none: Any = pl.DataFrame()
    return Landing(header, none, {}, {}, none, none, none)
