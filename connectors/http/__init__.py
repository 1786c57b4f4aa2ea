"""Access method `http`: pages of a REST service. Connection URL: https://user:password@host/base.

Each run reads everything, or with `since` what is new, overlapping the run before by a lag. Rows that move between
pages while a source changes can be missed or come twice: ask for a stable order, declare `overlap` and `total`, and
let a sweep look for the rest.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from connectors.http.connection import WebConnection, parse
from connectors.http.settings import FORMATS, HttpSettings
from connectors.pace import Pace
from hub.core.errors import HubError
from hub.core.specs import Department

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from connectors.diagnosis import Diagnosis
    from connectors.http.packing import Standing, Task
    from connectors.http.reading import Reading
    from connectors.http.session import Session
    from hub.core.batches import Cursor, RawBatch


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


class HttpConnector:
    """One department's web service. `sleep` is what it does between two attempts."""

    def __init__(
        self, department: Department, connection: WebConnection, settings: dict[str, HttpSettings]
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

        with self._session(dataset) as session:
            yield from packing.new_rows(
                self._task(dataset),
                lambda standing: self._reading(dataset, session, standing),
                cursor,
            )

    def read_whole(self, dataset: str) -> Iterator[RawBatch]:
        """Every row that the source has now. Raises SourceUnavailable or SourceRefused if one may be missing."""
        from connectors.http.packing import Standing, batches

        with self._session(dataset) as session:
            reading = self._reading(dataset, session, Standing())
            yield from batches(self._task(dataset, since=False), reading, Standing())

    def read_range(self, dataset: str, low: str | None, high: str | None) -> Iterator[RawBatch]:
        """The rows with low <= `since.field` < high. Raises SpecError where the dataset has no `since`."""
        from connectors.http.ranges import in_range, parsed_bound

        at = ("datasets", dataset)
        rule = self.settings[dataset].since
        if rule is None:
            raise self.department.source.error(
                f"{dataset} has no 'since': it cannot be read from one value to another", at
            )
        bounds = tuple(parsed_bound(bound, rule, self.department, at) for bound in (low, high))
        with self._session(dataset) as session:
            yield from in_range(
                self._task(dataset, since=False), self._reading(dataset, session), rule, bounds
            )

    def acknowledge(self, dataset: str, table: pa.Table, fates: pl.DataFrame) -> None:
        """Nothing: a web service is only read."""

    def diagnose(self) -> Iterator[Diagnosis]:
        """Whether the service answers, lets us in and is trusted, its clock, and the shape of each first page."""
        from connectors.diagnosis import Diagnosis
        from connectors.http.diagnosing import diagnose

        for dataset, settings in self.settings.items():
            try:
                with self._session(dataset, attempts=1) as session:
                    yield from diagnose(dataset, settings, session)
            except HubError as failure:
                yield Diagnosis("client", "failed", failure.what, failure.remedy, dataset)

    def _session(self, dataset: str, attempts: int | None = None) -> Session:
        from connectors.http.session import ATTEMPTS, Session

        where = f"{self.department.slug}/{dataset}"
        return Session(
            self.connection, self.pace, where, attempts=attempts or ATTEMPTS, sleep=self.sleep
        )

    def _reading(self, dataset: str, session: Session, standing: Standing | None = None) -> Reading:
        from connectors.http import since
        from connectors.http.reading import HttpReading

        settings = self.settings[dataset]
        bounds, rule = {}, settings.since
        if rule and standing and standing.position is not None:
            bounds[rule.param] = since.written(since.start(standing.position, rule), rule.format)
        return HttpReading(settings, session, bounds)

    def _task(self, dataset: str, *, since: bool = True) -> Task:
        from connectors.http.packing import Task

        settings = self.settings[dataset]
        return Task(
            dataset, settings.path, f"{self.department.slug}/{dataset}",
            asked=hashlib.sha256(settings.model_dump_json().encode()).hexdigest()[:12],
            since=settings.since if since else None, rows=lambda: self.pace.chunk_rows,
        )  # fmt: skip
