"""The way of a record in one process, chunk by chunk: read, kept raw, mapped, gated, landed, acknowledged.

While one chunk lands, the next is mapped and the one after it is read, and no more than that is at hand: a run that
ends anywhere, after any number of rows, goes on where it stopped, and neither memory nor space grows with the source.
"""

from __future__ import annotations

from hub.core.batches import Certificate
from hub.core.errors import GateStopped
from hub.pipeline.busy import working_alone
from hub.pipeline.installation import Hub
from hub.pipeline.reading import Reading, open_source, raise_refusals
from hub.pipeline.stopping import raise_stopped
from hub.pipeline.sweeping import sweep_what_is_due
from hub.pipeline.taking import take_all


def run(hub: Hub, slug: str) -> list[Certificate]:
    """One department from its system to the warehouse, then the sweeps that are due. Returns the certificates, without the fates of rows.

    A dataset that stops at the gate holds up no other: GateStopped comes at the end. Raises SourceUnavailable,
    SourceRefused (when nothing at all could be read; `raise_refusals` says the rest), SpecError, LandingError,
    DepartmentBusy.
    """
    with working_alone(hub, slug):
        reading = Reading(hub, slug)
        certificates: list[Certificate] = []
        stopped: list[GateStopped] = []
        for dataset in reading.source.connector.datasets:
            try:
                certificates += take_all(hub, reading.source, reading.batches(dataset))
            except GateStopped as stop:
                stopped.append(stop)
        reading.close()
        try:
            if reading.closed is None:
                for swept in sweep_what_is_due(hub, reading.source):
                    certificates += swept.certificates
        except GateStopped as stop:
            stopped.append(stop)
        if stopped:
            raise stopped[0] if len(stopped) == 1 else GateStopped("; ".join(map(str, stopped)))
        return certificates


def finish(hub: Hub, slug: str) -> None:
    """What follows a landing of stages that ran apart: sweeps that are due, then GateStopped for what waits for a
    decision, SourceRefused for what was refused."""
    with working_alone(hub, slug):
        sweep_what_is_due(hub, open_source(hub, slug))
    raise_stopped(hub, slug)
    raise_refusals(hub, slug)
