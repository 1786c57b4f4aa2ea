"""What the stages hand to each other. Plain data: the stages meet in `hub.pipeline`, never in each other.

A batch is one raw object: up to `CHUNK_ROWS` source rows of one dataset with one header. Inside a batch a source
row is known by `_src`, its position in the raw object (0-based, Int64); every frame carries it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import polars as pl
import pyarrow as pa

CHUNK_ROWS = 50_000

# Reserved columns that a connector adds to the department's own fields.
FILE = "_file"  # string: file or table the row came from, as a person would find it
ROW = "_row"  # int64: row, line, record or element number in that file, as a person would count it
DELETED = "_deleted"  # bool: the source marks the row as deleted
DEFECT = "_defect"  # string: reason code when the reader could not decode the row, else null
BYTES = "_bytes"  # binary: the row's own bytes when there is a defect, else null
RESERVED = (FILE, ROW, DELETED, DEFECT, BYTES)

SRC = "_src"

REPLAYS = ("replay", "correction")
"""Kinds of batches that read no source: rows of the quarantine, once more as they came, or as corrected."""

Cursor = dict[str, Any]
"""A connector's own position, JSON. Moves only in the landing transaction."""

RECORDS_SCHEMA: dict[str, pl.DataType] = {
    SRC: pl.Int64(),
    "record_key": pl.String(),
    "source_version": pl.Int64(),
    "deleted": pl.Boolean(),
}
REJECTS_SCHEMA: dict[str, pl.DataType] = {
    SRC: pl.Int64(),
    "reason": pl.String(),  # reason code, such as unmapped_power or bad_date
    "column": pl.String(),  # source field, or entity.column
    "message": pl.String(),  # what is wrong and what to do; never a field's value if it may identify a person
}
PARTIES_SCHEMA: dict[str, pl.DataType] = {
    SRC: pl.Int64(),
    "applicant_token": pl.String(),
    "kind": pl.String(),
    "identity": pl.String(),
    "phone": pl.String(),
    "name": pl.String(),
}
UNMAPPED_SCHEMA: dict[str, pl.DataType] = {
    "codelist": pl.String(),  # 'powers' or a code list
    "source_code": pl.String(),
    "source_name": pl.String(),
    "rows": pl.Int64(),
}

CHECKS_SCHEMA: dict[str, pl.DataType] = {
    "entity": pl.String(),  # 'source' (what the mapping refused), 'record', or a canonical entity
    "column": pl.String(),  # of the entity; of 'source' the department's own field, empty for the row as a whole
    "reason": pl.String(),
    "state": pl.String(),  # evaluated, no_values (nothing to judge) or not_evaluated (it did not run)
    "rows": pl.Int64(),  # rows of the entity that were judged
    "failures": pl.Int64(),  # of these, the ones that failed
    "decisive": pl.Int64(),  # source rows of which this is the first reason: over all checks, the rows rejected
    "examples": pl.String(),  # JSON text: at most three rows [{file, row, fields}], masked; null if none failed
}
"""What the gate made of one batch, check by check; `ops.check_outcome` has the same columns."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file (or table slice) of a batch, for the manifest."""

    name: str
    rows: int
    sha256: str | None = None
    bytes: int | None = None
    furniture: tuple[tuple[int, str], ...] = ()
    """Rows that the layout declares to be no records (titles, subtotals): (row number, which rule)."""


@dataclass(frozen=True, slots=True)
class RawBatch:
    """What a connector yields: the department's own fields as read, plus the reserved columns."""

    dataset: str
    table: pa.Table
    files: tuple[SourceFile, ...]
    cursor: Cursor
    """The position after this batch."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A difference between the source's shape and what the mapping knows."""

    column: str
    change: str  # new, missing, renamed, retyped
    message: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """What the mapping makes of one raw batch. Frames follow the schemas above.

    `entities` holds one frame per canonical entity: `_src`, then the columns this dataset owns, typed as the
    entity declares. `owned` names those columns per entity. `rejects` may hold several rows per `_src`.
    """

    records: pl.DataFrame
    entities: dict[str, pl.DataFrame]
    owned: dict[str, tuple[str, ...]]
    parties: pl.DataFrame
    rejects: pl.DataFrame
    unmapped: pl.DataFrame
    drift: tuple[Drift, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """What the ledger says of a batch before it lands."""

    batch_id: str
    department: str
    dataset: str
    raw_object: str
    rows_read: int
    versions: dict[str, str]
    """mapping, codes, schema: content versions."""
    cursor: Cursor | None
    """Where the cursor stands after this batch; None for sweeps, backfills and replays, which never move it."""
    kind: str = "extract"  # extract, sweep, backfill, replay, correction
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a steward decided of a batch that the gate had stopped: `what` is release or reject."""

    what: str
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step taken with quarantined rows: who takes it, which one, and what he says of it."""

    actor: str
    action: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Landing:
    """Everything that one landing transaction writes.

    `records`: RECORDS_SCHEMA plus record_hash, only rows that passed the gate. `entities`: only rows that passed.
    `quarantine`: _src, record_key (may be null), reason, column, message, raw_masked (JSON text), raw_encrypted
    (binary). `parties`: applicant_token, kind, identity, phone, name, the last three as ciphertext (binary).
    `replays`: quarantine_id, _src of the quarantined rows that this batch replays, and `waived` where somebody accepts
    them: the reason codes that no longer count (a list). `step`: who replays them, and why.
    """

    header: BatchHeader
    records: pl.DataFrame
    entities: dict[str, pl.DataFrame]
    owned: dict[str, tuple[str, ...]]
    quarantine: pl.DataFrame
    parties: pl.DataFrame
    unmapped: pl.DataFrame
    drift: tuple[Drift, ...] = ()
    replays: pl.DataFrame | None = None
    shape: dict[str, str] | None = None
    """The batch's source columns and their types, when they differ from what the warehouse remembers."""
    checks: pl.DataFrame = field(default_factory=partial(pl.DataFrame, schema=CHECKS_SCHEMA))
    """CHECKS_SCHEMA."""
    held: bool = False
    """Whether its rows wait because the dataset's drift policy says so."""
    decision: Decision | None = None
    """A steward's, without which a batch that the gate stopped does not land."""
    step: Step = Step("hub", "replay")


@dataclass(frozen=True, slots=True)
class Certificate:
    """The proof of one batch: rows by fate, and both checksums over keys and values of what landed."""

    batch_id: str
    department: str
    dataset: str
    read: int
    landed: int
    unchanged: int
    superseded: int
    quarantined: int
    rejected: int
    """By a steward's decision: all rows of the batch, or none."""
    checksum_read: str
    checksum_landed: str
    fates: pl.DataFrame | None = None
    """_src, fate, reason (of quarantined rows, else null) for every row; not stored in the certificate's row."""
