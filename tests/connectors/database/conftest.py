"""A department's own databases: a table filled past the hub, and a connector on it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

import connectors

Sql = Callable[..., list[tuple[Any, ...]]]
Open = Callable[..., connectors.Connector]
_numbers = itertools.count(1)


@pytest.fixture
def source_url(pg_server: Any) -> Iterator[str]:
    """A fresh, empty PostgreSQL database that plays the department's."""
    name = f"department_{next(_numbers)}"
    yield pg_server.create(name).replace("+psycopg", "")
    pg_server.drop(name)


@pytest.fixture
def sql(source_url: str) -> Sql:
    """Run statements as the department's own system; the rows of the last one."""

    def run(*statements: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(source_url, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def open_database(make_department: Callable[..., Any], request: pytest.FixtureRequest) -> Open:
    """A connector on a URL (default: `source_url`) with one dataset, `cases`."""

    def opened(url: str | None = None, **settings: Any) -> connectors.Connector:
        department = make_department({"cases": settings}, "database")
        return connectors.open(department, url or request.getfixturevalue("source_url"))

    return opened


@pytest.fixture
def chunks(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Bound the batches of this test to so many rows."""
    return lambda rows: monkeypatch.setattr("connectors.pace.CHUNK_ROWS", rows)
