"""The same way in three stages that may run in three processes: what the orchestrator's tasks call.

Between the stages the mapped and gated frames lie under `stage/` in the object store until they have landed. Each
stage may be repeated.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

import connectors
import mappings
from hub.core.batches import Certificate
from hub.core.crash import crash_point
from hub.core.errors import GateStopped
from hub.core.progress import advanced
from hub.core.specs import read_department
from hub.pipeline import staging
from hub.pipeline.batch import keep_raw, prepare, read_raw, remembered_shape
from hub.pipeline.busy import working_alone
from hub.pipeline.installation import Hub
from hub.pipeline.reading import Reading, acknowledge, open_source
from hub.pipeline.stopping import stop_if_unfit, stopped
from warehouse import decisions, ledger
from warehouse.landing import land as land_in_warehouse

ROUND_BATCHES = 40
"""What may wait between the stages. A larger reading, such as a first load, lands round by round meanwhile."""


def extract(hub: Hub, slug: str) -> list[str]:
    """Read what is new in the department's system into raw objects; returns the batch ids in reading order.

    When more than ROUND_BATCHES wait, they are mapped and landed before the reading goes on, so that a first load of
    any size keeps to bounded space, and continues where it stopped. Batches of earlier runs that never landed are
    marked abandoned: their rows are read again, because the cursor has not moved. What the source refuses (a broken
    file, say) is noted and does not hold up the rest, nor does a dataset of which a batch waits at the gate, which is not
    read: `finish` says both after the landing. Raises
    SourceUnavailable, and SourceRefused when nothing at all could be read; DepartmentBusy when another run is at work.
    """
    with working_alone(hub, slug):
        reading = Reading(hub, slug)
        waiting: list[str] = []
        for dataset in reading.source.connector.datasets:
            if dataset in stopped(hub, slug):
                continue
            started = time.perf_counter()
            for raw in reading.batches(dataset):
                header = keep_raw(hub, slug, raw, time.perf_counter() - started)
                waiting.append(header.batch_id)
                advanced("extract", slug, dataset, header.rows_read)
                crash_point("after_extract")
                if len(waiting) >= ROUND_BATCHES:
                    _land(hub, slug, map_and_gate(hub, slug, waiting))
                    waiting = []
                    if dataset in stopped(hub, slug):
                        break
                started = time.perf_counter()
        reading.close()
        return waiting


def map_and_gate(hub: Hub, slug: str, batch_ids: Iterable[str]) -> list[str]:
    """Translate raw batches onto the canonical entities and sort clean rows from quarantined ones.

    Leaves each batch's frames under `stage/`, identity data encrypted. Returns the ids, without batches that stop
    because too much of them is rejected, and without those of the same dataset behind them: these are abandoned, and
    read again after the decision. Raises GateStopped when a check did not run, or the drift policy says so.
    """
    department = read_department(hub.settings.departments, slug)
    mapping = mappings.read(department)
    done = []
    for batch_id in batch_ids:
        with hub.engine.connect() as connection:
            header = ledger.read_header(connection, batch_id)
        if _waits(hub, batch_id):
            continue
        before = remembered_shape(hub, header)
        staged = prepare(hub, department, mapping, header, read_raw(hub, header), before=before)
        try:
            stop_if_unfit(hub, department, staged)
        except GateStopped:
            continue  # noted in the ledger; `finish` says it
        staging.write(hub.store, staged)
        with hub.engine.begin() as connection:
            ledger.set_state(connection, batch_id, "mapped")
        advanced("map", slug, header.dataset, header.rows_read)
        done.append(batch_id)
        crash_point("after_map")
    return done


def _waits(hub: Hub, batch_id: str) -> bool:
    """Whether the batch, or one of its dataset before it, waits for a decision; then it is not mapped."""
    with hub.engine.begin() as connection:
        if not decisions.is_behind(connection, batch_id):
            return False
        ledger.set_state(connection, batch_id, "abandoned")  # but for the one that waits itself
        return True


def land(hub: Hub, slug: str, batch_ids: Iterable[str]) -> list[Certificate]:
    """Land each batch in one warehouse transaction, then tell the source (sync flags), then clear the stage.

    May be repeated: a batch that has landed gives its certificate again. If the process ended between landing and
    telling, the next extraction reads those rows again, finds them unchanged, and tells then.
    """
    with working_alone(hub, slug):
        return _land(hub, slug, batch_ids)


def _land(hub: Hub, slug: str, batch_ids: Iterable[str]) -> list[Certificate]:
    connector = open_source(hub, slug).connector
    certificates = []
    for batch_id in batch_ids:
        with hub.engine.connect() as connection:
            certificate = ledger.certificate(connection, batch_id)
        if certificate is None:
            certificate = _land_staged(hub, connector, batch_id)
        staging.clear(hub.store, batch_id)
        advanced("land", slug, certificate.dataset, certificate.read)
        certificates.append(replace(certificate, fates=None))
    return certificates


def _land_staged(hub: Hub, connector: connectors.Connector, batch_id: str) -> Certificate:
    landing = staging.read(hub.store, batch_id)
    certificate = land_in_warehouse(hub.engine, landing)
    if certificate.fates is not None:
        acknowledge(connector, certificate, read_raw(hub, landing.header))
    return certificate
