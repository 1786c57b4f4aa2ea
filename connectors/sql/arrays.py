"""Arrow columns from what drivers give, exactly: a value that its column's type cannot hold makes the column text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors.sql import Column

_EPOCH = date(1970, 1, 1).toordinal()
_FIRST_DAY, _LAST_DAY = date.min.toordinal() - _EPOCH, date.max.toordinal() - _EPOCH
_DAY = 24 * 60 * 60 * 1_000_000


def exact(precision: int | None, scale: int | None) -> pa.DataType:
    """The type of a DECIMAL(precision, scale): decimal128, decimal256, or text where its size is open."""
    if not precision or scale is None or not 0 <= scale <= precision or precision > 76:
        return pa.string()
    return pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(precision, scale)


def in_range(column: pa.ChunkedArray) -> bool:
    """Whether all dates and times lie in years 1 to 9999; beyond them drivers overflow."""
    kind = column.type
    if pa.types.is_date32(kind):
        numbers, first, last = column.cast(pa.int32()), _FIRST_DAY, _LAST_DAY
    elif pa.types.is_timestamp(kind) and kind.unit == "us":
        numbers, first, last = (
            column.cast(pa.int64()),
            _FIRST_DAY * _DAY,
            (_LAST_DAY + 1) * _DAY - 1,
        )
    else:
        return True
    ends = pc.min_max(numbers).as_py()
    return ends["min"] is None or (ends["min"] >= first and ends["max"] <= last)


def table(columns: Sequence[Column], arrays: Sequence[pa.Array]) -> pa.Table:
    """The arrays under the columns' names, each of its column's type, or of its own where that cannot hold it."""
    return pa.Table.from_arrays(
        [as_type(column.arrow, array) for column, array in zip(columns, arrays, strict=True)],
        names=[column.name for column in columns],
    )


def as_type(kind: pa.DataType, array: pa.Array) -> pa.Array:
    """The array of that type, or as it is where one of its values does not fit."""
    if array.type == kind or pa.types.is_binary(array.type):
        return array  # bytes are no text before somebody says of which charset
    try:
        if pa.types.is_timestamp(kind) and kind.tz and pa.types.is_string(array.type):
            array = array.cast(pa.timestamp(kind.unit))  # of UTC, without saying so
        return array.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return array


def utc(text: str) -> datetime:
    """A time that a server says in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def from_rows(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows of Python values, column by column."""
    fields = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return pa.Table.from_arrays(
        [values(column.arrow, field) for column, field in zip(columns, fields, strict=True)],
        names=[column.name for column in columns],
    )


def values(kind: pa.DataType, given: Sequence[Any]) -> pa.Array:
    """Python values as an array of that type, or as text where it cannot hold one of them."""
    try:
        return pa.array(given, kind)
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        texts = pa.array([_text(value) for value in given], pa.string())
        # Numbers that came as floats; digits beyond the declared ones keep the text.
        return as_type(kind, texts) if pa.types.is_decimal(kind) else texts


def _text(value: Any) -> str | None:
    """A database's usual text of a value that came as a Python object."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return value.isoformat(" ") if isinstance(value, datetime) else str(value)
