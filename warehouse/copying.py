"""Frames into tables and queries into frames by COPY, on the caller's connection and in its transaction."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import closing
from typing import Any, cast

import polars as pl
import psycopg
from psycopg import sql
from sqlalchemy import Connection

from hub.core.ahead import ahead
from warehouse.binary_copy import binary_copy

_SPELLED: dict[Any, pl.DataType] = {pl.Boolean: pl.String(), pl.Datetime: pl.Int64()}
"""Polars reads PostgreSQL's t and f as text, and microseconds as integers."""


def driver(connection: Connection) -> psycopg.Connection[tuple[object, ...]]:
    """The psycopg connection beneath, inside the same transaction."""
    return cast("psycopg.Connection[tuple[object, ...]]", connection.connection.driver_connection)


def copy_frame(
    connection: Connection, table: str, frame: pl.DataFrame, **constants: pl.Expr
) -> None:
    """COPY all columns of the frame into the columns of the same names; `table` is `name` or `schema.name`.

    `constants`: further columns, which have the same value in every row. The table's types decide how values travel:
    text spells a uuid or JSON, decimals have at most 18 digits, times have a zone. Raises TypeError otherwise.
    """
    if frame.is_empty():
        return
    once = pl.select([value.alias(name) for name, value in constants.items()])
    name = sql.Identifier(*table.split("."))
    columns = sql.SQL(", ").join(map(sql.Identifier, (*once.columns, *frame.columns)))
    statement = sql.SQL("copy {} ({}) from stdin (format binary)").format(name, columns)
    with driver(connection).cursor() as cursor:
        types = _types(cursor, name.as_string(cursor))
        # The server takes one part in while the next is made.
        with (
            cursor.copy(statement) as copy,
            closing(ahead(binary_copy(frame, once, types))) as parts,
        ):
            for part in parts:
                copy.write(part)


def query_frame(
    connection: Connection, query: str, binds: Sequence[Any], schema: dict[str, pl.DataType]
) -> pl.DataFrame:
    """The rows of a query of ours (`%s` placeholders), in that schema; an empty text comes back as null.

    For many rows: no Python object is made for any of them. Times must come as bigint, microseconds since 1970.
    """
    data = io.BytesIO()
    with driver(connection).cursor() as cursor:
        statement = f"copy ({query}) to stdout (format csv)"
        with cursor.copy(statement.encode(), binds) as copy:
            for part in copy:
                data.write(part)
    if data.tell() == 0:
        return pl.DataFrame(schema=schema)
    spelled = {name: _SPELLED.get(kind.base_type(), kind) for name, kind in schema.items()}
    read = pl.read_csv(data.getvalue(), has_header=False, schema=spelled)
    return read.select(
        pl.col(name) == "t" if kind == pl.Boolean else pl.col(name).cast(kind)
        for name, kind in schema.items()
    )


def _types(cursor: psycopg.Cursor[tuple[object, ...]], table: str) -> dict[str, str]:
    """Column → PostgreSQL's name of its type."""
    rows = cursor.execute(
        "select attname, format_type(atttypid, null) from pg_attribute "
        "where attrelid = %s::regclass and attnum > 0 and not attisdropped",
        (table,),
    )
    return {str(name): str(kind) for name, kind in rows}
