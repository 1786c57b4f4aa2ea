"""Access method `http`: pages of a REST service. Connection URL: https://user:password@host/base.

Each run reads everything, or with `since` what is new, overlapping the run before by a lag. Rows that move between
pages while a source changes can be missed or come twice: ask for a stable order, declare `overlap` and `total`, and
let a sweep look for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from connectors.http.connection import WebConnection, parse
from connectors.http.connector import PagedConnector
from connectors.http.settings import FORMATS, HttpSettings
from hub.core.errors import HubError
from hub.core.specs import Department

if TYPE_CHECKING:
    from connectors.diagnosis import Diagnosis
    from connectors.http.reading import Reading


def check(department: Department) -> None:
    """Validate the settings of all datasets. Raises SpecError."""
    _settings(department)


def connect(department: Department, url: str) -> HttpConnector:
    """The connector of a department on a web URL. Does no I/O. Raises SpecError."""
    settings = _settings(department)
    return HttpConnector(department, parse(department, url), settings)


def _settings(department: Department) -> dict[str, HttpSettings]:
    parsed = {}
    for dataset, raw in department.spec.datasets.items():
        at = ("datasets", dataset, "format")
        model = FORMATS.get(str(raw.get("format", "json")))
        if model is None:
            raise department.source.error(
                f"{'.'.join(at)}: there is no format '{raw.get('format')}'", at,
                remedy=f"known: {', '.join(FORMATS)}",
            )  # fmt: skip
        parsed[dataset] = department.source.parse(model, at[:2])
    return parsed


class HttpConnector(PagedConnector):
    """One department's REST service."""

    def __init__(
        self, department: Department, connection: WebConnection, settings: dict[str, HttpSettings]
    ) -> None:
        super().__init__(department, connection, settings)
        self.settings = settings

    def name(self, dataset: str) -> str:
        return self.settings[dataset].path

    @contextmanager
    def readings(self, dataset: str) -> Iterator[Callable[[dict[str, str]], Reading]]:
        """See PagedConnector."""
        from connectors.http.reading import HttpReading

        with self.session(dataset) as session:
            yield lambda bounds: HttpReading(self.settings[dataset], session, bounds)

    def diagnose(self) -> Iterator[Diagnosis]:
        """Whether the service answers, lets us in and is trusted, its clock, and the shape of each first page."""
        from connectors.diagnosis import Diagnosis
        from connectors.http.diagnosing import diagnose

        for dataset, settings in self.settings.items():
            try:
                with self.session(dataset, attempts=1) as session:
                    yield from diagnose(dataset, settings, session)
            except HubError as failure:
                yield Diagnosis("client", "failed", failure.what, failure.remedy, dataset)
