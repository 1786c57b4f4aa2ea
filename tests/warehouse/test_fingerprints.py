"""Polars and PostgreSQL give the same fingerprint to the same row, however odd the row is."""

# ruff: noqa: S608 (statements are made of our own table and column names; values are binds)

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from hub.core import fingerprints as ours
from hub.core.entities import POLARS_TYPES, Column, Kind
from warehouse import fingerprints as theirs
from warehouse.copying import copy_frame
from warehouse.tables.core import SQL_TYPES

COLUMNS = tuple(Column(f"c_{kind.value}", kind, "", "") for kind in Kind)
SCHEMA = {column.name: POLARS_TYPES[column.kind] for column in COLUMNS}

# No surrogates (not text) and no NUL (PostgreSQL has none; the landing quarantines such rows).
_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
_odd = st.sampled_from(
    ["", " ", "\\N", "\\.", "\n\\.\n", '"', ",", "\r\n", "\x1e", "\x1f", "😀办件", "ＡＢ１２", "'", "null"]
)  # fmt: skip


def _decimals(digits: int, places: int) -> st.SearchStrategy[Decimal]:
    limit = 10 ** (digits - 1)
    return st.integers(-limit, limit).map(lambda n: Decimal(n).scaleb(-places))


VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: _texts | _odd,
    Kind.TIMESTAMP: st.datetimes(
        datetime(1000, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)  # noqa: DTZ001
    ),
    Kind.DATE: st.dates(date(1000, 1, 1), date(9999, 12, 31)),
    Kind.MONEY: _decimals(16, 2),
    Kind.NUMBER: _decimals(18, 4),
    Kind.INTEGER: st.integers(-(2**63), 2**63 - 1),
    Kind.BOOLEAN: st.booleans(),
    Kind.UUID: st.uuids().map(str),
}  # fmt: skip
_row = st.tuples(*(st.none() | VALUES[column.kind] for column in COLUMNS))


@pytest.fixture(scope="module")
def connection(pg_server: Any) -> Iterator[Connection]:
    from warehouse.access import create_engine_without_pool

    engine = create_engine_without_pool(pg_server.url)
    with engine.connect() as open_connection:
        kinds = ", ".join(
            f"{c.name} {SQL_TYPES[c.kind].compile(open_connection.dialect)}" for c in COLUMNS
        )
        open_connection.execute(text(f"create temp table odd ({kinds})"))
        yield open_connection


def _sums(connection: Connection, frame: pl.DataFrame) -> tuple[list[str], str]:
    connection.execute(text("truncate odd"))
    copy_frame(connection, "odd", frame)
    hashed = theirs.row_hash(COLUMNS, theirs.qualified(COLUMNS, "odd"))
    hashes = [row[0] for row in connection.exec_driver_sql(f"select {hashed} from odd")]
    lanes = connection.exec_driver_sql(
        f"select {theirs.lane_sums('h')} from (select {hashed} as h from odd) as hashed"
    ).one()
    return hashes, theirs.LaneSums(lanes[0], tuple(lanes[1:])).text()


@given(rows=st.lists(_row, max_size=8))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_both_sides_hash_and_sum_every_row_alike(connection: Connection, rows: list[Any]) -> None:
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    expected = frame.select(ours.row_hash(COLUMNS).alias("h"))["h"]
    hashes, total = _sums(connection, frame)
    assert hashes == expected.to_list()
    assert total == ours.checksum(expected)


def test_the_text_form_does_not_depend_on_the_session(database: Engine) -> None:
    """Time zone, date style and float digits of a session never reach a fingerprint."""
    moment = [c for c in COLUMNS if c.kind in (Kind.TIMESTAMP, Kind.DATE, Kind.MONEY)]
    values = {
        "c_timestamp": "timestamptz '1912-02-29 23:59:59.999999+08:05:43'",
        "c_date": "date '1912-02-29'",
        "c_money": "(-0.10)::numeric(16,2)",
    }
    query = text(f"select {theirs.row_hash(moment, values)}")
    with database.connect() as connection:
        first = connection.scalar(query)
        connection.exec_driver_sql("set timezone = 'America/New_York'; set datestyle = 'german'")
        assert connection.scalar(query) == first


def test_sums_of_parts_are_the_sum_of_the_whole() -> None:
    hashes = pl.Series([f"{n:032x}" for n in (1, 2**128 - 1, 2**100 + 7)])
    parts = [
        theirs.LaneSums(1, tuple(int(h[i : i + 8], 16) for i in (0, 8, 16, 24))) for h in hashes
    ]
    assert sum(parts, theirs.LaneSums()).text() == ours.checksum(hashes)
