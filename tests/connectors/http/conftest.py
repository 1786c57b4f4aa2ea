"""A REST service, and a connector on it whose pauses are only written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

import connectors
from connectors.http import HttpConnector
from hub.core.batches import RawBatch
from tests.services import rest

Rows = list[dict[str, Any]]


@dataclass
class Reader:
    """A connector with one dataset, `cases`, and what it did."""

    connector: HttpConnector
    pauses: list[float] = field(default_factory=list)
    cursor: dict[str, Any] | None = None

    def read(self) -> Rows:
        """The rows of a whole run; the cursor moves as it would when each batch lands."""
        rows: Rows = []
        for batch in self.connector.read("cases", self.cursor):
            self.cursor = batch.cursor
            rows += batch.table.to_pylist()
        return rows

    def batches(self) -> list[RawBatch]:
        return list(self.connector.read("cases", self.cursor))


OpenHttp = Callable[..., Reader]


@pytest.fixture
def service() -> Iterator[rest.Service]:
    with rest.serving() as running:
        yield running


@pytest.fixture
def open_http(make_department: Any, service: rest.Service) -> OpenHttp:
    """A reader of `cases`; `url` by default the service's."""

    def opened(url: str | None = None, protection: str = "{}", **settings: Any) -> Reader:
        department = make_department({"cases": settings}, "http", protection)
        connector = connectors.open(department, url or service.url)
        assert isinstance(connector, HttpConnector)
        reader = Reader(connector)
        connector.sleep = reader.pauses.append
        return reader

    return opened


def cases(count: int) -> Rows:
    """Rows with a number, a name and a time each."""
    return [
        {"no": f"A{at:05}", "name": f"事项{at}", "at": f"2012-03-01 08:{at // 60 % 60:02}:{at % 60:02}"}
        for at in range(count)
    ]  # fmt: skip


def numbers(rows: Rows) -> list[str]:
    """The `no` of each row."""
    return [row["no"] for row in rows]
