"""What the connectors of web services of both kinds share: whole readings, what is new, ranges."""

from __future__ import annotations

import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from connectors.http.connection import WebConnection
from connectors.http.settings import PagedSettings
from connectors.pace import Pace
from hub.core.specs import Department

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from connectors.http.packing import Standing, Task
    from connectors.http.reading import Reading
    from connectors.http.session import Session
    from hub.core.batches import Cursor, RawBatch


class PagedConnector(ABC):
    """One department's web service. `sleep` is what it does between two attempts."""

    def __init__(
        self,
        department: Department,
        connection: WebConnection,
        settings: Mapping[str, PagedSettings],
    ) -> None:
        self.department, self.connection = department, connection
        self._paged = settings
        self.pace = Pace(department.spec.protection)
        self.sleep: Callable[[float], None] = time.sleep

    @abstractmethod
    def name(self, dataset: str) -> str:
        """What is asked, as people know it: a path or an operation."""

    @abstractmethod
    def readings(self, dataset: str) -> AbstractContextManager[Callable[[dict[str, str]], Reading]]:
        """Connect; what it gives begins a reading within bounds (parameter → value)."""

    @property
    def datasets(self) -> tuple[str, ...]:
        """The department's datasets, in the order of its source.yml."""
        return tuple(self._paged)

    def read(self, dataset: str, cursor: Cursor | None) -> Iterator[RawBatch]:
        """What is new since the cursor, page after page; `_row` is the row's number in this reading."""
        from connectors.http import packing

        with self.readings(dataset) as begin:
            yield from packing.new_rows(
                self.task(dataset), lambda standing: begin(self._new(dataset, standing)), cursor
            )

    def read_whole(self, dataset: str) -> Iterator[RawBatch]:
        """Every row that the source has now. Raises SourceUnavailable or SourceRefused if one may be missing."""
        from connectors.http.packing import Standing, batches

        with self.readings(dataset) as begin:
            yield from batches(self.task(dataset, since=False), begin({}), Standing())

    def read_range(self, dataset: str, low: str | None, high: str | None) -> Iterator[RawBatch]:
        """The rows with low <= `since.field` < high. Raises SpecError where the dataset has no `since`."""
        from connectors.http.ranges import in_range, parsed_bound

        at = ("datasets", dataset)
        rule = self._paged[dataset].since
        if rule is None:
            raise self.department.source.error(
                f"{dataset} has no 'since': it cannot be read from one value to another", at
            )
        bounds = tuple(parsed_bound(bound, rule, self.department, at) for bound in (low, high))
        with self.readings(dataset) as begin:
            yield from in_range(self.task(dataset, since=False), begin, rule, bounds)

    def acknowledge(  # noqa: B027 (nothing is what it does)
        self, dataset: str, table: pa.Table, fates: pl.DataFrame
    ) -> None:
        """Nothing: a web service is only read."""

    def where(self, dataset: str) -> str:
        """How messages name the dataset."""
        return f"{self.department.slug}/{dataset}"

    def session(self, dataset: str, attempts: int | None = None) -> Session:
        """A session with the service; a context manager."""
        from connectors.http.session import ATTEMPTS, Session

        return Session(
            self.connection, self.pace, self.where(dataset), attempts=attempts or ATTEMPTS, sleep=self.sleep
        )  # fmt: skip

    def task(self, dataset: str, *, since: bool = True) -> Task:
        """What is read, for the packing of batches."""
        from connectors.http.packing import Task

        settings = self._paged[dataset]
        return Task(
            dataset, self.name(dataset), self.where(dataset),
            asked=hashlib.sha256(settings.model_dump_json().encode()).hexdigest()[:12],
            since=settings.since if since else None, rows=lambda: self.pace.chunk_rows,
        )  # fmt: skip

    def _new(self, dataset: str, standing: Standing) -> dict[str, str]:
        """What asks for rows from the position on, less the lag."""
        from connectors.http import since

        rule = self._paged[dataset].since
        if rule is None or standing.position is None:
            return {}
        return {rule.param: since.written(since.start(standing.position, rule), rule.format)}
