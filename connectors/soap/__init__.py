"""Access method `soap`: an operation of a web service that a WSDL describes. Connection URL: https://user:password@host/service.

The address is the connection's, not the WSDL's. Paging, `since`, retries, credentials and trust are those of the access
method `http`; zeep speaks the protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from connectors.http.connection import WebConnection, parse
from connectors.http.connector import PagedConnector
from connectors.soap.settings import RESULTS, SoapSettings
from hub.core.errors import HubError, SourceRefused
from hub.core.specs import Department

if TYPE_CHECKING:
    from connectors.diagnosis import Diagnosis
    from connectors.http.reading import Reading
    from connectors.soap.client import SoapClient
    from connectors.soap.reading import SoapReading


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


class SoapConnector(PagedConnector):
    """One department's SOAP service."""

    def __init__(
        self, department: Department, connection: WebConnection, settings: dict[str, SoapSettings]
    ) -> None:
        super().__init__(department, connection, settings)
        self.settings = settings

    def name(self, dataset: str) -> str:
        return self.settings[dataset].operation

    @contextmanager
    def readings(self, dataset: str) -> Iterator[Callable[[dict[str, str]], Reading]]:
        """See PagedConnector."""
        with self._client(dataset) as client:
            yield partial(self._reading, client)

    def diagnose(self) -> Iterator[Diagnosis]:
        """Whether the WSDL and its operation are there, then as for `http`: let in, in time, of the declared shape."""
        from connectors.diagnosis import Diagnosis
        from connectors.http import diagnosing, paging

        for dataset, settings in self.settings.items():
            try:
                with self._client(dataset, attempts=1) as client:
                    yield Diagnosis(
                        "operation", "ok", f"the WSDL has {settings.operation}", dataset=dataset
                    )
                    found, _ = self._reading(client, {}).page(paging.first(settings.paging))
                    yield from diagnosing.let_in(dataset, self.connection)
                    yield diagnosing.clock(dataset, client.transport.date)
                    yield diagnosing.shape(
                        dataset, found, tuple(getattr(settings, "fields", None) or ())
                    )
            except HubError as failure:
                yield from diagnosing.failed(dataset, failure)

    def _reading(self, client: SoapClient, bounds: dict[str, str]) -> SoapReading:
        from connectors.soap.reading import SoapReading

        return SoapReading(client.settings, client.session, bounds, client=client)

    @contextmanager
    def _client(self, dataset: str, attempts: int | None = None) -> Iterator[SoapClient]:
        with self.session(dataset, attempts) as session:
            try:
                from connectors.soap.client import SoapClient
            except ImportError as missing:
                raise SourceRefused(
                    f"needs the package {missing.name}", where=self.where(dataset),
                    remedy="pip install 'county-data-hub[soap]'",
                ) from None  # fmt: skip
            yield SoapClient(self.settings[dataset], session, self.department.folder)
