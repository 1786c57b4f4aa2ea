"""One batch: kept as a raw object, mapped, gated, ready to land. Every way into the warehouse shares these steps."""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

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
from hub.core.codelists import codelists
from hub.core.crash import crash_point
from hub.core.errors import GateStopped, LandingError
from hub.core.fingerprints import record_hashes
from hub.core.specs import Department
from hub.pipeline import drift
from hub.pipeline.installation import Hub
from quality import gate, outcomes, quarantine
from warehouse import annexes, ledger, retention
from warehouse import outcomes as warehouse_outcomes
from warehouse.objects import put_raw

Shape = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Decided:
    """Decisions of people on rows of a batch. `waived`: `_src` and `reason` of rejects that do not count; `refused`:
    frames in REJECTS_SCHEMA, of rows that were rejected for good and must not land whatever the mapping says."""

    waived: pl.DataFrame | None = None
    refused: tuple[pl.DataFrame, ...] = ()


NOTHING_DECIDED = Decided()


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
    started = time.perf_counter()
    shape = drift.shape_of(raw)
    policy = department.settings(header.dataset).drift
    spec = mapping.spec(header.dataset)
    lacking = (
        drift.absent(shape, spec.fields, spec.older_names) if policy.missing == "ignore" else ()
    )
    mapped = mappings.apply(
        mapping, header.dataset, drift.with_empty_columns(raw, lacking), hub.keys
    )
    found = drift.changes(shape, before, (*drift.missing(lacking), *mapped.drift), spec.older_names)
    if stopping := drift.under(found, policy, "stop"):
        _stop(hub, header, stopping)
    held = drift.under(found, policy, "quarantine")
    mapped_at = time.perf_counter()
    mapped = replace(mapped, rejects=pl.concat([*decided.refused, mapped.rejects]))
    try:
        gated = gate.inspect(_held_back(mapped, held), codelists(), decided.waived)
    except gate.NotJudged as failure:
        _note_unjudged(hub, header, failure)
        raise
    clean = gated.clean
    new_shape = drift.remembered(shape, before, held)
    kept = quarantine.build(
        raw, gated.rejects, mapped.records, mapping.sensitive_roles(header.dataset), hub.keys
    )
    return Landing(
        header=_stamped(
            header, mapping, {"map": mapped_at - started, "gate": time.perf_counter() - mapped_at}
        ),
        records=_hashed(clean),
        entities=clean.entities,
        owned=clean.owned,
        quarantine=kept,
        parties=_sealed(hub, clean.parties),
        unmapped=clean.unmapped,
        drift=drift.unseen(found, shape, before),
        replays=replays,
        shape=new_shape if header.kind == "extract" and new_shape != before else None,
        checks=outcomes.frame(gated.checks, kept),
        held=bool(held),
        step=step or Step("hub", "replay"),
    )


def _stop(hub: Hub, header: BatchHeader, stopping: tuple[Drift, ...]) -> None:
    with hub.engine.begin() as connection:
        annexes.note_drift(connection, header, stopping)
        ledger.set_state(connection, header.batch_id, "failed")
    raise GateStopped(
        "; ".join(change.message for change in stopping),
        where=f"{header.department}/{header.dataset}",
        remedy="adapt mapping.yml, or the dataset's drift policy in source.yml; nothing of this batch landed",
    )


def _note_unjudged(hub: Hub, header: BatchHeader, failure: gate.NotJudged) -> None:
    with hub.engine.begin() as connection:
        warehouse_outcomes.note(connection, header, outcomes.frame(failure.checks))
        ledger.set_state(connection, header.batch_id, "failed")


def _held_back(mapped: Mapped, held: tuple[Drift, ...]) -> Mapped:
    if not held or (not mapped.rejects.is_empty() and all(d.change == "missing" for d in held)):
        return mapped  # the mapping itself refuses rows that lack a mapped column
    waiting = drift.rejects(mapped.records[SRC], held)
    return replace(mapped, rejects=pl.concat([mapped.rejects, waiting]))


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


def _hashed(clean: Mapped) -> pl.DataFrame:
    return clean.records.join(record_hashes(clean.entities), on=SRC, how="left").with_columns(
        pl.col("record_hash").fill_null("")
    )


def _sealed(hub: Hub, parties: pl.DataFrame) -> pl.DataFrame:
    distinct = parties.drop(SRC).unique("applicant_token", keep="first", maintain_order=True)
    return distinct.with_columns(
        hub.keys.encrypt(distinct[column]) for column in ("identity", "phone", "name")
    )
