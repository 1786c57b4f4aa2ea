"""What lands beside the entities: parties, the quarantine, replayed rows, unmapped codes, drift, what the gate found."""

from __future__ import annotations

import json
from collections.abc import Sequence

import polars as pl
from sqlalchemy import Connection, text

from hub.core.batches import SRC, BatchHeader, Drift, Landing
from hub.core.errors import LandingError
from warehouse import decisions, outcomes
from warehouse.copying import copy_frame

_PARTY = ("applicant_token", "kind", "identity", "phone", "name")


def write(connection: Connection, landing: Landing, rejects: pl.DataFrame) -> None:
    """Write them all. `rejects`: what the landing itself could not let in (REJECTS_SCHEMA)."""
    _parties(connection, landing)
    _quarantine(connection, landing, rejects)
    _replays(connection, landing)
    _overtaken(connection, landing)
    _unmapped(connection, landing)
    _drift(connection, landing.header, landing.drift)
    _shape(connection, landing)
    outcomes.note(connection, landing.header, outcomes.with_rejects(landing.checks, rejects))
    if landing.decision is not None:
        decisions.note(connection, landing.header, landing.decision)


def note_drift(connection: Connection, header: BatchHeader, drift: Sequence[Drift]) -> None:
    """Record a change of shape because of which nothing of the batch lands."""
    _drift(connection, header, drift)


def _parties(connection: Connection, landing: Landing) -> None:
    """Insert who is not known yet. What is known stays as it is: the first batch that named a person keeps him.

    In order: departments share persons, and two landings must not wait for each other's.
    """
    parties = landing.parties.drop_nulls("applicant_token").unique(
        "applicant_token", keep="first", maintain_order=True
    )
    if parties.is_empty():
        return
    connection.execute(
        text(
            "create temp table stage_party (applicant_token text, kind text, identity bytea, phone bytea, "
            "name bytea) on commit drop"
        )
    )
    copy_frame(connection, "stage_party", parties.select(_PARTY))
    connection.execute(
        text(
            """
            insert into restricted.party (applicant_token, kind, identity_enc, phone_enc, name_enc, first_batch)
            select applicant_token, kind, identity, phone, name, cast(:batch as uuid) from stage_party
            order by applicant_token
            on conflict (applicant_token) do nothing
            """
        ),
        {"batch": landing.header.batch_id},
    )


def _quarantine(connection: Connection, landing: Landing, rejects: pl.DataFrame) -> None:
    """Rejected rows: masked for people to read, whole and encrypted in `restricted`."""
    header = landing.header
    late = rejects.join(landing.records.select(SRC, "record_key"), on=SRC, how="left")
    rows = pl.concat([landing.quarantine, late], how="diagonal")
    if rows.is_empty():
        return
    connection.execute(
        text(
            """
            create temp table stage_quarantine (
                quarantine_id bigint default nextval(pg_get_serial_sequence('ops.quarantine', 'quarantine_id')),
                _src bigint, record_key text, reason text, "column" text, message text,
                raw_masked jsonb, raw_encrypted bytea
            ) on commit drop
            """
        )
    )
    copy_frame(
        connection,
        "stage_quarantine",
        rows.select(
            SRC, "record_key", "reason", "column", "message", "raw_masked", "raw_encrypted"
        ).sort(SRC),
    )
    binds = _binds(header) | {
        "raw_object": header.raw_object, "versions": json.dumps(header.versions)
    }  # fmt: skip
    if header.kind != "replay":
        _met_again(connection, binds)
    connection.execute(
        text(
            """
            insert into ops.quarantine (quarantine_id, department, dataset, batch_id, raw_object, raw_row,
                source_file, source_row, record_key, reason, "column", message, raw_masked, versions, state,
                created_at)
            select quarantine_id, :department, :dataset, cast(:batch as uuid), :raw_object, _src,
                raw_masked->>'_file', cast(raw_masked->>'_row' as bigint), record_key, reason, "column",
                coalesce(message, ''), raw_masked, cast(:versions as jsonb), 'open', now()
            from stage_quarantine
            """
        ),
        binds,
    )
    connection.execute(
        text(
            "insert into restricted.quarantine_raw (quarantine_id, raw_enc) "
            "select quarantine_id, raw_encrypted from stage_quarantine where raw_encrypted is not null"
        )
    )


