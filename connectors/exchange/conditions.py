"""Conditions that name many rows. SQLAlchemy writes each value once; what repeats is put together as text, because
it would take longer over a condition with 50,000 keys than the database over the whole statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.exchange.tables import Condition
from connectors.sql import Backend, Column, selects

KEYS_OF_A_STATEMENT = 500
"""Databases limit how much one condition may hold: Oracle 1,000 in a list, SQLite 1,000 levels."""


def matching(
    backend: Backend, columns: Sequence[Column], keys: pa.Table, *, up_to_last: bool = False
) -> Iterator[Condition]:
    """Conditions that together hold for the rows with these keys, which have no nulls.

    `up_to_last`: of the last column everything up to the value, such as older versions.
    """
    written = [_written(backend, column, keys.column(at)) for at, column in enumerate(columns)]
    names = [_quoted(backend, column) for column in columns]
    operators = ["="] * (len(columns) - up_to_last) + ["<="] * up_to_last
    exact = range(len(columns) - up_to_last)
    chief = max(exact, key=lambda at: pc.count_distinct(keys.column(at)).as_py())
    for first in range(0, keys.num_rows, KEYS_OF_A_STATEMENT):
        some = [values[first : first + KEYS_OF_A_STATEMENT] for values in written]
        each = [
            " AND ".join(map(" ".join, zip(names, operators, row, strict=True)))
            for row in zip(*some, strict=True)
        ]
        # What the rows have most values in leads to them by an index; the rest is then little work.
        listed = ", ".join(dict.fromkeys(some[chief]))
        yield sa.literal_column(f"({names[chief]} IN ({listed}) AND ({' OR '.join(each)}))")


def numbered(backend: Backend, column: Column, keys: pa.ChunkedArray) -> Iterator[Condition]:
    """The same for one column; whole numbers without a gap are a range, since nothing else can lie in it."""
    kind = column.arrow
    if not pa.types.is_integer(kind) and not (pa.types.is_decimal(kind) and kind.scale == 0):
        yield from matching(backend, [column], pa.table({"key": keys}))
        return
    numbers = np.unique(keys.cast(pa.int64()).to_numpy())
    breaks = np.flatnonzero(np.diff(numbers) != 1)
    firsts = numbers[np.append(0, breaks + 1)] if len(numbers) else numbers
    lasts = numbers[np.append(breaks, len(numbers) - 1)] if len(numbers) else numbers
    name = _quoted(backend, column)
    spans = [
        f"{name} BETWEEN {first} AND {last}" for first, last in zip(firsts, lasts, strict=True)
    ]
    for at in range(0, len(spans), KEYS_OF_A_STATEMENT):
        yield sa.literal_column(f"({' OR '.join(spans[at : at + KEYS_OF_A_STATEMENT])})")


def _written(backend: Backend, column: Column, values: pa.ChunkedArray) -> list[str]:
    """The literal of each value, each distinct one written once."""
    encoded = values.combine_chunks().dictionary_encode()
    write = _writer(backend)
    literals = [
        write(selects.literal(backend, column, _plain(value)))
        for value in encoded.dictionary.to_pylist()
    ]
    return [literals[index] for index in encoded.indices.to_pylist()]


def _writer(backend: Backend) -> Any:
    """What writes a literal as text, as the dialect does when it compiles a statement."""
    compiler: Any = sa.select(sa.literal(1)).compile(dialect=backend.dialect)

    def write(element: sa.ColumnElement[Any]) -> str:
        if isinstance(element, sa.BindParameter):
            return str(compiler.render_literal_value(element.value, element.type))
        return selects.compiled(element, backend.dialect)

    return write


def _plain(value: Any) -> Any:
    """Bytes of a text in another charset: reading has made sure that they are ASCII."""
    return value.decode("ascii") if isinstance(value, bytes) else value


def _quoted(backend: Backend, column: Column) -> str:
    return selects.compiled(selects.column(column.name), backend.dialect)
