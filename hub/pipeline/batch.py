"""One batch: kept as a raw object, mapped, gated, ready to land. Every way into the warehouse shares these steps."""

from __future__ import annotations

import io
import uuid
from collections.abc import Mapping, Sequence

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

import mappings
from hub.core.batches import (
    REPLAYS,
    SRC,
    BatchHeader,
    Cursor,
    Drift,
    Landing,
    Mapped,
    RawBatch,
    Step,
)
from hub.core.crash import crash_point
from hub.core.errors import LandingError
from hub.core.fingerprints import record_hashes
from hub.core.specs import Department
from hub.pipeline.installation import Hub
from hub.pipeline.judging import NOTHING_DECIDED, Decided, Shape, ShapeStopped, judge
from quality import gate, outcomes, quarantine
from warehouse import annexes, ledger, retention
from warehouse import outcomes as warehouse_outcomes
from warehouse.objects import put_raw


def keep_raw(
    hub: Hub,
    slug: str,
    raw: RawBatch,
    seconds: float,
    kind: str = "extract",
    corrects: Sequence[Mapping[str, object]] = (),
) -> BatchHeader:
    """Store a batch as a raw object with its manifest, and enter it in the ledger.

    `corrects`: per row of a correction the row that it corrects, for the manifest. Only batches of kind 'extract' carry the connector's cursor.
    """
    buffer = io.BytesIO()
    pq.write_table(raw.table, buffer, compression="zstd")
    manifest = {
        "department": slug,
        "dataset": raw.dataset,
        "rows": raw.table.num_rows,
        "files": [
            {
                "name": file.name, "rows": file.rows, "sha256": file.sha256, "bytes": file.bytes,
                "furniture": list(file.furniture),
            }
            for file in raw.files
        ],
    }  # fmt: skip
    if corrects:
        manifest["corrects"] = list(corrects)
    cursor: Cursor | None = raw.cursor if kind == "extract" else None
    header = BatchHeader(
        batch_id=str(uuid.uuid4()),
        department=slug,
        dataset=raw.dataset,
        raw_object=put_raw(hub.store, slug, raw.dataset, buffer.getvalue(), manifest),
        rows_read=raw.table.num_rows,
        versions={},
        cursor=cursor,
        kind=kind,
        seconds={"extract": round(seconds, 4)},
    )
    crash_point("after_raw_put")
    with hub.engine.begin() as connection:
        ledger.start_batch(connection, header, manifest["files"])
    return header


def read_raw(hub: Hub, header: BatchHeader) -> pa.Table:
    """The raw object of a batch, as the connector delivered it, verified against its name.

    Raises LandingError when it is missing or damaged; of one that a retention removed, it says so.
    """
    try:
        data = hub.store.get(header.raw_object)
    except LandingError:
        with hub.engine.connect() as connection:
            removed = retention.removed_at(connection, header.department, header.raw_object)
        if removed is None:
            raise
        raise LandingError(
            f"the raw object was removed under the retention on {removed:%Y-%m-%d}", where=header.raw_object,
            remedy="restore it from a backup, or read the rows again from the source (hub backfill)",
        ) from None  # fmt: skip
    return pq.read_table(io.BytesIO(data))


def remembered_shape(hub: Hub, header: BatchHeader) -> Shape | None:
    """What the dataset looked like when it last landed. A replay is not compared: its shape is of its own day."""
    if header.kind in REPLAYS:
        return None
    with hub.engine.connect() as connection:
        return ledger.read_shape(connection, header.department, header.dataset)


def prepare(
    hub: Hub,
    department: Department,
    mapping: mappings.Mapping,
    header: BatchHeader,
    raw: pa.Table,
    replays: pl.DataFrame | None = None,
    before: Shape | None = None,
    decided: Decided = NOTHING_DECIDED,
    step: Step | None = None,
) -> Landing:
    """Map and gate one raw table: everything that its landing will write.

    `before`: the shape that the warehouse remembers of the dataset. `decided`: what people decided of its rows; `step`:
    who replays them. Raises GateStopped when the dataset's policy says to stop at a change of shape, and when a check did
    not run; both are recorded all the same.
    """
    try:
        judged = judge(department, mapping, header.dataset, raw, before, hub.keys, decided)
    except ShapeStopped as stop:
        _note_failure(hub, header, changes=stop.changes)
        raise
    except gate.NotJudged as failure:
        _note_failure(hub, header, checks=outcomes.frame(failure.checks))
        raise
    clean = judged.gated.clean
    kept = quarantine.build(
        raw, judged.gated.rejects, judged.mapped.records, mapping.sensitive_roles(header.dataset), hub.keys
    )  # fmt: skip
    return Landing(
        header=_stamped(header, mapping, judged.seconds),
        records=hashed(clean),
        entities=clean.entities,
        owned=clean.owned,
        quarantine=kept,
        parties=_sealed(hub, clean.parties),
        unmapped=clean.unmapped,
        drift=judged.drift,
        replays=replays,
        shape=judged.shape if header.kind == "extract" and judged.shape != before else None,
        checks=outcomes.frame(judged.gated.checks, kept),
        held=judged.held,
        step=step or Step("hub", "replay"),
    )


def _note_failure(
    hub: Hub,
    header: BatchHeader,
    changes: tuple[Drift, ...] = (),
    checks: pl.DataFrame | None = None,
) -> None:
    with hub.engine.begin() as connection:
        annexes.note_drift(connection, header, changes)
        if checks is not None:
            warehouse_outcomes.note(connection, header, checks)
        ledger.set_state(connection, header.batch_id, "failed")


def _stamped(
    header: BatchHeader, mapping: mappings.Mapping, seconds: dict[str, float]
) -> BatchHeader:
    return BatchHeader(
        batch_id=header.batch_id,
        department=header.department,
        dataset=header.dataset,
        raw_object=header.raw_object,
        rows_read=header.rows_read,
        versions={
            "mapping": mapping.version,
            "codes": mapping.codes_version,
            "schema": gate.schema_version(),
        },
        cursor=header.cursor,
        kind=header.kind,
        seconds=header.seconds | {stage: round(spent, 4) for stage, spent in seconds.items()},
    )


def hashed(clean: Mapped) -> pl.DataFrame:
    """The records with the hash of everything that each reports."""
    return clean.records.join(record_hashes(clean.entities), on=SRC, how="left").with_columns(
        pl.col("record_hash").fill_null("")
    )


def _sealed(hub: Hub, parties: pl.DataFrame) -> pl.DataFrame:
    distinct = parties.drop(SRC).unique("applicant_token", keep="first", maintain_order=True)
    return distinct.with_columns(
        hub.keys.encrypt(distinct[column]) for column in ("identity", "phone", "name")
    )
