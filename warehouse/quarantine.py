"""What a landing does to the quarantine: rows enter it, come again, leave it; every step of a row is logged.

A row of the quarantine keeps its number as long as it waits: a replay that fails leaves it where it is, with what is
wrong now. `ops.quarantine_event` is the log, append only; it is written in the landing's transaction.
"""

# ruff: noqa: S608 (statements are made of our own parts; values are binds)

from __future__ import annotations

import json
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from hub.core.batches import REPLAYS, SRC, BatchHeader, Landing
from hub.core.errors import LandingError
from warehouse.copying import copy_frame

OPEN = "open"
LEAVES = {"replay": "replayed", "accept": "accepted", "correct": "corrected"}
"""Action of a step → the state of the row that it took out of the quarantine."""

_STAGED = (SRC, "record_key", "reason", "column", "message", "raw_masked", "raw_encrypted")


def write(
    connection: Connection, landing: Landing, rejects: pl.DataFrame, rows: pl.DataFrame
) -> None:
    """Write all of it. `rejects`: what the landing itself could not let in (REJECTS_SCHEMA); `rows`: the records that it
    took, with their fate. Raises LandingError when a row that the batch replays is no longer open."""
    coming = landing.replays is not None and not landing.replays.is_empty()
    if coming:
        _come(connection, landing, rows)
    rejected = _rejected(landing, rejects)
    if coming or not rejected.is_empty():
        _stage(connection, landing.header, rejected)
    if coming:
        _stay(connection, landing)
        _leave(connection, landing)
    if not rejected.is_empty():
        if landing.header.kind not in REPLAYS:
            _met_again(connection, landing.header)
        _enter(connection, landing.header)
    if (
        landing.header.kind != "replay"
    ):  # a replay reads nothing that could be later than what waits
        _overtaken(connection, landing)


def _come(connection: Connection, landing: Landing, rows: pl.DataFrame) -> None:
    """The temporary table `coming`: the rows that this batch replays, with their fate; null where they fail again."""
    assert landing.replays is not None
    given = landing.replays.unique("quarantine_id", keep="first", maintain_order=True)
    if "waived" not in given.columns:
        given = given.with_columns(waived=pl.lit(None, pl.List(pl.String)))
    _run(
        connection, landing.header,
        "create temp table coming (quarantine_id bigint, _src bigint, waived jsonb, fate text) on commit drop",
    )  # fmt: skip
    codes = pl.col("waived").list
    waived = (
        pl.when(codes.len() > 0)
        .then(pl.format('["{}"]', codes.join('","')))
        .otherwise(pl.lit("[]"))
    )
    copy_frame(
        connection, "coming",
        given.join(rows.select(SRC, "fate"), on=SRC, how="left").select(
            "quarantine_id", SRC, pl.when(pl.col("waived").is_not_null()).then(waived).alias("waived"), "fate",
        ),
    )  # fmt: skip
    waiting = _run(
        connection, landing.header,
        "select q.quarantine_id from ops.quarantine q join coming using (quarantine_id) where q.state = 'open' for update of q",
    ).rowcount  # fmt: skip
    if waiting != given.height:
        raise LandingError(
            f"{given.height - waiting} of {given.height} quarantined rows are no longer open",
            where=f"{landing.header.department}/{landing.header.dataset}",
            remedy="somebody else was faster; nothing landed",
        )


def _rejected(landing: Landing, rejects: pl.DataFrame) -> pl.DataFrame:
    late = rejects.join(landing.records.select(SRC, "record_key"), on=SRC, how="left")
    return pl.concat([landing.quarantine, late], how="diagonal")


def _stage(connection: Connection, header: BatchHeader, rejected: pl.DataFrame) -> None:
    """The temporary table `stage_quarantine`: rejected rows, masked for people to read, whole and encrypted."""
    _run(
        connection, header,
        """
        create temp table stage_quarantine (
            quarantine_id bigint default nextval(pg_get_serial_sequence('ops.quarantine', 'quarantine_id')),
            _src bigint, record_key text, reason text, "column" text, message text,
            raw_masked jsonb, raw_encrypted bytea
        ) on commit drop
        """,
    )  # fmt: skip
    copy_frame(connection, "stage_quarantine", rejected.select(_STAGED).sort(SRC))


