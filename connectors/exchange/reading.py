"""Reading what is new: the rows that are new when a run starts, chunk by chunk in the order of their key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from connectors.exchange.tables import Condition, Table
from connectors.pace import Pace
from connectors.sql import Column, selects
from connectors.sql.charsets import decode
from connectors.tables import deleted_mask, source_table
from hub.core.batches import RawBatch, SourceFile
from hub.core.errors import SourceRefused

CELLS = 2_500_000
"""Fields of one chunk: 50,000 rows of up to 50 columns, 2,500 rows of 1,000."""
_COUNT = Column("hub_count", "bigint", pa.int64())


def batches(dataset: str, table: Table, pace: Pace) -> Iterator[RawBatch]:
    """The new rows. Raises SourceRefused for keys that are not unique, and, after all others, for rows without one."""
    last = _last(table, pace)
    after: list[Any] | None = None
    count = 0
    while last is not None:
        rows = _chunk(table, pace, after, last)
        if rows.num_rows == 0:
            break
        after = key_values(table, rows, rows.num_rows - 1)
        raw = _raw(table, rows, count + 1)
        count += rows.num_rows
        cursor = {"order": raw["_row"][-1].as_py()} if table.settings.order else {"rows": count}
        yield RawBatch(dataset, raw, (SourceFile(table.settings.table, rows.num_rows),), cursor)
    if table.nullable:
        _refuse_without_key(table, pace)


def _last(table: Table, pace: Pace) -> list[Any] | None:
    """The key of the last row that is new now: what arrives while we read is for the next run."""
    pace.wait()
    ordered = [selects.column(each.name).desc() for each in table.key]
    query = selects.select(table.backend, table.key, table.source).where(
        table.is_new, *_keyed(table)
    )
    rows = table.backend.read(query.order_by(*ordered).limit(1), table.key)
    pace.took(rows.num_rows, rows.nbytes)
    return key_values(table, rows, 0) if rows.num_rows else None


def _chunk(table: Table, pace: Pace, after: list[Any] | None, last: list[Any]) -> pa.Table:
    pace.wait()
    limit = max(min(pace.chunk_rows, CELLS // len(table.columns)), 1)
    behind_last = selects.after(table.backend, table.key, last)
    query = selects.select(table.backend, table.columns, table.source)
    query = query.where(table.is_new, *_keyed(table), sa.not_(behind_last))
    if after is not None:
        query = query.where(selects.after(table.backend, table.key, after))
    query = query.order_by(*(selects.column(each.name) for each in table.key))
    # One more row shows whether the last key occurs again behind the limit.
    rows = table.backend.read(query.limit(limit + 1), table.columns)
    pace.took(rows.num_rows, rows.nbytes)
    _check_unique(table, rows)
    return rows.slice(0, limit)


def _keyed(table: Table) -> list[Condition]:
    return [selects.column(name).is_not(None) for name in sorted(table.nullable)]


def key_values(table: Table, rows: pa.Table, at: int) -> list[Any]:
    """The key of one row, as it stands in a statement. Raises SourceRefused if it cannot."""
    values = []
    for column in table.key:
        value = rows[column.name][at].as_py()
        if isinstance(value, bytes):
            if not value.isascii():
                raise SourceRefused(
                    f"{column.name} holds other characters than ASCII, in another charset than declared",
                    where=table.where, remedy="name another column in the key",
                )  # fmt: skip
            value = value.decode("ascii")
        values.append(value)
    return values


def _check_unique(table: Table, rows: pa.Table) -> None:
    """Rows are sorted, so that equal keys are neighbours."""
    ahead = max(rows.num_rows - 1, 0)
    keys = [rows[column.name] for column in table.key]
    same = [pc.equal(key.slice(1), key.slice(0, ahead)) for key in keys]
    twice = reduce(pc.and_, same)
    if pc.any(twice).as_py():
        names = ", ".join(column.name for column in table.key)
        value = f" {keys[0][pc.index(twice, True).as_py()].as_py()}" if table.settings.order else ""
        raise SourceRefused(
            f"{names}{value} occurs twice among the new rows", where=table.where,
            remedy="name columns that are unique under 'order' or 'key', or have the department correct the rows",
        )  # fmt: skip


def _raw(table: Table, rows: pa.Table, first: int) -> pa.Table:
    decoded, defects = decode(rows, table.columns)
    arrays = [each.combine_chunks() for each in decoded.columns]
    fields: dict[str, Any] = dict(zip(table.names, arrays, strict=True))
    return source_table(
        table.settings.table, fields, _row_numbers(table, rows, first),
        deleted=deleted_mask(_without_padding(table, fields), table.settings.deleted, table.where),
        defects=defects,
    )  # fmt: skip


def _without_padding(table: Table, fields: dict[str, Any]) -> dict[str, Any]:
    """CHAR(n) pads the mark of deleted rows with blanks."""
    deleted = table.settings.deleted
    if deleted is None or deleted.column not in fields:
        return fields
    return fields | {
        deleted.column: pc.utf8_trim_whitespace(fields[deleted.column].cast(pa.string()))
    }


def _row_numbers(table: Table, rows: pa.Table, first: int) -> pa.Array:
    if table.settings.order is None:
        return pa.array(range(first, first + rows.num_rows), pa.int64())
    try:
        return rows[table.key[0].name].combine_chunks().cast(pa.int64())
    except pa.ArrowInvalid:
        raise SourceRefused(
            f"{table.settings.order} holds no integers", where=table.where,
            remedy="name the column of the increasing number under 'order', or the key's columns under 'key'",
        ) from None  # fmt: skip


def _refuse_without_key(table: Table, pace: Pace) -> None:
    pace.wait()
    unkeyed = sa.or_(*(selects.column(name).is_(None) for name in sorted(table.nullable)))
    query = sa.select(sa.func.count().label(_COUNT.name)).select_from(table.source)
    found = table.backend.read(query.where(table.is_new, unkeyed), [_COUNT])
    pace.took(1)
    if count := found[0][0].as_py():
        names: Sequence[str] = sorted(table.nullable)
        raise SourceRefused(
            f"{count} new rows have no {' or '.join(names)} and cannot be read", where=table.where,
            remedy="have the department number them",
        )  # fmt: skip
