"""The way of a record in one process, chunk by chunk: read, kept raw, mapped, gated, landed, acknowledged.

Each chunk lands before the next is asked for, so that a run that ends anywhere, after any number of rows, goes on
where it stopped, and neither memory nor space grows with the source.
"""

from __future__ import annotations

import time
from dataclasses import replace

import mappings
from hub.core.batches import Certificate, RawBatch
from hub.core.crash import crash_point
from hub.core.progress import advanced
from hub.pipeline.batch import keep_raw, prepare, remembered_shape
from hub.pipeline.busy import working_alone
from hub.pipeline.installation import Hub
from hub.pipeline.reading import Reading, acknowledge
from warehouse.landing import land


def run(hub: Hub, slug: str) -> list[Certificate]:
    """One department from its system to the warehouse. Returns the certificates, without the fates of rows.

    Raises SourceUnavailable, SourceRefused (when nothing at all could be read; `raise_refusals` says the rest),
    SpecError, GateStopped, LandingError, DepartmentBusy.
    """
    with working_alone(hub, slug):
        reading = Reading(hub, slug)
        mapping = mappings.read(reading.department)
        certificates = []
        for dataset in reading.connector.datasets:
            started = time.perf_counter()
            for raw in reading.batches(dataset):
                certificate = take(hub, reading, mapping, raw, time.perf_counter() - started)
                certificates.append(certificate)
                started = time.perf_counter()
        reading.close()
        return certificates


def take(
    hub: Hub,
    reading: Reading,
    mapping: mappings.Mapping,
    raw: RawBatch,
    seconds: float,
    kind: str = "extract",
) -> Certificate:
    """Bring one batch in; `seconds` is what reading it took. Returns its certificate, without the fates of rows."""
    slug, dataset, rows = reading.slug, raw.dataset, raw.table.num_rows
    header = keep_raw(hub, slug, raw, seconds, kind)
    advanced("extract", slug, dataset, rows)
    crash_point("after_extract")
    before = remembered_shape(hub, header)
    landing = prepare(hub, reading.department, mapping, header, raw.table, before=before)
    advanced("map", slug, dataset, rows)
    crash_point("after_map")
    certificate = land(hub.engine, landing)
    if kind == "extract":
        acknowledge(reading.connector, certificate, raw.table)
    advanced("land", slug, dataset, rows)
    return replace(certificate, fates=None)