def _stay(connection: Connection, landing: Landing) -> None:
    """Rows that failed again wait on under their number. A corrected one is from now on the corrected reading."""
    moved = landing.header.kind == "correction"
    same = "from coming c join stage_quarantine s using (_src) where"
    for statement in (
        f"""
        update ops.quarantine q
        set reason = s.reason, "column" = s."column", message = coalesce(s.message, ''),
            record_key = coalesce(s.record_key, q.record_key), versions = cast(:versions as jsonb),
            raw_masked = coalesce(s.raw_masked, q.raw_masked){_MOVED if moved else ""}
        {same} q.quarantine_id = c.quarantine_id
        """,
        f"""
        update restricted.quarantine_raw r set raw_enc = s.raw_encrypted
        {same} r.quarantine_id = c.quarantine_id and s.raw_encrypted is not null
        """,
        f"""
        insert into ops.quarantine_event (quarantine_id, at, actor, action, state_from, state_to, note, batch_id, outcome)
        select c.quarantine_id, now(), :actor, :action, 'open', 'open', :note, cast(:batch as uuid), s.reason
        {same} true order by 1
        """,
        "delete from stage_quarantine s using coming c where s._src = c._src",
    ):
        _run(connection, landing.header, statement, **_step(landing))


_MOVED = """, batch_id = cast(:batch as uuid), raw_object = :raw_object, raw_row = s._src"""


def _leave(connection: Connection, landing: Landing) -> None:
    """Rows that passed now are closed by this batch."""
    _run(
        connection, landing.header,
        """
        with closed as (
            update ops.quarantine q
            set state = :state, replay_batch = cast(:batch as uuid), waived = coalesce(c.waived, q.waived)
            from coming c where q.quarantine_id = c.quarantine_id and c.fate is not null
            returning q.quarantine_id, c.fate
        )
        insert into ops.quarantine_event (quarantine_id, at, actor, action, state_from, state_to, note, batch_id, outcome)
        select quarantine_id, now(), :actor, :action, 'open', :state, :note, cast(:batch as uuid), fate
        from closed order by 1
        """,
        **_step(landing), state=LEAVES[landing.step.action],
    )  # fmt: skip


def _met_again(connection: Connection, header: BatchHeader) -> None:
    """Rows that wait in quarantine already and were read once more, within the lag or after a crash, stay one row.

    It then tells of the latest reading. The same row: same record, same file or table, same content. Of a row that was
    rejected, and of one that was accepted and still is what the record says, the decision holds for another reading.
    """
    for statement in (
        """
        create temp table met_again on commit drop as
        with staged as (
            select quarantine_id as staged_id, reason, coalesce(record_key, '') as key,
                   coalesce(md5((raw_masked - '_row')::text), '') as content, _src
            from stage_quarantine
        ), known as (
            select * from ops.quarantine where department = :department and dataset = :dataset and state = 'open'
              and reason in (select reason from stage_quarantine)
            union all
            select q.* from ops.quarantine q where department = :department and dataset = :dataset
              and state in ('rejected', 'accepted') and reason in (select reason from stage_quarantine)
              and (state = 'rejected' or exists (
                  select from ops.record r where r.department = q.department and r.dataset = q.dataset
                    and r.record_key = q.record_key and r.batch_id = q.replay_batch))
        ), waiting as (
            select quarantine_id, reason, coalesce(record_key, '') as key, state = 'open' as moves,
                   coalesce(md5((raw_masked - '_row')::text), '') as content
            from known
        )
        select quarantine_id, staged_id, moves
        from (select *, row_number() over (partition by reason, key, content order by _src) as no from staged) s
        join (select *, row_number() over (partition by reason, key, content order by quarantine_id) as no
              from waiting) w using (reason, key, content, no)
        where key <> '' or content <> ''
        """,
        """
        insert into ops.quarantine_event (quarantine_id, at, actor, action, state_from, state_to, batch_id, raw_object,
            raw_row)
        select m.quarantine_id, now(), 'hub', 'read_again', q.state, q.state, cast(:batch as uuid),
            case when moves then q.raw_object else :raw_object end, case when moves then q.raw_row else s._src end
        from met_again m join ops.quarantine q using (quarantine_id)
        join stage_quarantine s on s.quarantine_id = m.staged_id order by 1
        """,
        """
        update ops.quarantine q
        set batch_id = cast(:batch as uuid), raw_object = :raw_object, raw_row = s._src,
            source_row = cast(s.raw_masked->>'_row' as bigint), "column" = s."column",
            message = coalesce(s.message, ''), raw_masked = s.raw_masked, versions = cast(:versions as jsonb)
        from met_again m join stage_quarantine s on s.quarantine_id = m.staged_id
        where q.quarantine_id = m.quarantine_id and m.moves
        """,
        """
        update restricted.quarantine_raw r set raw_enc = s.raw_encrypted
        from met_again m join stage_quarantine s on s.quarantine_id = m.staged_id
        where r.quarantine_id = m.quarantine_id and m.moves and s.raw_encrypted is not null
        """,
        "delete from stage_quarantine s using met_again m where s.quarantine_id = m.staged_id",
    ):
        _run(connection, header, statement)


