"""Access method `soap`: an operation of a web service that a WSDL describes. Connection URL: https://user:password@host/service.

The address is the connection's, not the WSDL's. Paging, `since`, retries, credentials and trust are those of the access
method `http`; zeep speaks the protocol.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from connectors.http.connection import WebConnection, parse
from connectors.pace import Pace
from connectors.soap.settings import RESULTS, SoapSettings
from hub.core.errors import HubError, SourceRefused
from hub.core.specs import Department

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from connectors.diagnosis import Diagnosis
    from connectors.http.packing import Standing, Task
    from connectors.soap.client import SoapClient
    from connectors.soap.reading import SoapReading
    from hub.core.batches import Cursor, RawBatch


def check(department: Department) -> None:
    """Validate the settings of all datasets. Raises SpecError."""
    _settings(department)


def connect(department: Department, url: str) -> SoapConnector:
    """The connector of a department on the URL of a service. Does no I/O. Raises SpecError."""
    settings = _settings(department)
    connection = parse(department, url)
    for dataset, one in settings.items():
        for argument, secret in one.credentials.items():
            if getattr(connection, secret) is None:
                raise department.source.error(
                    f"connection '{department.spec.connection}' has no {secret}, which {argument} takes",
                    ("datasets", dataset, "credentials", argument),
                )
    return SoapConnector(department, connection, settings)


def _settings(department: Department) -> dict[str, SoapSettings]:
    parsed = {}
    for dataset, raw in department.spec.datasets.items():
        at = ("datasets", dataset, "result")
        model = RESULTS.get(str(raw.get("result", "structured")))
        if model is None:
            raise department.source.error(
                f"{'.'.join(at)}: there is no result '{raw.get('result')}'", at,
                remedy=f"known: {', '.join(RESULTS)}",
            )  # fmt: skip
        parsed[dataset] = department.source.parse(model, at[:2])
    return parsed


class SoapConnector:
    """One department's SOAP service. `sleep` is what it does between two attempts."""

    def __init__(
        self, department: Department, connection: WebConnection, settings: dict[str, SoapSettings]
    ) -> None:
        self.department, self.connection, self.settings = department, connection, settings
        self.pace = Pace(department.spec.protection)
        self.sleep: Callable[[float], None] = time.sleep

    @property
    def datasets(self) -> tuple[str, ...]:
        """The department's datasets, in the order of its source.yml."""
        return tuple(self.settings)

    def read(self, dataset: str, cursor: Cursor | None) -> Iterator[RawBatch]:
        """What is new since the cursor, page after page; `_row` is the row's number in this reading."""
        from connectors.http import packing

        with self._client(dataset) as client:
            yield from packing.new_rows(
                self._task(dataset), lambda standing: self._reading(client, standing), cursor
            )

    def read_whole(self, dataset: str) -> Iterator[RawBatch]:
        """Every row that the source has now. Raises SourceUnavailable or SourceRefused if one may be missing."""
        from connectors.http.packing import Standing, batches

        with self._client(dataset) as client:
            reading = self._reading(client, Standing())
            yield from batches(self._task(dataset, since=False), reading, Standing())

    def acknowledge(self, dataset: str, table: pa.Table, fates: pl.DataFrame) -> None:
        """Nothing: the service is only read."""

    def diagnose(self) -> Iterator[Diagnosis]:
        """Whether the WSDL and its operation are there, then as for `http`: let in, in time, of the declared shape."""
        from connectors.diagnosis import Diagnosis
        from connectors.http import diagnosing, paging
        from connectors.http.packing import Standing

        for dataset, settings in self.settings.items():
            try:
                with self._client(dataset, attempts=1) as client:
                    yield Diagnosis(
                        "operation", "ok", f"the WSDL has {settings.operation}", dataset=dataset
                    )
                    reading = self._reading(client, Standing())
                    found, _ = reading.page(paging.first(settings.paging))
                    yield from diagnosing.let_in(dataset, self.connection)
                    yield diagnosing.clock(dataset, client.transport.date)
                    yield diagnosing.shape(
                        dataset, found, tuple(getattr(settings, "fields", None) or ())
                    )
            except HubError as failure:
                yield from diagnosing.failed(dataset, failure)

    @contextmanager
    def _client(self, dataset: str, attempts: int | None = None) -> Iterator[SoapClient]:
        from connectors.http.session import ATTEMPTS, Session

        where = f"{self.department.slug}/{dataset}"
        with Session(
            self.connection, self.pace, where, attempts=attempts or ATTEMPTS, sleep=self.sleep
        ) as session:
            try:
                from connectors.soap.client import SoapClient
            except ImportError as missing:
                raise SourceRefused(
                    f"needs the package {missing.name}", where=where,
                    remedy="pip install 'county-data-hub[soap]'",
                ) from None  # fmt: skip
            yield SoapClient(self.settings[dataset], session, self.department.folder)

    def _reading(self, client: SoapClient, standing: Standing) -> SoapReading:
        from connectors.http import since
        from connectors.soap.reading import SoapReading

        settings = client.settings
        bounds, rule = {}, settings.since
        if rule and standing.position is not None:
            bounds[rule.param] = since.written(since.start(standing.position, rule), rule.format)
        return SoapReading(settings, client.session, bounds, client=client)

    def _task(self, dataset: str, *, since: bool = True) -> Task:
        from connectors.http.packing import Task

        settings = self.settings[dataset]
        return Task(
            dataset, settings.operation, f"{self.department.slug}/{dataset}",
            asked=hashlib.sha256(settings.model_dump_json().encode()).hexdigest()[:12],
            since=settings.since if since else None, rows=lambda: self.pace.chunk_rows,
        )  # fmt: skip