def _met_again(connection: Connection, binds: dict[str, str]) -> None:
    """Rows that wait in quarantine already and were read once more, within the lag or after a crash, stay one row.

    It then tells of the latest reading. The same row: same record, same file or table, same content.
    """
    for statement in (
        """
        create temp table met_again on commit drop as
        with staged as (
            select quarantine_id as staged_id, reason, coalesce(record_key, '') as key,
                   coalesce(md5((raw_masked - '_row')::text), '') as content, _src
            from stage_quarantine
        ), waiting as (
            select quarantine_id, reason, coalesce(record_key, '') as key,
                   coalesce(md5((raw_masked - '_row')::text), '') as content
            from ops.quarantine
            where department = :department and dataset = :dataset and state = 'open'
              and reason in (select reason from stage_quarantine)
        )
        select quarantine_id, staged_id
        from (select *, row_number() over (partition by reason, key, content order by _src) as no from staged) s
        join (select *, row_number() over (partition by reason, key, content order by quarantine_id) as no
              from waiting) w using (reason, key, content, no)
        where key <> '' or content <> ''
        """,
        """
        update ops.quarantine q
        set batch_id = cast(:batch as uuid), raw_object = :raw_object, raw_row = s._src,
            source_row = cast(s.raw_masked->>'_row' as bigint), "column" = s."column",
            message = coalesce(s.message, ''), raw_masked = s.raw_masked, versions = cast(:versions as jsonb)
        from met_again m join stage_quarantine s on s.quarantine_id = m.staged_id
        where q.quarantine_id = m.quarantine_id
        """,
        """
        update restricted.quarantine_raw r set raw_enc = s.raw_encrypted
        from met_again m join stage_quarantine s on s.quarantine_id = m.staged_id
        where r.quarantine_id = m.quarantine_id and s.raw_encrypted is not null
        """,
        "delete from stage_quarantine s using met_again m where s.quarantine_id = m.staged_id",
    ):
        query = text(statement)
        connection.execute(query, {n: v for n, v in binds.items() if n in query._bindparams})


def _replays(connection: Connection, landing: Landing) -> None:
    """Close the quarantined rows that this batch replays; those that failed again were entered anew above."""
    if landing.replays is None or landing.replays.is_empty():
        return
    ids = landing.replays["quarantine_id"].unique().to_list()
    closed = connection.execute(
        text(
            "update ops.quarantine set state = 'replayed', replay_batch = cast(:batch as uuid) "
            "where quarantine_id = any(:ids) and state = 'open'"
        ),
        {"batch": landing.header.batch_id, "ids": ids},
    ).rowcount
    if closed != len(ids):
        raise LandingError(
            f"{len(ids) - closed} of {len(ids)} quarantined rows are no longer open",
            where=f"{landing.header.department}/{landing.header.dataset}",
            remedy="another replay was faster; nothing landed",
        )


def _overtaken(connection: Connection, landing: Landing) -> None:
    """Close waiting rows of records of which this batch has a later reading: replaying them would be in vain.

    Their content stays where it is. Replays read nothing, and a batch does not overtake itself.
    """
    if landing.header.kind == "replay":
        return
    binds = _binds(landing.header)
    waiting = connection.execute(
        text(
            "select distinct record_key from ops.quarantine where department = :department and dataset = :dataset "
            "and state = 'open' and batch_id <> cast(:batch as uuid) and record_key is not null"
        ),
        binds,
    )
    known = pl.Series([row[0] for row in waiting], dtype=pl.String)
    keys = pl.concat([landing.records["record_key"], landing.quarantine["record_key"]])
    met = known.filter(known.is_in(keys.drop_nulls().implode()))
    if met.len():
        connection.execute(
            text(
                "update ops.quarantine set state = 'superseded', replay_batch = cast(:batch as uuid) "
                "where department = :department and dataset = :dataset and state = 'open' "
                "and batch_id <> cast(:batch as uuid) and record_key = any(:keys)"
            ),
            binds | {"keys": met.to_list()},
        )


def _unmapped(connection: Connection, landing: Landing) -> None:
    """Count source codes without a crosswalk row. A replay sees the same rows again, so it does not count them."""
    codes = landing.unmapped.group_by("codelist", pl.col("source_code").fill_null("")).agg(
        pl.col("source_name").drop_nulls().first(), pl.col("rows").sum()
    )
    if codes.is_empty() or landing.header.kind == "replay":
        return
    connection.execute(
        text(
            """
            insert into ops.unmapped_code as u
                (department, codelist, source_code, source_name, rows, first_seen, last_seen)
            values (:department, :codelist, :source_code, :source_name, :rows, now(), now())
            on conflict (department, codelist, source_code) do update set rows = u.rows + excluded.rows,
                source_name = coalesce(excluded.source_name, u.source_name), last_seen = excluded.last_seen
            """
        ),
        [row | {"department": landing.header.department} for row in codes.iter_rows(named=True)],
    )


def _drift(connection: Connection, header: BatchHeader, changes: Sequence[Drift]) -> None:
    if not changes:
        return
    connection.execute(
        text(
            'insert into ops.drift (department, dataset, "column", change, message, batch_id, seen_at) '
            "values (:department, :dataset, :column, :change, :message, cast(:batch as uuid), now())"
        ),
        [
            _binds(header)
            | {"column": drift.column, "change": drift.change, "message": drift.message}
            for drift in changes
        ],
    )


def _shape(connection: Connection, landing: Landing) -> None:
    if landing.shape is None:
        return
    connection.execute(
        text(
            """
            insert into ops.shape (department, dataset, columns, batch_id, seen_at)
            values (:department, :dataset, cast(:columns as jsonb), cast(:batch as uuid), now())
            on conflict (department, dataset) do update set columns = excluded.columns,
                batch_id = excluded.batch_id, seen_at = excluded.seen_at
            """
        ),
        _binds(landing.header) | {"columns": json.dumps(landing.shape, ensure_ascii=False)},
    )


def _binds(header: BatchHeader) -> dict[str, str]:
    return {"department": header.department, "dataset": header.dataset, "batch": header.batch_id}