def _enter(connection: Connection, header: BatchHeader) -> None:
    for statement in (
        """
        insert into ops.quarantine (quarantine_id, department, dataset, batch_id, raw_object, raw_row,
            source_file, source_row, record_key, reason, "column", message, raw_masked, versions, state,
            created_at)
        select quarantine_id, :department, :dataset, cast(:batch as uuid), :raw_object, _src,
            raw_masked->>'_file', cast(raw_masked->>'_row' as bigint), record_key, reason, "column",
            coalesce(message, ''), raw_masked, cast(:versions as jsonb), 'open', now()
        from stage_quarantine
        """,
        "insert into restricted.quarantine_raw (quarantine_id, raw_enc) "
        "select quarantine_id, raw_encrypted from stage_quarantine where raw_encrypted is not null",
    ):
        _run(connection, header, statement)


def _overtaken(connection: Connection, landing: Landing) -> None:
    """Close waiting rows of records of which this batch has a later reading: replaying them would be in vain.

    Their content stays where it is. A batch does not overtake itself.
    """
    header = landing.header
    waiting = _run(
        connection, header,
        "select distinct record_key from ops.quarantine where department = :department and dataset = :dataset "
        "and state = 'open' and batch_id <> cast(:batch as uuid) and record_key is not null",
    )  # fmt: skip
    known = pl.Series([row[0] for row in waiting], dtype=pl.String)
    keys = pl.concat([landing.records["record_key"], landing.quarantine["record_key"]])
    met = known.filter(known.is_in(keys.drop_nulls().implode()))
    if met.len():
        _run(
            connection, header,
            """
            with closed as (
                update ops.quarantine set state = 'superseded', replay_batch = cast(:batch as uuid)
                where department = :department and dataset = :dataset and state = 'open'
                  and batch_id <> cast(:batch as uuid) and record_key = any(:keys)
                returning quarantine_id
            )
            insert into ops.quarantine_event (quarantine_id, at, actor, action, state_from, state_to, batch_id)
            select quarantine_id, now(), 'hub', 'supersede', 'open', 'superseded', cast(:batch as uuid)
            from closed order by 1
            """,
            keys=met.to_list(),
        )  # fmt: skip


def _step(landing: Landing) -> dict[str, Any]:
    step = landing.step
    return {"actor": step.actor, "action": step.action, "note": step.note}


def _run(connection: Connection, header: BatchHeader, statement: str, **binds: Any) -> Any:
    query = text(statement)
    everything = binds | {
        "department": header.department,
        "dataset": header.dataset,
        "batch": header.batch_id,
        "raw_object": header.raw_object,
        "versions": json.dumps(header.versions),
    }
    return connection.execute(
        query, {n: v for n, v in everything.items() if n in query._bindparams}
    )
