"""The ledger of batches, and what hangs on it: cursors, certificates, the open quarantine.

States: extracted → mapped → landed; or failed (its landing was refused; may be tried again), abandoned (a later
run reads its rows again), or stopped (by the gate) until a steward decides: then landed, or rejected. Functions work
in the caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from hub.core.batches import BatchHeader, Certificate, Cursor
from hub.core.errors import LandingError

STATES = ("extracted", "mapped", "landed", "failed", "abandoned", "stopped", "rejected")
FINAL = ("landed", "abandoned", "stopped", "rejected")
"""What only a landing or a steward's decision sets, or nothing changes."""

BATCHES_SCHEMA: dict[str, pl.DataType] = {
    "ledger_no": pl.Int64(),
    "batch_id": pl.String(),
    "department": pl.String(),
    "dataset": pl.String(),
    "kind": pl.String(),
    "state": pl.String(),
    "raw_object": pl.String(),
    "rows_read": pl.Int64(),
    "landed": pl.Int64(),
    "unchanged": pl.Int64(),
    "superseded": pl.Int64(),
    "quarantined": pl.Int64(),
    "rejected": pl.Int64(),
}
QUARANTINED_SCHEMA: dict[str, pl.DataType] = {
    "quarantine_id": pl.Int64(),
    "department": pl.String(),
    "dataset": pl.String(),
    "batch_id": pl.String(),
    "raw_object": pl.String(),
    "raw_row": pl.Int64(),
    "source_file": pl.String(),
    "source_row": pl.Int64(),
    "record_key": pl.String(),
    "reason": pl.String(),
    "column": pl.String(),
    "message": pl.String(),
}


def start_batch(
    connection: Connection,
    header: BatchHeader,
    files: Sequence[Mapping[str, Any]],
    started_at: datetime | None = None,
) -> None:
    """Enter a batch that has just been read, its raw object being stored; `started_at` if it was read earlier."""
    connection.execute(
        text(
            """
            insert into ops.batch (batch_id, department, dataset, kind, state, raw_object, rows_read,
                versions, cursor_from, cursor_to, seconds, files, started_at)
            values (:batch_id, :department, :dataset, :kind, 'extracted', :raw_object, :rows_read,
                cast(:versions as jsonb),
                (select position from ops.cursor where department = :department and dataset = :dataset),
                cast(:cursor as jsonb), cast(:seconds as jsonb), cast(:files as jsonb),
                coalesce(cast(:started_at as timestamptz), clock_timestamp()))
            """
        ),
        {
            "batch_id": header.batch_id,
            "department": header.department,
            "dataset": header.dataset,
            "kind": header.kind,
            "raw_object": header.raw_object,
            "rows_read": header.rows_read,
            "versions": json.dumps(header.versions),
            "cursor": None if header.cursor is None else json.dumps(header.cursor),
            "seconds": json.dumps(header.seconds),
            "files": json.dumps(list(files), ensure_ascii=False),
            "started_at": started_at,
        },
    )


def read_header(connection: Connection, batch_id: str) -> BatchHeader:
    """The batch as the ledger knows it. Raises LandingError for an unknown id."""
    row = connection.execute(
        text(
            """
            select batch_id::text as batch_id, department, dataset, raw_object, rows_read, versions,
                   cursor_to as cursor, kind, seconds
            from ops.batch where batch_id = cast(:batch_id as uuid)
            """
        ),
        {"batch_id": batch_id},
    ).one_or_none()
    if row is None:
        raise LandingError(f"the ledger knows no batch {batch_id}", remedy="extract again")
    return BatchHeader(**row._mapping)


def set_state(connection: Connection, batch_id: str, state: str) -> None:
    """Note how far a batch has come. What has landed, was abandoned, or was stopped stays so.

    Raises ValueError for an unknown state, LandingError for an unknown batch.
    """
    if state not in ("mapped", "failed", "abandoned"):
        raise ValueError(f"'{state}' is not a state to set")
    read_header(connection, batch_id)
    connection.execute(
        text(
            "update ops.batch set state = :state "
            "where batch_id = cast(:batch_id as uuid) and state <> all(:final)"
        ),
        {"batch_id": batch_id, "state": state, "final": list(FINAL)},
    )


