"""Frames into tables and back: every value arrives as it was, or the copy is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import psycopg
import pytest
from sqlalchemy import Engine, text

from warehouse.copying import copy_frame, query_frame

COLUMNS: dict[str, tuple[str, pl.DataType, list[Any]]] = {
    "a_text": ("text", pl.String(), ["", None, "办件\n\\N\t,\"'😀"]),
    "a_varchar": ("varchar(4)", pl.String(), ["办件", "", None]),
    "a_bigint": ("bigint", pl.Int64(), [-(2**63), 2**63 - 1, None]),
    "an_integer": ("integer", pl.Int64(), [-(2**31), None, 7]),
    "a_smallint": ("smallint", pl.Int64(), [None, -1, 2**15 - 1]),
    "a_double": ("double precision", pl.Float64(), [0.1, -1e300, None]),
    "a_boolean": ("boolean", pl.Boolean(), [True, False, None]),
    "a_date": ("date", pl.Date(), [date(1, 1, 1), date(9999, 12, 31), None]),
    "an_instant": (
        "timestamptz", pl.Datetime("us", "UTC"),
        [datetime(1, 1, 1, tzinfo=UTC), None, datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)],
    ),
    "an_amount": (
        "numeric(16,2)", pl.Decimal(16, 2), [Decimal("-99999999999999.99"), Decimal("0.01"), None],
    ),
    "a_number": ("numeric(18,4)", pl.Decimal(18, 4), [Decimal("0.0000"), Decimal("-0.0001"), None]),
    "a_json": ("jsonb", pl.String(), ['{"a": [1, null]}', None, '"办"']),
    "a_uuid": ("uuid", pl.String(), ["01234567-89ab-8def-a123-456789abcdef", None, None]),
    "some_bytes": ("bytea", pl.Binary(), [b"", b"\x00\xff", None]),
    "nothing": ("text", pl.String(), [None, None, None]),
}  # fmt: skip


def _create(engine: Engine) -> None:
    declared = ", ".join(f"{name} {kind}" for name, (kind, _, _) in COLUMNS.items())
    with engine.begin() as connection:
        connection.exec_driver_sql(f"create table odd (n bigint, {declared})")


def _frame(repeat: int = 1) -> pl.DataFrame:
    frame = pl.DataFrame(
        {name: pl.Series(values, dtype=kind) for name, (_, kind, values) in COLUMNS.items()}
    )
    return pl.concat([frame] * repeat).with_row_index("n").cast({"n": pl.Int64})


def test_every_type_arrives_as_it_was(database: Engine) -> None:
    _create(database)
    with database.begin() as connection:
        copy_frame(connection, "odd", _frame())
        shown = ", ".join(
            f"{name}::text" if kind in ("jsonb", "uuid", "timestamptz", "date") else name
            for name, (kind, _, _) in COLUMNS.items()
        )
        connection.exec_driver_sql("set timezone = 'UTC'")
        query = text(f"select {shown} from odd order by n")  # noqa: S608 (our own column names)
        rows = [tuple(row) for row in connection.execute(query)]
    spelled = {
        "a_date": ["0001-01-01", "9999-12-31", None],
        "an_instant": ["0001-01-01 00:00:00+00", None, "9999-12-31 23:59:59.999999+00"],
    }
    expected = [spelled.get(name, values) for name, (_, _, values) in COLUMNS.items()]
    assert rows == list(zip(*expected, strict=True))


def test_frames_longer_than_a_slice_arrive_whole(database: Engine) -> None:
    _create(database)
    frame = _frame(7_000)
    with database.begin() as connection:
        copy_frame(connection, "odd", frame)
        found = connection.execute(
            text("select count(*), count(distinct n), count(a_text), sum(an_integer) from odd")
        ).one()
    assert tuple(found) == (21_000, 21_000, 14_000, 7_000 * (7 - 2**31))


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("an_integer", pl.Series([2**31], dtype=pl.Int64)),
        ("a_number", pl.Series([Decimal(10) ** 17], dtype=pl.Decimal(30, 4))),
        ("an_instant", pl.Series([datetime(2012, 1, 1)], dtype=pl.Datetime("us"))),  # noqa: DTZ001
        ("a_uuid", pl.Series(["no uuid"])),
        ("a_varchar", pl.Series(["too long"])),
    ],
)
def test_what_a_column_cannot_hold_is_refused(
    database: Engine, column: str, values: pl.Series
) -> None:
    _create(database)
    refusals = (TypeError, pl.exceptions.PolarsError, psycopg.Error)
    with database.connect() as connection, pytest.raises(refusals):
        copy_frame(connection, "odd", values.alias(column).to_frame())


def test_rows_come_back_in_their_types(database: Engine) -> None:
    schema = {
        "key": pl.String(), "number": pl.Int64(), "flag": pl.Boolean(), "at": pl.Datetime("us", "UTC"),
    }  # fmt: skip
    query = (
        "select * from (values ('a,\"b\n', 1::bigint, true, 1::bigint), (null, null, false, null)) x "
        "where x.column1 is distinct from %s"
    )
    with database.connect() as connection:
        found = query_frame(connection, query, ("other",), schema)
        nothing = query_frame(connection, f"{query} and false", ("other",), schema)
    assert found.schema == nothing.schema == pl.Schema(schema)
    assert found.rows() == [
        ('a,"b\n', 1, True, datetime(1970, 1, 1, microsecond=1, tzinfo=UTC)),
        (None, None, False, None),
    ]
    assert nothing.is_empty()
