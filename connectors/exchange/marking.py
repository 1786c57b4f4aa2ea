"""Acknowledging a landed batch: the flags of its rows, and of nothing that was written since they were read.

A statement names the rows by their keys, data versions included, and asks that the flag still says new and that the
column of the last change still holds what was read. All statements of a batch are one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.exchange.conditions import matching, numbered
from connectors.exchange.tables import PREFIX, Condition, Table, named
from connectors.sql import Column, selects
from hub.core.settings import TIME_ZONE

REFUSED = ("quarantined", "rejected")
"""Fates of rows that did not land; without a reason code, the fate is told."""


def mark(table: Table, rows: pa.Table, fates: pl.DataFrame) -> None:
    """Write the flags of a landed batch. `fates`: _src, fate, and reason if it is known."""
    now = datetime.now(ZoneInfo(TIME_ZONE)).replace(microsecond=0)
    statements = [
        statement
        for reason, chosen in _outcomes(fates)
        for statement in _updates(table, rows.take(chosen), _written(table, reason, now), reason)
    ]
    if statements:
        table.backend.write(statements)


def _outcomes(fates: pl.DataFrame) -> Iterator[tuple[str | None, pa.Array]]:
    """Reason code (None: it has landed) → positions. The refused first: an ending that belongs to two rows, of
    which one is refused, is in error."""
    if "reason" not in fates.columns:
        fates = fates.with_columns(reason=pl.lit(None, pl.String))
    not_landed = pl.col("fate").is_in(REFUSED)
    refused = fates.filter(not_landed).with_columns(pl.coalesce("reason", "fate").alias("reason"))
    for (reason,), group in refused.group_by("reason", maintain_order=True):
        yield str(reason), group["_src"].to_arrow()
    landed = fates.filter(~not_landed)
    if landed.height:
        yield None, landed["_src"].to_arrow()


def _updates(
    table: Table, rows: pa.Table, written: dict[str, Any], reason: str | None
) -> Iterator[sa.Update]:
    flag = table.column(table.settings.flag.column)
    columns = [
        *table.key,
        *([table.column(table.settings.changed)] if table.settings.changed else []),
    ]
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


def _written(table: Table, reason: str | None, now: datetime) -> dict[str, Any]:
    """Column → value of everything that is written back."""
    settings = table.settings.flag
    flag = table.column(settings.column)
    values: dict[str, Any] = {flag.name: _flag(table, flag, reason)}
    if settings.error_column:
        told = sa.null() if reason is None else sa.literal(reason)
        values[table.column(settings.error_column).name] = told
    if settings.acknowledged_at:
        column = table.column(settings.acknowledged_at)
        values[column.name] = selects.literal(table.backend, column, _as_kept(column, now))
    return values


def _flag(table: Table, flag: Column, reason: str | None) -> sa.ColumnElement[Any]:
    settings = table.settings.flag
    return table.flag_value(flag, settings.done if reason is None else settings.error)


def _as_kept(column: Column, now: datetime) -> datetime | str:
    """The time as the column keeps it."""
    if pa.types.is_timestamp(column.arrow):
        return now if column.arrow.tz else now.replace(tzinfo=None)
    return now.strftime("%Y-%m-%d %H:%M:%S")


def _named(table: Table, rows: pa.Table, columns: Sequence[Column]) -> Iterator[Condition]:
    """Conditions that together hold for exactly those rows; rows whose key could not be read stay new."""
    names = [table.handed_on(each) for each in columns]
    keys = _valid(rows, names[: len(table.key)], names[len(table.key) :])
    if len(columns) == 1:
        yield from numbered(table.backend, columns[0], keys.column(0))
        return
    if table.settings.changed:
        never = pc.is_null(keys.column(len(columns) - 1))
        without = keys.filter(never).select(range(len(columns) - 1))
        for condition in matching(table.backend, columns[:-1], without):
            yield sa.and_(condition, selects.column(columns[-1].name).is_(None))
        keys = keys.filter(pc.invert(never))
    yield from matching(table.backend, columns, keys)


def _ended(table: Table, rows: pa.Table) -> Iterator[Condition]:
    """The endings that were read with those rows, and older versions of them."""
    ending = table.settings.ending
    assert ending is not None
    columns = [table.column(PREFIX + name) for name in (*ending.same, ending.version)]
    keys = _valid(rows, [table.handed_on(each) for each in columns])
    there = [replace(each, name=each.name.removeprefix(PREFIX)) for each in columns]
    yield from matching(table.backend, there, keys, up_to_last=True)


def _valid(rows: pa.Table, names: Sequence[str], optional: Sequence[str] = ()) -> pa.Table:
    """Those columns, of the rows in which none of `names` is null."""
    for name in names:
        rows = rows.filter(pc.is_valid(rows[name]))
    return rows.select([*names, *optional])
