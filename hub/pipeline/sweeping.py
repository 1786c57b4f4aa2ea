"""The sweep: the keys at the source against the keys in the warehouse, and what follows from the difference.

A row that the reading missed, because its transaction committed later than the lag, is fetched and landed. A record
whose key is gone is, where the dataset declares it, landed once more from its last image, marked as deleted. Both are
batches like any other, with raw object and certificate; no cursor moves.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

import connectors
import mappings
from hub.core.batches import CHUNK_ROWS, DELETED, Certificate, RawBatch, SourceFile
from hub.core.errors import GateStopped
from hub.pipeline.busy import working_alone
from hub.pipeline.installation import Hub
from hub.pipeline.reading import Source, cannot_be_asked, open_source
from hub.pipeline.stopping import refuse_while_stopped, stopped
from hub.pipeline.taking import take
from warehouse import runs
from warehouse.comparison import Comparison, comparison

SECONDS = {"m": 60, "h": 3_600, "d": 86_400}
SMALL = 100
SHARE = 0.2
"""More deletes than SMALL and than this share of all records at once are for a person to accept."""


@dataclass(slots=True)
class Swept:
    """What one sweep of one dataset met. `keys`: rows at the source; `fetched`: rows that the warehouse did not know;
    `gone`: living records whose key the source no longer has; `deleted`: whether they were landed as deleted."""

    dataset: str
    keys: int = 0
    fetched: int = 0
    gone: int = 0
    deleted: bool = False
    certificates: list[Certificate] = field(default_factory=list)


def sweep(
    hub: Hub, slug: str, dataset: str | None = None, accept_deletes: bool = False
) -> list[Swept]:
    """Sweep the datasets that declare it, or just `dataset`, now.

    Raises SpecError where a source cannot be asked for its keys, GateStopped when unusually many records are gone
    (nothing is deleted then; `accept_deletes` says that a person has looked), and what reading raises.
    """
    with working_alone(hub, slug):
        source = open_source(hub, slug)
        chosen = [dataset] if dataset else declared(source)
        return [_sweep(hub, source, name, accept_deletes) for name in chosen]


def sweep_what_is_due(hub: Hub, source: Source) -> list[Swept]:
    """Sweep the datasets whose last sweep is older than they declare, but for those of which a batch waits at the gate:
    its rows would be fetched past it. The caller holds the department."""
    waiting = stopped(hub, source.slug)
    return [
        _sweep(hub, source, name, accept_deletes=False)
        for name in declared(source)
        if _is_due(hub, source, name) and name not in waiting
    ]


def declared(source: Source) -> list[str]:
    """The datasets that declare a sweep."""
    return [name for name in source.connector.datasets if source.department.settings(name).sweep]


def _is_due(hub: Hub, source: Source, dataset: str) -> bool:
    settings = source.department.settings(dataset).sweep
    if settings is None or settings.every == "run":
        return settings is not None
    with hub.engine.connect() as connection:
        age = runs.sweep_age(connection, source.slug, dataset)
    return age is None or age >= int(settings.every[:-1]) * SECONDS[settings.every[-1]]


def _sweep(hub: Hub, source: Source, dataset: str, accept_deletes: bool) -> Swept:
    refuse_while_stopped(hub, source.slug, dataset)
    by_absence = source.department.settings(dataset).deletes == "sweep"
    swept = Swept(dataset)
    with comparison(hub.engine, source.slug, dataset, by_absence) as compared:
        for keys, fetch in key_chunks(source, dataset):
            swept.keys += keys.len()
            compared.add(keys)
            unknown = compared.unknown(keys)
            if unknown.len():
                _land_fetched(hub, source, fetch(keys.is_in(unknown.implode())), swept)
        gone = compared.gone()
        swept.gone = gone.height
        if by_absence and gone.height:
            _check_plausible(source, dataset, compared, gone.height, accept_deletes)
            swept.deleted = True
            for raw in _last_images(hub, dataset, gone):
                swept.certificates.append(take(hub, source, raw, 0.0, kind="sweep"))
        with hub.engine.begin() as connection:
            summary = {"keys": swept.keys, "fetched": swept.fetched, "gone": swept.gone}
            runs.record_sweep(connection, source.slug, dataset, compared.started_at, summary)
    return swept


Fetch = Callable[[pl.Series], Iterator[RawBatch]]


def key_chunks(source: Source, dataset: str) -> Iterator[tuple[pl.Series, Fetch]]:
    """Chunk by chunk the record keys of all rows at the source, and a function that gives the rows under a mask.

    Raises SpecError for a source that can neither be asked for keys nor be read whole.
    """
    connector, mapping = source.connector, source.mapping
    if isinstance(connector, connectors.Keyed):
        for table in connector.keys(dataset, mapping.key_fields(dataset)):
            yield (
                mappings.record_keys(mapping, dataset, table),
                partial(_asked, connector, dataset, table),
            )
    elif isinstance(connector, connectors.Whole):
        for raw in connector.read_whole(dataset):
            yield mappings.record_keys(mapping, dataset, raw.table), partial(_picked, raw)
    else:
        raise cannot_be_asked(source.department, dataset)


def _asked(
    connector: connectors.Keyed, dataset: str, keys: pa.Table, mask: pl.Series
) -> Iterator[RawBatch]:
    return connector.fetch(dataset, keys.filter(mask.to_arrow()))


def _picked(raw: RawBatch, mask: pl.Series) -> Iterator[RawBatch]:
    yield replace(raw, table=raw.table.filter(mask.to_arrow()))


def _land_fetched(hub: Hub, source: Source, batches: Iterator[RawBatch], swept: Swept) -> None:
    started = time.perf_counter()
    for raw in batches:
        swept.fetched += raw.table.num_rows
        spent = time.perf_counter() - started
        swept.certificates.append(take(hub, source, raw, spent, kind="sweep"))
        started = time.perf_counter()


def _check_plausible(
    source: Source, dataset: str, compared: Comparison, gone: int, accepted: bool
) -> None:
    living = compared.living()
    if gone > max(SMALL, living * SHARE) and not accepted:
        raise GateStopped(
            f"{gone} of {living} records are gone from the source", where=f"{source.slug}/{dataset}",
            remedy="ask the department; if it is right: hub sweep --accept-deletes. Nothing was marked as deleted",
        )  # fmt: skip


def _last_images(hub: Hub, dataset: str, gone: pl.DataFrame) -> Iterator[RawBatch]:
    """The last images of records that are gone, from their raw objects, marked as deleted; in as few batches as
    their columns allow."""
    waiting: list[pa.Table] = []
    for (name,), rows in gone.group_by("raw_object", maintain_order=True):
        image = _marked(hub, str(name), rows["raw_row"])
        fits = waiting and image.schema.equals(waiting[0].schema)
        if waiting and not (
            fits and sum(t.num_rows for t in waiting) + image.num_rows <= CHUNK_ROWS
        ):
            yield _tombstones(dataset, waiting)
            waiting = []
        waiting.append(image)
    if waiting:
        yield _tombstones(dataset, waiting)


def _marked(hub: Hub, raw_object: str, rows: pl.Series) -> pa.Table:
    table = pq.read_table(io.BytesIO(hub.store.get(raw_object))).take(rows.to_arrow())
    at = table.schema.get_field_index(DELETED)
    return table.set_column(at, DELETED, pa.repeat(pa.scalar(True), table.num_rows))


def _tombstones(dataset: str, images: list[pa.Table]) -> RawBatch:
    table = pa.concat_tables(images)
    return RawBatch(
        dataset, table, (SourceFile("sweep: gone from the source", table.num_rows),), {}
    )
