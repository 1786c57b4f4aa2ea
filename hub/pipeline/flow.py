"""The way of a record in one process, chunk by chunk: read, kept raw, mapped, gated, landed, acknowledged.

Each chunk lands before the next is asked for, so that a run that ends anywhere, after any number of rows, goes on
where it stopped, and neither memory nor space grows with the source.
"""

from __future__ import annotations

import time

from hub.core.batches import Certificate
from hub.pipeline.busy import working_alone
from hub.pipeline.installation import Hub
from hub.pipeline.reading import Reading, open_source, raise_refusals
from hub.pipeline.sweeping import sweep_what_is_due
from hub.pipeline.taking import take


def run(hub: Hub, slug: str) -> list[Certificate]:
    """One department from its system to the warehouse, then the sweeps that are due. Returns the certificates, without the fates of rows.

    Raises SourceUnavailable, SourceRefused (when nothing at all could be read; `raise_refusals` says the rest),
    SpecError, GateStopped, LandingError, DepartmentBusy.
    """
    with working_alone(hub, slug):
        reading = Reading(hub, slug)
        certificates = []
        for dataset in reading.source.connector.datasets:
            started = time.perf_counter()
            for raw in reading.batches(dataset):
                certificates.append(take(hub, reading.source, raw, time.perf_counter() - started))
                started = time.perf_counter()
        reading.close()
        if reading.closed is None:
            for swept in sweep_what_is_due(hub, reading.source):
                certificates += swept.certificates
        return certificates


def finish(hub: Hub, slug: str) -> None:
    """What follows a landing of stages that ran apart: sweeps that are due, then SourceRefused for what was refused."""
    with working_alone(hub, slug):
        sweep_what_is_due(hub, open_source(hub, slug))
    raise_refusals(hub, slug)
