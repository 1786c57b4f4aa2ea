"""One Spark session and one warehouse for all tests; skipped where pyspark is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from supervision import calendar_frame
from warehouse.reference import replace_calendar

SMALL = {
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.memory": "1g",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
"""A test's few rows are judged soonest in one thread and without compiling anything."""


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    pytest.importorskip("pyspark", reason="pyspark is not installed: pip install '.[spark]'")
    from supervision.spark.session import open_session

    session = open_session("local[1]", SMALL)
    yield session
    session.stop()


@pytest.fixture(scope="session")
def engine(pg_server: Any, database_template: str) -> Iterator[Engine]:
    from warehouse.access import connect

    made = connect(pg_server.create("spark_tests", database_template))
    with made.begin() as connection:
        replace_calendar(connection, calendar_frame())
        connection.exec_driver_sql("analyze reference.calendar_day")
    yield made
    made.dispose()
    pg_server.drop("spark_tests")


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as opened:
        yield opened
        opened.rollback()
