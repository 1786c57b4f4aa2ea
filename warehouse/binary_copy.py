"""Frames in PostgreSQL's binary COPY format, column at a time: the server parses no text, nothing loops over rows.

Each column becomes one or two Arrow arrays of bytes (length, value). Arrow joins them row by row, and the joined
array's own memory is what goes over the wire. Source: PostgreSQL manual, COPY, "Binary Format", and the types' receive functions.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

_SLICE = 5_000
"""Rows turned into bytes at a time: bounds the memory that they need."""
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"  # the length −1

_DAYS_TO_2000 = 10_957
_MICROS_TO_2000 = _DAYS_TO_2000 * 86_400_000_000
_JSONB = pa.scalar(b"\x01")  # the version of the format

_GROUPS = 5
_NUMERIC = np.dtype(
    [("length", ">i4"), ("groups", ">i2"), ("weight", ">i2"), ("sign", ">u2"), ("scale", ">i2"),
     ("digits", ">i2", _GROUPS)]
)  # fmt: skip
_BEHIND_POINT = 4
"""A number travels as groups of four decimal digits, the last group behind the point."""

_NUMBERS: dict[str, tuple[pl.DataType, str, int]] = {
    "bigint": (pl.Int64(), ">i8", 0),
    "integer": (pl.Int32(), ">i4", 0),
    "smallint": (pl.Int16(), ">i2", 0),
    "double precision": (pl.Float64(), ">f8", 0),
    "boolean": (pl.Boolean(), "u1", 0),
    "date": (pl.Date(), ">i4", _DAYS_TO_2000),
    "timestamp with time zone": (pl.Datetime("us", "UTC"), ">i8", _MICROS_TO_2000),
}
"""PostgreSQL type → Polars type, the form of its bytes, and what PostgreSQL's count starts at."""

Piece = Any  # pa.Array or pa.Scalar; pyarrow has no types of its own
Fields = np.ndarray[Any, np.dtype[Any]]


def binary_copy(
    frame: pl.DataFrame, constants: pl.DataFrame, types: Mapping[str, str]
) -> Generator[bytes | memoryview]:
    """The stream that COPY ... FROM STDIN (FORMAT binary) reads, in parts: `constants` (one row), then the frame's columns.

    `types`: column → PostgreSQL's name of its type. Raises TypeError for a type that has no binary form here, and
    Polars' InvalidOperationError for a value that its column cannot hold.
    """
    yield _HEADER
    width = pa.scalar((constants.width + frame.width).to_bytes(2, "big"))
    start = [
        width,
        *(piece for column in constants for piece in _pieces(column, types[column.name])),
    ]
    always = pa.scalar(_joined(start, 1)[0].as_py())
    for part in frame.iter_slices(_SLICE):
        pieces = [piece for column in part for piece in _pieces(column, types[column.name])]
        joined = _joined([always, *pieces], part.height)
        _, offsets, data = joined.buffers()
        end = int(np.frombuffer(offsets, np.int32)[len(joined)])
        yield memoryview(data)[:end]
    yield _TRAILER


def _joined(pieces: list[Piece], rows: int) -> Piece:
    empty = pa.repeat(pa.scalar(b""), rows)  # so that values for all rows alone make so many rows
    return pc.binary_join_element_wise(
        *pieces, empty, b"", null_handling="replace", null_replacement=b""
    )


def _pieces(column: pl.Series, kind: str) -> list[Piece]:
    """Arrays (or one value for all rows) whose bytes, one after the other, are the column's fields."""
    if column.null_count() == column.len():
        return [pa.scalar(_NULL)]
    if kind in _NUMBERS:
        return [_or_null(_numbers(column, *_NUMBERS[kind]), column)]
    if kind == "numeric":
        return [_or_null(_numeric(column), column)]
    if kind == "uuid":
        return _texts(column.str.replace_all("-", "", literal=True).str.decode("hex"))
    if kind == "jsonb":
        return _texts(pl.Series(pc.binary_join_element_wise(_JSONB, _binary(column), b"")))
    if kind in ("text", "bytea", "character varying"):
        return _texts(column)
    raise TypeError(f"{column.name}: no binary form of {kind}")


def _or_null(fields: Piece, column: pl.Series) -> Piece:
    if column.null_count() == 0:
        return fields
    return pc.if_else(column.is_not_null().to_arrow(), fields, pa.scalar(_NULL))


def _texts(column: pl.Series) -> list[Piece]:
    values = column.cast(pl.Binary)
    lengths = values.bin.size().cast(pl.Int32).fill_null(-1).to_numpy().astype(">i4")
    return [_array(lengths), _binary(values)]


def _binary(column: pl.Series) -> Piece:
    return column.cast(pl.Binary).to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.binary())


def _numbers(column: pl.Series, dtype: pl.DataType, form: str, start: int) -> Piece:
    if isinstance(dtype, pl.Datetime) and getattr(column.dtype, "time_zone", None) is None:
        raise TypeError(f"{column.name}: a time without a zone is no instant")
    kind = np.dtype([("length", ">i4"), ("value", form)])
    fields = np.empty(column.len(), kind)
    fields["length"] = kind["value"].itemsize
    physical = column.cast(dtype).to_physical()
    fields["value"] = physical.fill_null(False if dtype == pl.Boolean else 0).to_numpy() - start
    return _array(fields)


def _numeric(column: pl.Series) -> Piece:
    """Numbers of at most 18 digits, four of them behind the point."""
    scale = column.dtype.scale if isinstance(column.dtype, pl.Decimal) else 0
    exact = column.cast(pl.Decimal(38, _BEHIND_POINT)).fill_null(0).to_physical().cast(pl.Int64)
    unscaled = exact.to_numpy()
    fields = np.empty(column.len(), _NUMERIC)
    fields["length"] = _NUMERIC.itemsize - 4
    fields["groups"], fields["weight"], fields["scale"] = _GROUPS, _GROUPS - 2, scale
    fields["sign"] = np.where(unscaled < 0, 0x4000, 0)
    magnitude = np.abs(unscaled)
    for place in range(_GROUPS):
        fields["digits"][:, -1 - place] = magnitude // 10_000**place % 10_000
    return _array(fields)


def _array(fields: Fields) -> Piece:
    """An array of equally long byte strings, on the memory of a NumPy array."""
    count, width = len(fields), fields.dtype.itemsize
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    return pa.Array.from_buffers(
        pa.binary(), count, [None, pa.py_buffer(offsets), pa.py_buffer(fields)]
    )
