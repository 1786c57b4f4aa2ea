"""Extract, map and gate, land: the three stages of one department.

Between the stages a batch is known by its id. What it holds lies in the object store: the raw object for good, the
mapped and gated frames under `stage/` until they have landed. So each stage may run in another process, and may be
repeated.
"""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

import connectors
import mappings
from hub.core.batches import (
    SRC,
    BatchHeader,
    Certificate,
    Landing,
    Mapped,
    RawBatch,
)
from hub.core.codelists import codelists
from hub.core.crash import crash_point
from hub.core.errors import SourceRefused
from hub.core.fingerprints import record_hashes
from hub.core.progress import advanced
from hub.core.specs import Department, read_department
from hub.pipeline import staging
from hub.pipeline.installation import Hub
from quality import gate, quarantine
from warehouse import ledger, runs
from warehouse.landing import land as land_in_warehouse
from warehouse.objects import put_raw


def extract(hub: Hub, slug: str) -> list[str]:
    """Read what is new in the department's system into raw objects; nothing lands yet.

    Returns the batch ids in reading order. Batches of earlier runs that never landed are marked abandoned: their
    rows are read again, because the cursor has not moved. What the source refuses (a broken file, say) is noted and
    does not hold up the rest: `raise_refusals` says it after the landing. Raises SourceUnavailable, and SourceRefused
    when nothing at all could be read.
    """
    started_at = datetime.now(UTC)
    department = read_department(hub.settings.departments, slug)
    connector = connectors.open(department, hub.settings.connection_url(department.spec.connection))
    with hub.engine.begin() as connection:
        ledger.abandon_open(connection, slug)
    batch_ids: list[str] = []
    refused: list[SourceRefused] = []
    for dataset in connector.datasets:
        try:
            for batch_id in _extract_dataset(hub, slug, connector, dataset):
                batch_ids.append(batch_id)
        except SourceRefused as refusal:
            refused.append(refusal)
    with hub.engine.begin() as connection:
        runs.record_extraction(connection, slug, started_at, [str(refusal) for refusal in refused])
    if refused and not batch_ids:
        raise refused[0]
    return batch_ids


def _extract_dataset(
    hub: Hub, slug: str, connector: connectors.Connector, dataset: str
) -> Iterator[str]:
    with hub.engine.connect() as connection:
        cursor = ledger.read_cursor(connection, slug, dataset)
    started = time.perf_counter()
    for raw in connector.read(dataset, cursor):
        yield _keep_raw(hub, slug, raw, time.perf_counter() - started)
        advanced("extract", slug, dataset, raw.table.num_rows)
        crash_point("after_extract")
        started = time.perf_counter()


def _keep_raw(hub: Hub, slug: str, raw: RawBatch, seconds: float) -> str:
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
    header = BatchHeader(
        batch_id=str(uuid.uuid4()),
        department=slug,
        dataset=raw.dataset,
        raw_object=put_raw(hub.store, slug, raw.dataset, buffer.getvalue(), manifest),
        rows_read=raw.table.num_rows,
        versions={},
        cursor=raw.cursor,
        seconds={"extract": round(seconds, 4)},
    )
    with hub.engine.begin() as connection:
        ledger.start_batch(connection, header, manifest["files"])
    return header.batch_id


def map_and_gate(hub: Hub, slug: str, batch_ids: Iterable[str]) -> list[str]:
    """Translate raw batches onto the canonical entities and sort clean rows from quarantined ones.

    Leaves each batch's frames under `stage/`, identity data encrypted. Returns the same ids.
    """
    department = read_department(hub.settings.departments, slug)
    mapping = mappings.read(department)
    done = []
    for batch_id in batch_ids:
        with hub.engine.connect() as connection:
            header = ledger.read_header(connection, batch_id)
        staged = prepare(hub, department, mapping, header, read_raw(hub, header))
        staging.write(hub.store, staged)
        with hub.engine.begin() as connection:
            ledger.set_state(connection, batch_id, "mapped")
        advanced("map", slug, header.dataset, header.rows_read)
        done.append(batch_id)
        crash_point("after_map")
    return done


def read_raw(hub: Hub, header: BatchHeader) -> pa.Table:
    """The raw object of a batch, as the connector delivered it, verified against its name."""
    return pq.read_table(io.BytesIO(hub.store.get(header.raw_object)))


def prepare(
    hub: Hub,
    department: Department,
    mapping: mappings.Mapping,
    header: BatchHeader,
    raw: pa.Table,
    replays: pl.DataFrame | None = None,
) -> Landing:
    """Map and gate one raw table: everything that its landing will write. Touches no database."""
    started = time.perf_counter()
    mapped = mappings.apply(mapping, header.dataset, raw, hub.keys)
    mapped_at = time.perf_counter()
    gated = gate.inspect(mapped, codelists())
    clean = gated.clean
    return Landing(
        header=_stamped(
            header, mapping, {"map": mapped_at - started, "gate": time.perf_counter() - mapped_at}
        ),
        records=_hashed(clean),
        entities=clean.entities,
        owned=clean.owned,
        quarantine=quarantine.build(
            raw, gated.rejects, mapped.records, mapping.sensitive_roles(header.dataset), hub.keys
        ),
        parties=_sealed(hub, clean.parties),
        unmapped=clean.unmapped,
        drift=clean.drift,
        replays=replays,
    )


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


def land(hub: Hub, slug: str, batch_ids: Iterable[str]) -> list[Certificate]:
    """Land each batch in one warehouse transaction, then tell the source (sync flags), then clear the stage.

    May be repeated: a batch that has landed gives its certificate again. If the process ended between landing and
    telling, the next extraction reads those rows again, finds them unchanged, and tells then.
    """
    department = read_department(hub.settings.departments, slug)
    connector = connectors.open(department, hub.settings.connection_url(department.spec.connection))
    certificates = []
    for batch_id in batch_ids:
        with hub.engine.connect() as connection:
            certificate = ledger.certificate(connection, batch_id)
        if certificate is None:
            certificate = _land_staged(hub, connector, batch_id)
        staging.clear(hub.store, batch_id)
        advanced("land", slug, certificate.dataset, certificate.read)
        certificates.append(certificate)
    return certificates


def _land_staged(hub: Hub, connector: connectors.Connector, batch_id: str) -> Certificate:
    landing = staging.read(hub.store, batch_id)
    certificate = land_in_warehouse(hub.engine, landing)
    if certificate.fates is not None:
        raw = read_raw(hub, landing.header)
        connector.acknowledge(landing.header.dataset, raw, certificate.fates)
    return certificate


def raise_refusals(hub: Hub, slug: str) -> None:
    """Raise SourceRefused if the department's system refused anything in the last extraction."""
    with hub.engine.connect() as connection:
        refused = runs.refusals(connection, slug).get(slug, [])
    if refused:
        raise SourceRefused("; ".join(refused), where=slug, remedy="the rest has landed")


def run(hub: Hub, slug: str) -> list[Certificate]:
    """One department from its system to the warehouse, in this process.

    Raises SourceUnavailable, SourceRefused (for what `extract` could not read at all), SpecError, LandingError.
    """
    return land(hub, slug, map_and_gate(hub, slug, extract(hub, slug)))
