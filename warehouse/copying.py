"""Frames into tables by COPY, on the caller's connection and in its transaction."""

from __future__ import annotations

from typing import cast

import polars as pl
import psycopg
from psycopg import sql
from sqlalchemy import Connection

_SLICE = 20_000
"""Rows turned into CSV at a time: bounds the memory that the text needs."""


def driver(connection: Connection) -> psycopg.Connection[tuple[object, ...]]:
    """The psycopg connection beneath, inside the same transaction."""
    return cast("psycopg.Connection[tuple[object, ...]]", connection.connection.driver_connection)


def copy_frame(connection: Connection, table: str, frame: pl.DataFrame) -> None:
    """COPY all columns of the frame into the columns of the same names; `table` is `name` or `schema.name`.

    CSV in which every text is quoted, so that an empty text and a null stay two things, and a text that spells
    the null mark stays a text. Binary columns go as bytea in hex.
    """
    if frame.is_empty():
        return
    statement = sql.SQL("copy {} ({}) from stdin (format csv, null '\\N')").format(
        sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    )
    frame = frame.with_columns(_text_of_binary(frame))
    with driver(connection).cursor() as cursor, cursor.copy(statement) as copy:
        for part in frame.iter_slices(_SLICE):
            copy.write(
                part.write_csv(
                    include_header=False, quote_style="non_numeric", null_value="\\N"
                ).encode()
            )


def _text_of_binary(frame: pl.DataFrame) -> list[pl.Expr]:
    return [
        pl.concat_str(pl.lit("\\x"), pl.col(name).bin.encode("hex")).alias(name)
        for name, kind in frame.schema.items()
        if kind == pl.Binary
    ]
