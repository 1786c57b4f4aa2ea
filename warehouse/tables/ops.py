"""ops: how everything got here. The ledger, cursors, source records, quarantine, certificates, drift, runs."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)
from sqlalchemy import text as raw

from warehouse.tables.metadata import (
    METADATA,
    bigint,
    boolean,
    identifier,
    instant,
    json,
    text,
)

_FATES = ("landed", "unchanged", "superseded", "quarantined", "rejected")

_BATCH = Table(
    "batch",
    METADATA,
    *identifier("batch_id"),
    *text("department", "dataset", "kind", "state", "raw_object"),
    *bigint("rows_read"),
    *bigint(*_FATES, null=True),
    *json("versions"),
    *json("cursor_from", "cursor_to", null=True),
    *json("seconds", "files"),
    *instant("started_at"),
    *instant("landed_at", null=True),
    *bigint("ledger_no", null=True),
    *instant("raw_removed_at", null=True),
    PrimaryKeyConstraint("batch_id"),
    UniqueConstraint("ledger_no"),
    Index(None, "department", "dataset", "started_at"),
    Index("batch_stopped_idx", "department", "dataset", postgresql_where=raw("state = 'stopped'")),
    schema="ops",
)

_CURSOR = Table(
    "cursor",
    METADATA,
    *text("department", "dataset"),
    *json("position"),
    *identifier("batch_id"),
    *instant("moved_at"),
    PrimaryKeyConstraint("department", "dataset"),
    schema="ops",
)

# `case_id`: the core."case" row to which the record contributes columns, if it does. Several datasets may; the case
# is deleted when all of its contributions are. `arrived_at`: when the raw object was read first, so that of two
# rows with the same version the later reading wins, however late a batch lands or a row is replayed.
_RECORD = Table(
    "record",
    METADATA,
    *text("department", "dataset", "record_key"),
    *bigint("source_version"),
    *text("record_hash"),
    *boolean("deleted"),
    *identifier("batch_id"),
    *bigint("raw_row"),
    *identifier("case_id", null=True),
    *instant("arrived_at"),
    PrimaryKeyConstraint("department", "dataset", "record_key"),
    Index("record_case_id_idx", "case_id", postgresql_where=raw("case_id is not null")),
    schema="ops",
)

# Which columns of core."case" each dataset owns. When one of a case's contributions ends and others live on, the
# columns that only this dataset owns are emptied.
_CASE_COLUMNS = Table(
    "case_columns",
    METADATA,
    *text("department", "dataset"),
    *json("columns"),
    PrimaryKeyConstraint("department", "dataset"),
    schema="ops",
)

_QUARANTINE = Table(
    "quarantine",
    METADATA,
    Column("quarantine_id", BigInteger, Identity(), nullable=False),
    *text("department", "dataset"),
    *identifier("batch_id"),
    *text("raw_object"),
    *bigint("raw_row"),
    *text("source_file", null=True),
    *bigint("source_row", null=True),
    *text("record_key", null=True),
    *text("reason"),
    *text("column", null=True),
    *text("message"),
    *json("raw_masked", null=True),
    *json("versions"),
    *text("state"),
    *instant("created_at"),
    *identifier("replay_batch", null=True),
    *text("assignee", null=True),
    *json("waived", null=True),
    PrimaryKeyConstraint("quarantine_id"),
    Index(None, "department", "dataset", "reason", postgresql_where=raw("state = 'open'")),
    Index("quarantine_decided_idx", "department", "dataset", "reason",
          postgresql_where=raw("state in ('rejected', 'accepted')")),
    Index(None, "batch_id"),
    schema="ops",
)  # fmt: skip

_CERTIFICATE = Table(
    "certificate",
    METADATA,
    *identifier("batch_id"),
    *text("department", "dataset"),
    *bigint("rows_read", *_FATES),
    *text("checksum_read", "checksum_landed"),
    *instant("issued_at"),
    PrimaryKeyConstraint("batch_id"),
    schema="ops",
)

_UNMAPPED_CODE = Table(
    "unmapped_code",
    METADATA,
    *text("department", "codelist", "source_code"),
    *text("source_name", null=True),
    *bigint("rows"),
    *instant("first_seen", "last_seen"),
    PrimaryKeyConstraint("department", "codelist", "source_code"),
    schema="ops",
)

_DRIFT = Table(
    "drift",
    METADATA,
    *text("department", "dataset", "column", "change", "message"),
    *identifier("batch_id"),
    *instant("seen_at"),
    Index(None, "department", "dataset", "seen_at"),
    schema="ops",
)

# What each dataset looked like when it last landed: a column that is new, missing or of another type is drift.
_SHAPE = Table(
    "shape",
    METADATA,
    *text("department", "dataset"),
    *json("columns"),
    *identifier("batch_id"),
    *instant("seen_at"),
    PrimaryKeyConstraint("department", "dataset"),
    schema="ops",
)

# The switch that stops all reading of a department's system; department '*' stands for all.
_PAUSE = Table(
    "pause",
    METADATA,
    *text("department", "reason", "actor"),
    *instant("since"),
    PrimaryKeyConstraint("department"),
    schema="ops",
)

_RUN = Table(
    "run",
    METADATA,
    *identifier("run_id"),
    *text("kind"),
    *text("department", null=True),
    *instant("started_at"),
    *instant("finished_at", null=True),
    *text("state"),
    *json("summary", null=True),
    PrimaryKeyConstraint("run_id"),
    schema="ops",
)

OPS: dict[str, Table] = {
    table.name: table
    for table in (
        _BATCH, _CURSOR, _RECORD, _CASE_COLUMNS, _QUARANTINE, _CERTIFICATE, _UNMAPPED_CODE, _DRIFT, _SHAPE,
        _PAUSE, _RUN,
    )
}  # fmt: skip
