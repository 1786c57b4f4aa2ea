"""Replaying the quarantine: the rejected rows go the same way again, from their raw objects, after a fix."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import polars as pl
import pyarrow as pa

import mappings
from hub.core.batches import SRC, BatchHeader, Certificate
from hub.core.specs import read_department
from hub.pipeline.batch import prepare, read_raw
from hub.pipeline.installation import Hub
from warehouse import ledger
from warehouse.landing import land as land_in_warehouse


def replay(
    hub: Hub,
    department: str | None = None,
    reason: str | None = None,
    quarantine_id: int | None = None,
) -> list[Certificate]:
    """Map, gate and land open quarantined rows again with today's mapping and crosswalks.

    Each raw object concerned makes one batch of kind 'replay', which never moves a cursor. Rows that pass land
    (or turn out superseded); rows that fail again stay in quarantine with their new reason.
    """
    with hub.engine.connect() as connection:
        rows = ledger.open_quarantine(
            connection, department=department, reason=reason, quarantine_id=quarantine_id
        )
    return [_replay_batch(hub, header, replays) for header, replays in _by_batch(hub, rows)]


def _by_batch(hub: Hub, rows: pl.DataFrame) -> Iterator[tuple[BatchHeader, pl.DataFrame]]:
    for (batch_id,), group in rows.group_by("batch_id", maintain_order=True):
        with hub.engine.connect() as connection:
            header = ledger.read_header(connection, str(batch_id))
        yield header, group.select("quarantine_id", pl.col("raw_row").alias(SRC)).sort(SRC)


def _replay_batch(hub: Hub, origin: BatchHeader, replays: pl.DataFrame) -> Certificate:
    spec = read_department(hub.settings.departments, origin.department)
    positions = pa.array(replays[SRC].to_list(), pa.int64())
    raw = read_raw(hub, origin).take(positions).append_column(SRC, positions)
    header = BatchHeader(
        batch_id=str(uuid.uuid4()),
        department=origin.department,
        dataset=origin.dataset,
        raw_object=origin.raw_object,
        rows_read=raw.num_rows,
        versions={},
        cursor=None,
        kind="replay",
    )
    with hub.engine.begin() as connection:
        ledger.start_batch(connection, header, [])
    return land_in_warehouse(
        hub.engine, prepare(hub, spec, mappings.read(spec), header, raw, replays)
    )
