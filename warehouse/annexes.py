"""What lands beside the entities: parties, the quarantine, replayed rows, unmapped codes, drift, what the gate found."""

from __future__ import annotations

import json
from collections.abc import Sequence

import polars as pl
from sqlalchemy import Connection, text

from hub.core.batches import REPLAYS, BatchHeader, Drift, Landing
from warehouse import decisions, outcomes, quarantine
from warehouse.copying import copy_frame

_PARTY = ("applicant_token", "kind", "identity", "phone", "name")


def write(
    connection: Connection, landing: Landing, rejects: pl.DataFrame, rows: pl.DataFrame
) -> None:
    """Write them all. `rejects`: what the landing itself could not let in (REJECTS_SCHEMA); `rows`: the fates of the rest."""
    _parties(connection, landing)
    quarantine.write(connection, landing, rejects, rows)
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


def _unmapped(connection: Connection, landing: Landing) -> None:
    """Count source codes without a crosswalk row. A replay sees the same rows again, so it does not count them."""
    codes = landing.unmapped.group_by("codelist", pl.col("source_code").fill_null("")).agg(
        pl.col("source_name").drop_nulls().first(), pl.col("rows").sum()
    )
    if codes.is_empty() or landing.header.kind in REPLAYS:
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
