"""Replaying the quarantine: the rejected rows go the same way again, from their raw objects, after a fix."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

import mappings
from hub.core.batches import SRC, BatchHeader, Certificate, Step
from hub.core.progress import advanced
from hub.core.specs import Department, read_department
from hub.pipeline.batch import prepare, read_raw
from hub.pipeline.installation import Hub
from hub.pipeline.judging import NOTHING_DECIDED, Decided
from warehouse import ledger, workbench
from warehouse.landing import land as land_in_warehouse
from warehouse.workbench import Selection


@dataclass(frozen=True, slots=True)
class Waiting:
    """Quarantined rows of one batch, and how to read them: `replays` has quarantine_id and `_src`, `raw` the rows as they
    came, with their `_src`."""

    origin: BatchHeader
    department: Department
    mapping: mappings.Mapping
    replays: pl.DataFrame
    raw: pa.Table

    def only(self, replays: pl.DataFrame) -> Waiting:
        """The same for some of the rows."""
        kept = pl.Series(self.raw[SRC].to_pylist(), dtype=pl.Int64).is_in(replays[SRC].implode())
        raw = self.raw.filter(kept.to_arrow())
        return Waiting(self.origin, self.department, self.mapping, replays, raw)


def replay(
    hub: Hub,
    department: str | None = None,
    reason: str | None = None,
    quarantine_id: int | None = None,
    *,
    chosen: Selection | None = None,
    step: Step | None = None,
) -> list[Certificate]:
    """Map, gate and land open quarantined rows again with today's mapping and crosswalks.

    `chosen` stands instead of the three filters. Each batch concerned makes one of kind 'replay', which never moves a
    cursor. Rows that pass land (or turn out superseded); rows that fail again wait on with what is wrong now.
    """
    if chosen is None:
        ids = () if quarantine_id is None else (quarantine_id,)
        chosen = Selection(ids=ids, department=department, reason=reason)
    return [land_again(hub, waiting, step=step) for waiting in waiting_rows(hub, chosen)]


def waiting_rows(hub: Hub, chosen: Selection) -> Iterator[Waiting]:
    """The open rows of the selection, batch by batch."""
    with hub.engine.connect() as connection:
        rows = workbench.chosen_rows(connection, chosen).filter(pl.col("state") == "open")
    for (batch_id,), group in rows.group_by("batch_id", maintain_order=True):
        with hub.engine.connect() as connection:
            origin = ledger.read_header(connection, str(batch_id))
        department = read_department(hub.settings.departments, origin.department)
        replays = group.select("quarantine_id", pl.col("raw_row").alias(SRC)).sort(SRC)
        positions = pa.array(replays[SRC].to_list(), pa.int64())
        raw = read_raw(hub, origin).take(positions).append_column(SRC, positions)
        yield Waiting(origin, department, mappings.read(department), replays, raw)


def land_again(
    hub: Hub, waiting: Waiting, decided: Decided = NOTHING_DECIDED, step: Step | None = None
) -> Certificate:
    """Land these rows as one batch of kind 'replay'. Returns its certificate, with the fates."""
    origin = waiting.origin
    header = BatchHeader(
        batch_id=str(uuid.uuid4()),
        department=origin.department,
        dataset=origin.dataset,
        raw_object=origin.raw_object,
        rows_read=waiting.raw.num_rows,
        versions={},
        cursor=None,
        kind="replay",
    )
    with hub.engine.begin() as connection:
        ledger.start_batch(connection, header, [])
    landing = prepare(
        hub, waiting.department, waiting.mapping, header, waiting.raw, waiting.replays, decided=decided, step=step,
    )  # fmt: skip
    certificate = land_in_warehouse(hub.engine, landing)
    advanced("land", header.department, header.dataset, header.rows_read)
    return certificate
