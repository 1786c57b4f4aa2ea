"""A department's core tables once more from its raw objects, in the ledger's order, with today's mapping.

They are rebuilt batch by batch in a scratch database of the same server and compared with core. Rows that were
replayed from quarantine land from their original batch, where today's mapping lets them in there; where it does not
(their key was another record's then), from their replay. What people decided holds: a row that was accepted lands with the
same checks waived, a row that was rejected does not land, and a corrected row lands from its correction.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl
import pyarrow as pa

import mappings
import warehouse
from hub.core.batches import SRC, BatchHeader, Certificate, Landing
from hub.core.errors import DepartmentBusy
from hub.core.progress import advanced
from hub.core.specs import Department, read_department
from hub.pipeline.batch import prepare, read_raw, remembered_shape
from hub.pipeline.busy import working_alone
from hub.pipeline.installation import Hub
from hub.pipeline.judging import Decided
from warehouse import ledger, rebuilding
from warehouse.landing import land
from warehouse.objects import manifest_of


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuilding met. `uncertified`: batches whose numbers or checksum came out otherwise than when they
    landed, as they do after a change of the mapping. `written`: the batch that wrote the differences, or None."""

    department: str
    batches: int
    rows: int
    entities: tuple[rebuilding.Compared, ...]
    uncertified: tuple[str, ...]
    written: str | None = None

    @property
    def same(self) -> bool:
        return all(entity.same for entity in self.entities)


@dataclass(frozen=True, slots=True)
class _Bench:
    """The installation, and the same with the scratch database in the warehouse's place."""

    hub: Hub
    scratch: Hub
    department: Department
    mapping: mappings.Mapping


def rebuild(hub: Hub, slug: str, write: bool = False) -> Rebuilt:
    """Rebuild and compare; with `write`, make core what was rebuilt, in one transaction.

    Raises LandingError when a raw object is missing, damaged or was removed under a retention, SpecError when the
    mapping knows a dataset no longer, GateStopped when a dataset's drift policy stops a batch, DepartmentBusy.
    """
    department = read_department(hub.settings.departments, slug)
    with working_alone(hub, slug), warehouse.scratch(hub.settings) as engine:
        bench = _Bench(hub, replace(hub, engine=engine), department, mappings.read(department))
        with hub.engine.connect() as connection:
            batches = rebuilding.landed(connection, slug)
            until = rebuilding.last_ledger_no(connection, slug)
        rows, uncertified = 0, []
        for batch_id, started_at, kind, _ in batches.iter_rows():
            certificate = _WAYS.get(kind, _land)(bench, batch_id, started_at)
            if certificate is not None:
                rows += certificate.read
                if kind != "replay" and not _as_certified(hub, certificate):
                    uncertified.append(batch_id)
        with engine.connect() as rebuilt, hub.engine.begin() as connection:
            rebuilding.hold(connection, slug)
            if rebuilding.last_ledger_no(connection, slug) != until:
                raise DepartmentBusy(
                    "something landed while the core tables were rebuilt",
                    where=slug,
                    remedy="run again",
                )
            rebuilding.carry(rebuilt, connection)
            compared = tuple(rebuilding.compare(connection, slug))
            found = Rebuilt(slug, batches.height, rows, compared, tuple(uncertified))
            if not write or found.same:
                return found
            written = rebuilding.write(rebuilt, connection, _header_of_rebuilding(slug))
            return replace(found, written=written.batch_id)


def _land(bench: _Bench, batch_id: str, started_at: datetime) -> Certificate:
    header = _entered(bench, batch_id, started_at)
    before = remembered_shape(bench.scratch, header)
    raw = read_raw(bench.hub, header)
    with bench.hub.engine.connect() as connection:
        refused = rebuilding.rejected_rows(connection, header)
    landing = prepare(
        bench.scratch, bench.department, bench.mapping, header, raw, before=before, decided=Decided(refused=(refused,)),
    )  # fmt: skip
    return _landed(bench, landing)


