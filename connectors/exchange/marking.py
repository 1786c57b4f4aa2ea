"""Acknowledging a landed batch: the flags of its rows, and of nothing that was written since they were read.

A statement names the rows by their keys, data versions included, and asks that the flag still says new and that the
column of the last change still holds what was read. All statements of a batch are one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.exchange.tables import PREFIX, Condition, Table, named
from connectors.sql import Column, selects
from hub.core.settings import TIME_ZONE

QUARANTINED = "quarantined"
KEYS_OF_A_STATEMENT = 500
"""Databases limit how much one condition may hold: Oracle 1,000 in a list, SQLite 1,000 levels."""


def mark(table: Table, rows: pa.Table, fates: pl.DataFrame) -> None:
    """Write the flags of a landed batch. `fates`: _src, fate, and reason if it is known."""
    statements = [
        statement
        for reason, chosen in _outcomes(fates)
        for statement in _updates(table, rows.take(chosen), reason)
    ]
    if statements:
        table.backend.write(statements)


def _outcomes(fates: pl.DataFrame) -> Iterator[tuple[str | None, pa.Array]]:
    """Reason code (None: it has landed) → positions. The quarantined first: an ending that belongs to two rows, of
    which one is quarantined, is in error."""
    if "reason" not in fates.columns:
        fates = fates.with_columns(reason=pl.lit(None, pl.String))
    quarantined = pl.col("fate") == QUARANTINED
    refused = fates.filter(quarantined).with_columns(pl.col("reason").fill_null(QUARANTINED))
    for (reason,), group in refused.group_by("reason", maintain_order=True):
        yield str(reason), group["_src"].to_arrow()
    landed = fates.filter(~quarantined)
    if landed.height:
        yield None, landed["_src"].to_arrow()


def _updates(table: Table, rows: pa.Table, reason: str | None) -> Iterator[sa.Update]:
    flag = table.column(table.settings.flag.column)
    columns = [
        *table.key,
        *([table.column(table.settings.changed)] if table.settings.changed else []),
    ]
    written = _written(table, reason)
    for condition in _named(table, rows, columns):
        yield (
            sa.update(named(table.table, list(written)))
            .values(written)
            .where(condition, table.says_new(flag))
        )
    if table.settings.ending is not None and table.ending is not None:
        ended = table.column(PREFIX + table.settings.flag.column)
        name = ended.name.removeprefix(PREFIX)
        for condition in _ended(table, rows):
            yield (
                sa.update(named(table.ending, [name]))
                .values({name: _flag(table, ended, reason)})
                .where(condition, table.says_new(ended, name))
            )


def _written(table: Table, reason: str | None) -> dict[str, Any]:
    """Column → value of everything that is written back."""
    settings = table.settings.flag
    flag = table.column(settings.column)
    values: dict[str, Any] = {flag.name: _flag(table, flag, reason)}
    if settings.error_column:
        told = sa.null() if reason is None else sa.literal(reason)
        values[table.column(settings.error_column).name] = told
    if settings.acknowledged_at:
        column = table.column(settings.acknowledged_at)
        values[column.name] = selects.literal(table.backend, column, _now(column))
    return values


def _flag(table: Table, flag: Column, reason: str | None) -> sa.ColumnElement[Any]:
    settings = table.settings.flag
    return table.flag_value(flag, settings.done if reason is None else settings.error)


def _now(column: Column) -> datetime | str:
    """The time as the column keeps it."""
    now = datetime.now(ZoneInfo(TIME_ZONE)).replace(microsecond=0)
    if pa.types.is_timestamp(column.arrow):
        return now if column.arrow.tz else now.replace(tzinfo=None)
    return now.strftime("%Y-%m-%d %H:%M:%S")


def _named(table: Table, rows: pa.Table, columns: Sequence[Column]) -> Iterator[Condition]:
    """Conditions that together hold for exactly those rows; rows whose key could not be read stay new."""
    names = [table.handed_on(each) for each in columns]
    keys = _valid(rows, names[: len(table.key)], names[len(table.key) :])
    if len(columns) == 1:
        yield from _numbered(table, columns[0], keys.column(0))
        return
    if table.settings.changed:
        unwritten = pc.is_null(keys.column(len(columns) - 1))
        without = keys.filter(unwritten).select(range(len(columns) - 1))
        for some in _some(without):
            never = selects.column(columns[-1].name).is_(None)
            yield sa.and_(selects.among(table.backend, columns[:-1], some), never)
        keys = keys.filter(pc.invert(unwritten))
    for some in _some(keys):
        yield selects.among(table.backend, columns, some)


def _some(keys: pa.Table) -> Iterator[list[tuple[Any, ...]]]:
    values = [column.to_pylist() for column in keys.columns]
    every = list(zip(*values, strict=True))
    for at in range(0, len(every), KEYS_OF_A_STATEMENT):
        yield every[at : at + KEYS_OF_A_STATEMENT]


def _numbered(table: Table, column: Column, keys: pa.ChunkedArray) -> Iterator[Condition]:
    """Whole numbers without a gap between them are a range: nothing else can lie in it."""
    kind = column.arrow
    if not pa.types.is_integer(kind) and not (pa.types.is_decimal(kind) and kind.scale == 0):
        for some in _some(pa.table({"key": keys})):
            yield selects.among(table.backend, [column], some)
        return
    numbers = np.unique(keys.cast(pa.int64()).to_numpy())
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[:1] - 2) != 1)
    firsts, lasts = numbers[starts], numbers[np.append(starts[1:], len(numbers)) - 1]
    element = selects.column(column.name)
    for at in range(0, len(firsts), KEYS_OF_A_STATEMENT):
        spans = zip(
            firsts[at : at + KEYS_OF_A_STATEMENT], lasts[at : at + KEYS_OF_A_STATEMENT], strict=True
        )
        yield sa.or_(
            *(
                element.between(sa.literal(int(first)), sa.literal(int(last)))
                for first, last in spans
            )
        )


def _ended(table: Table, rows: pa.Table) -> Iterator[Condition]:
    """The endings that were read with those rows, and older versions of them."""
    ending = table.settings.ending
    assert ending is not None
    columns = [table.column(PREFIX + name) for name in (*ending.same, ending.version)]
    there = [selects.column(each.name.removeprefix(PREFIX)) for each in columns]
    for some in _some(_valid(rows, [table.handed_on(each) for each in columns])):
        yield sa.or_(
            *(
                sa.and_(
                    *(name == selects.literal(table.backend, each, value)
                      for name, each, value in zip(there[:-1], columns[:-1], key[:-1], strict=True)),
                    there[-1] <= selects.literal(table.backend, columns[-1], key[-1]),
                )
                for key in some
            )
        )  # fmt: skip


def _valid(rows: pa.Table, names: Sequence[str], optional: Sequence[str] = ()) -> pa.Table:
    """Those columns, of the rows in which none of `names` is null."""
    for name in names:
        rows = rows.filter(pc.is_valid(rows[name]))
    return rows.select([*names, *optional])
