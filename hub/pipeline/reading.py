"""Reading a department's system: what is new, what it refuses, and the load that was put on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

import pyarrow as pa

import connectors
import mappings
from hub.core.batches import Certificate, RawBatch
from hub.core.crash import crash_point
from hub.core.errors import SourceClosed, SourceRefused, SpecError
from hub.core.specs import Department, read_department
from hub.pipeline.batch import read_raw
from hub.pipeline.installation import Hub
from hub.pipeline.stopping import refuse_while_stopped
from warehouse import decisions, ledger, pauses, runs


@dataclass(frozen=True, slots=True)
class Source:
    """A department, its connector and its mapping, opened for one run."""

    slug: str
    department: Department
    connector: connectors.Connector
    mapping: mappings.Mapping


def open_source(hub: Hub, slug: str) -> Source:
    """Open a department; its connector asks the switch before each query. Raises SpecError."""
    department = read_department(hub.settings.departments, slug)
    connector = connectors.open(department, hub.settings.connection_url(department.spec.connection))
    connector.pace.stopped = lambda: pauses.reason(hub.engine, slug)
    for dataset in connector.datasets:
        if department.settings(dataset).sweep and not isinstance(
            connector, connectors.Keyed | connectors.Whole
        ):
            raise cannot_be_asked(department, dataset)
    return Source(slug, department, connector, mappings.read(department))


def cannot_be_asked(department: Department, dataset: str) -> SpecError:
    """The error for a sweep of a source that gives no keys."""
    return department.source.error(
        f"datasets.{dataset}: a source of access method '{department.spec.connector}' cannot be asked for its keys",
        ("datasets", dataset), remedy="leave out 'sweep'; let the department report deletes by a field",
    )  # fmt: skip


class Reading:
    """One reading of a department. Batches that an earlier run left behind are abandoned: they are read again."""

    def __init__(self, hub: Hub, slug: str) -> None:
        self.hub, self.slug = hub, slug
        self.started_at = datetime.now(UTC)
        self.source = open_source(hub, slug)
        self.refused: list[SourceRefused] = []
        self.closed: SourceClosed | None = None
        self.delivered = 0
        with hub.engine.begin() as connection:
            ledger.abandon_open(connection, slug)
        tell_decisions(hub, self.source)

    def batches(self, dataset: str) -> Iterator[RawBatch]:
        """What is new in one dataset. What the source refuses is kept for `close`; a closed source ends it.

        Raises GateStopped while a batch of the dataset waits for a decision.
        """
        if self.closed is not None:
            return
        refuse_while_stopped(self.hub, self.slug, dataset)
        with self.hub.engine.connect() as connection:
            cursor = ledger.read_cursor(connection, self.slug, dataset)
        try:
            for raw in self.source.connector.read(dataset, cursor):
                self.delivered += 1
                yield raw
        except SourceRefused as refusal:
            self.refused.append(refusal)
        except SourceClosed as closed:
            self.closed = closed

    def close(self) -> None:
        """Note the reading in ops.run. Raises when nothing at all could be read: SourceRefused, or SourceClosed."""
        load = {
            name: round(value, 3) for name, value in asdict(self.source.connector.pace.load).items()
        }
        with self.hub.engine.begin() as connection:
            runs.record_extraction(
                connection, self.slug, self.started_at, [str(refusal) for refusal in self.refused],
                {"load": load, "closed": str(self.closed) if self.closed else None},
            )  # fmt: skip
        if self.delivered == 0 and (self.refused or self.closed):
            raise self.refused[0] if self.refused else self.closed  # type: ignore[misc]


def acknowledge(connector: connectors.Connector, certificate: Certificate, raw: pa.Table) -> None:
    """Tell the source what became of the rows of a batch that has just landed."""
    if certificate.fates is None:
        return  # landed in an earlier attempt: the next reading meets those rows again and tells then
    crash_point("before_acknowledge")
    connector.acknowledge(certificate.dataset, raw, certificate.fates)
    crash_point("after_acknowledge")


def tell_decisions(hub: Hub, source: Source) -> None:
    """Tell the source what became of batches that a steward released or rejected, where it has not been told yet.

    Before anything is read: a source that is read by flags would give the same rows once more. Raises SourceUnavailable
    or SourceRefused.
    """
    with hub.engine.connect() as connection:
        waiting = decisions.untold(connection, source.slug)
    for batch_id in waiting:
        with hub.engine.connect() as connection:
            header = ledger.read_header(connection, batch_id)
            certificate = ledger.certificate(connection, batch_id)
            fates = decisions.fates(connection, header)
        if certificate is not None:
            told = replace(certificate, fates=fates)
            acknowledge(source.connector, told, read_raw(hub, header))
        with hub.engine.begin() as connection:
            decisions.note_told(connection, batch_id)


def raise_refusals(hub: Hub, slug: str) -> None:
    """Raise SourceRefused if the department's system refused anything in the last extraction."""
    with hub.engine.connect() as connection:
        refused = runs.refusals(connection, slug).get(slug, [])
    if refused:
        raise SourceRefused("; ".join(refused), where=slug, remedy="the rest has landed")
