"""One warehouse with the legal calendar for all tests of a module; each test works in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from supervision.calendar import calendar_frame
from warehouse.reference import replace_calendar


@pytest.fixture(scope="module")
def engine(pg_server: Any, database_template: str) -> Iterator[Engine]:
    from warehouse.access import connect

    name = "supervision_tests"
    made = connect(pg_server.create(name, database_template))
    with made.begin() as connection:
        replace_calendar(connection, calendar_frame())
        connection.exec_driver_sql("analyze reference.calendar_day")
    yield made
    made.dispose()
    pg_server.drop(name)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as opened:
        yield opened
        opened.rollback()