def abandon_open(connection: Connection, department: str) -> int:
    """Give up the department's batches that were read and never landed; returns how many.

    Their cursor has not moved, so their rows are read again. Replays and corrections are left alone: they read no source. So are
    batches that wait for a decision, but for those behind one that is given up: to land or reject these would move the
    cursor over its rows, so they are read and judged again with it.
    """
    connection.execute(
        text(
            """
            update ops.batch stopped set state = 'abandoned'
            where department = :department and kind = 'extract' and state = 'stopped'
              and exists (select from ops.batch earlier
                          where earlier.department = stopped.department and earlier.dataset = stopped.dataset
                            and earlier.kind = 'extract' and earlier.state in ('extracted', 'mapped', 'failed')
                            and earlier.started_at < stopped.started_at)
            """
        ),
        {"department": department},
    )
    result = connection.execute(
        text(
            """
            update ops.batch set state = 'abandoned'
            where department = :department and kind not in ('replay', 'correction')
              and state in ('extracted', 'mapped', 'failed')
            """
        ),
        {"department": department},
    )
    return result.rowcount


def read_cursor(connection: Connection, department: str, dataset: str) -> Cursor | None:
    """Where reading goes on, or None before the first landing."""
    query = text(
        "select position from ops.cursor where department = :department and dataset = :dataset"
    )
    found: Cursor | None = connection.scalar(query, {"department": department, "dataset": dataset})
    return found


def read_shape(connection: Connection, department: str, dataset: str) -> dict[str, str] | None:
    """Source column → type as the dataset last landed, or None before the first landing."""
    query = text(
        "select columns from ops.shape where department = :department and dataset = :dataset"
    )
    found: dict[str, str] | None = connection.scalar(
        query, {"department": department, "dataset": dataset}
    )
    return found


def certificate(connection: Connection, batch_id: str) -> Certificate | None:
    """The certificate of a batch that has landed or was rejected (without the fates of its rows), or None."""
    row = connection.execute(
        text(
            """
            select batch_id::text as batch_id, department, dataset, rows_read as read, landed, unchanged,
                   superseded, quarantined, rejected, checksum_read, checksum_landed
            from ops.certificate where batch_id = cast(:batch_id as uuid)
            """
        ),
        {"batch_id": batch_id},
    ).one_or_none()
    return None if row is None else Certificate(**row._mapping)


def batches(
    connection: Connection, department: str | None = None, after: int | None = None
) -> pl.DataFrame:
    """Batches in BATCHES_SCHEMA: all of them in reading order, or those landed after that ledger number, in order.

    Ledger numbers appear in the order of commits: whoever asks for what comes `after` his last one misses nothing.
    """
    rows = connection.execute(
        text(
            """
            select ledger_no, batch_id::text, department, dataset, kind, state, raw_object, rows_read, landed,
                   unchanged, superseded, quarantined, rejected
            from ops.batch
            where (cast(:department as text) is null or department = :department)
              and (cast(:after as bigint) is null or ledger_no > :after)
            order by case when cast(:after as bigint) is null then null else ledger_no end, started_at
            """
        ),
        {"department": department, "after": after},
    )
    return pl.DataFrame([tuple(row) for row in rows], schema=BATCHES_SCHEMA, orient="row")


def open_quarantine(
    connection: Connection,
    department: str | None = None,
    dataset: str | None = None,
    reason: str | None = None,
    quarantine_id: int | None = None,
) -> pl.DataFrame:
    """Open quarantined rows in QUARANTINED_SCHEMA, oldest first; every filter that is given must hold."""
    rows = connection.execute(
        text(
            """
            select quarantine_id, department, dataset, batch_id::text, raw_object, raw_row, source_file,
                   source_row, record_key, reason, "column", message
            from ops.quarantine
            where state = 'open'
              and (cast(:department as text) is null or department = :department)
              and (cast(:dataset as text) is null or dataset = :dataset)
              and (cast(:reason as text) is null or reason = :reason)
              and (cast(:quarantine_id as bigint) is null or quarantine_id = :quarantine_id)
            order by quarantine_id
            """
        ),
        {
            "department": department,
            "dataset": dataset,
            "reason": reason,
            "quarantine_id": quarantine_id,
        },
    )
    return pl.DataFrame([tuple(row) for row in rows], schema=QUARANTINED_SCHEMA, orient="row")
