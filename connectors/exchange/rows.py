"""The queries of the access method `exchange`: which rows are new, reading a chunk of them, setting their flag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql

from connectors.exchange.settings import ExchangeSettings
from connectors.sql.postgres_sessions import reading, writing
from connectors.tables import field_names, source_table
from hub.core.batches import ROW
from hub.core.errors import SourceRefused

DONE = ("landed", "unchanged", "superseded")
QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class ExchangeTable:
    """A table, how to reach it, and how to name it in messages."""

    parameters: Mapping[str, Any]
    settings: ExchangeSettings
    where: str

    @property
    def name(self) -> sql.Composable:
        return sql.Identifier(*self.settings.table.split("."))

    @property
    def order(self) -> sql.Composable:
        return sql.Identifier(self.settings.order)

    @property
    def is_new(self) -> sql.Composable:
        """The condition that the flag says new."""
        flag = self.settings.flag
        column = sql.Identifier(flag.column)
        if flag.new is None:
            return sql.SQL("{} IS NULL").format(column)
        return sql.SQL("{} = {}").format(column, sql.Literal(flag.new))


@dataclass(frozen=True, slots=True)
class Extent:
    """The rows that are new when a run starts: numbers from `first` to `last`, and the columns to select."""

    first: int
    last: int
    unnumbered: int
    columns: sql.Composable


def extent(table: ExchangeTable) -> Extent:
    """What is new now. `first` is above `last` when nothing is."""
    bounds = sql.SQL(
        "SELECT min({order})::text AS first, max({order})::text AS last,"
        " count(*) FILTER (WHERE {order} IS NULL) AS unnumbered FROM {name} WHERE {is_new}"
    ).format(order=table.order, name=table.name, is_new=table.is_new)
    shape = sql.SQL("SELECT * FROM {name}").format(name=table.name)
    with reading(table.parameters, table.where) as cursor:
        schema = cursor.adbc_execute_schema(shape.as_string(None))
        cursor.execute(bounds.as_string(None))
        found = cursor.fetch_arrow_table().to_pylist()[0]
    try:
        first, last = int(found["first"] or 0), int(found["last"] or -1)
    except ValueError:
        raise _not_integers(table) from None
    return Extent(first, last, found["unnumbered"], sql.SQL(", ").join(map(_selected, schema)))


def _not_integers(table: ExchangeTable) -> SourceRefused:
    return SourceRefused(
        f"{table.settings.order} holds no integers", where=table.where,
        remedy="name the column of the increasing number under 'order'",
    )  # fmt: skip


def _selected(column: pa.Field) -> sql.Composable:
    """The column itself if its type is one that travels unharmed, else PostgreSQL's own text of it."""
    name = sql.Identifier(column.name)
    return name if _is_plain(column.type) else sql.SQL("{0}::text AS {0}").format(name)


def _is_plain(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.OpaqueType):
        return bool(kind.type_name == "numeric")  # as text, exactly
    tests = (
        pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_string,
        pa.types.is_date, pa.types.is_timestamp,
    )  # fmt: skip
    return any(test(kind) for test in tests)


def chunk(table: ExchangeTable, extent: Extent, after: int, at_most: int) -> pa.Table:
    """The next new rows after a number, at most so many. Raises SourceRefused if a number occurs twice."""
    query = sql.SQL(
        "SELECT {columns} FROM {name} WHERE {is_new} AND {order} > {after} AND {order} <= {last}"
        " ORDER BY {order} LIMIT {limit}"
    ).format(
        columns=extent.columns, name=table.name, is_new=table.is_new, order=table.order,
        after=sql.Literal(after), last=sql.Literal(extent.last),
        # One more row shows whether the last number occurs again behind the limit.
        limit=sql.Literal(at_most + 1),
    )  # fmt: skip
    with reading(table.parameters, table.where) as cursor:
        cursor.execute(query.as_string(None))
        found = cursor.fetch_arrow_table()
    names = field_names(found.column_names)
    columns = [_storage(column) for column in found.columns]
    try:
        numbers = columns[found.column_names.index(table.settings.order)].cast(pa.int64())
    except pa.ArrowInvalid:
        raise _not_integers(table) from None
    _check_unique(numbers, table)
    rows = source_table(table.settings.table, dict(zip(names, columns, strict=True)), numbers)
    return rows.slice(0, at_most)


def _storage(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole.storage if isinstance(whole, pa.ExtensionArray) else whole


def _check_unique(numbers: pa.Array, table: ExchangeTable) -> None:
    # Sorted, so that equal numbers are neighbours.
    same = pc.equal(numbers.slice(1), numbers.slice(0, max(len(numbers) - 1, 0)))
    if pc.any(same).as_py():
        twice = numbers[pc.index(same, True).as_py()]
        raise SourceRefused(
            f"{table.settings.order} {twice} occurs twice among the new rows", where=table.where,
            remedy="name a column that is unique under 'order', or have the department correct the rows",
        )  # fmt: skip


def mark(table: ExchangeTable, rows: pa.Table, fates: pl.DataFrame) -> None:
    """Write the flags of a landed batch in one transaction: two UPDATE statements, whatever the number of rows."""
    flag = table.settings.flag
    with writing(table.parameters, table.where) as cursor:
        for value, chosen in ((flag.done, DONE), (flag.error, (QUARANTINED,))):
            positions = fates.filter(pl.col("fate").is_in(chosen))["_src"].to_arrow()
            numbers = rows[ROW].take(positions).to_pylist()
            if numbers:
                cursor.execute(_update(table, value, numbers))


def _update(table: ExchangeTable, value: str, numbers: list[int]) -> sql.Composed:
    return sql.SQL(
        "UPDATE {name} SET {flag} = {value} WHERE {order} = ANY({numbers}) AND {is_new}"
    ).format(
        name=table.name, flag=sql.Identifier(table.settings.flag.column), order=table.order,
        value=sql.Literal(value), numbers=sql.Literal(numbers), is_new=table.is_new,
    )  # fmt: skip