def _land_replay(bench: _Bench, batch_id: str, started_at: datetime) -> Certificate | None:
    """Replay those of the batch's rows that wait in the rebuilt quarantine too; None if none does."""
    with bench.hub.engine.connect() as connection:
        header = ledger.read_header(connection, batch_id)
        replayed = rebuilding.replayed_rows(connection, batch_id)
        step = rebuilding.step_of(connection, batch_id)
    places = replayed.with_columns(pl.lit(header.raw_object).alias("raw_object"))
    replays = (
        _waiting(bench, header, places)
        .select("quarantine_id", pl.col("raw_row").alias(SRC), "waived")
        .sort(SRC)
    )
    if replays.is_empty():
        return None
    header = replace(_entered(bench, batch_id, started_at), rows_read=replays.height)
    chosen = pa.array(replays[SRC].to_list(), pa.int64())
    raw = read_raw(bench.hub, header).take(chosen).append_column(SRC, chosen)
    waived = replays.select(SRC, reason="waived").explode("reason").drop_nulls()
    landing = prepare(
        bench.scratch, bench.department, bench.mapping, header, raw, replays, decided=Decided(waived), step=step,
    )  # fmt: skip
    return _landed(bench, landing)


def _land_correction(bench: _Bench, batch_id: str, started_at: datetime) -> Certificate:
    """Corrected rows land whether the rows that they correct wait in the rebuilt quarantine or have landed there."""
    header = _entered(bench, batch_id, started_at)
    with bench.hub.engine.connect() as connection:
        step = rebuilding.step_of(connection, batch_id)
    corrected = manifest_of(bench.hub.store, header.raw_object)["corrects"]
    places = pl.DataFrame(
        [(one["raw_object"], one["raw_row"], row) for row, one in enumerate(corrected)],
        schema={"raw_object": pl.String(), "raw_row": pl.Int64(), SRC: pl.Int64()}, orient="row",
    )  # fmt: skip
    replays = _waiting(bench, header, places).select("quarantine_id", SRC).sort(SRC)
    raw = read_raw(bench.hub, header)
    landing = prepare(
        bench.scratch, bench.department, bench.mapping, header, raw, replays, step=step
    )
    return _landed(bench, landing)


_WAYS: dict[str, Callable[[_Bench, str, datetime], Certificate | None]] = {
    "replay": _land_replay,
    "correction": _land_correction,
}
"""Kind of a batch → how it is landed again, where that is not as it was read."""


def _waiting(bench: _Bench, header: BatchHeader, places: pl.DataFrame) -> pl.DataFrame:
    """The rows of the rebuilt quarantine that wait at these places (raw_object, raw_row, and more)."""
    with bench.scratch.engine.connect() as connection:
        waiting = ledger.open_quarantine(connection, header.department, header.dataset)
    return waiting.join(places, on=["raw_object", "raw_row"], how="inner")


def _entered(bench: _Bench, batch_id: str, started_at: datetime) -> BatchHeader:
    """Enter a batch into the scratch ledger under its own id, as read when it was."""
    with bench.hub.engine.connect() as connection:
        header = replace(ledger.read_header(connection, batch_id), versions={}, seconds={})
    with bench.scratch.engine.begin() as connection:
        ledger.start_batch(connection, header, [], started_at)
    return header


def _landed(bench: _Bench, landing: Landing) -> Certificate:
    certificate = land(bench.scratch.engine, landing)
    advanced("land", certificate.department, certificate.dataset, certificate.read)
    return certificate


def _as_certified(hub: Hub, certificate: Certificate) -> bool:
    with hub.engine.connect() as connection:
        before = ledger.certificate(connection, certificate.batch_id)
    return before == replace(certificate, fates=None)


def _header_of_rebuilding(slug: str) -> BatchHeader:
    return BatchHeader(
        batch_id=str(uuid.uuid4()), department=slug, dataset="*", raw_object=f"raw/{slug}/", rows_read=0,
        versions={}, cursor=None, kind=rebuilding.KIND,
    )  # fmt: skip
