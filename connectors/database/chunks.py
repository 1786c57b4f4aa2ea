"""Reading a table in chunks of the order of its key: the one loop under all ways of reading it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from connectors.database.settings import DatabaseSettings
from connectors.pace import Pace
from connectors.sql import Backend, Column, selects, with_charset
from connectors.sql.charsets import decode
from connectors.tables import deleted_mask, field_names, source_table
from hub.core.errors import SourceRefused

CELLS = 2_500_000
"""Fields of one chunk: 50,000 rows of up to 50 columns, 2,500 rows of 1,000."""

Condition = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table or query as one run finds it."""

    name: str
    where: str
    backend: Backend
    settings: DatabaseSettings
    pace: Pace
    columns: tuple[Column, ...]
    """Those that are read."""
    nullable: frozenset[str]
    """Those of key and cursor that may be null."""

    @property
    def source(self) -> sa.FromClause:
        return relation(self.settings)

    @property
    def file(self) -> str:
        """What `_file` says."""
        return self.settings.table or f"query of {self.name}"

    @property
    def key(self) -> tuple[Column, ...]:
        return tuple(self.column(name) for name in self.settings.key)

    def column(self, name: str) -> Column:
        return next(each for each in self.columns if each.name == name)

    def empty(self, name: str) -> Condition:
        """The condition that a column is null."""
        return selects.column(name).is_(None)


def relation(settings: DatabaseSettings) -> sa.FromClause:
    """The table or query to select from."""
    if settings.table is not None:
        return selects.table(settings.table)
    return selects.subquery(settings.query or "")


def opened(
    name: str, where: str, backend: Backend, settings: DatabaseSettings, pace: Pace
) -> Dataset:
    """Look at the columns as they are now. Raises SourceRefused when one that is needed is not there."""
    pace.wait()
    found = backend.columns(relation(settings))
    facts = backend.facts(settings.table) if settings.table else None
    pace.took(0)
    needed = [*settings.key, *filter(None, [settings.cursor])]
    missing = {*needed, *settings.columns} - {each.name for each in found}
    if missing:
        raise SourceRefused(
            f"there is no column {', '.join(sorted(missing))}", where=where,
            remedy="compare key, cursor and columns in source.yml with the database; names are spelled exactly",
        )  # fmt: skip
    wanted = {*settings.columns, *needed} if settings.columns else {each.name for each in found}
    if settings.deleted:
        wanted.add(settings.deleted.column)
    columns = tuple(
        with_charset(each, settings.charset_of(each.name)) for each in found if each.name in wanted
    )
    nullable = facts.nullable if facts and facts.nullable is not None else frozenset(needed)
    return Dataset(name, where, backend, settings, pace, columns, nullable & frozenset(needed))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows as read, the values of the ordering columns in the last of them, and whether more may follow."""

    table: pa.Table
    after: list[Any]
    more: bool


def chunks(
    dataset: Dataset,
    order: Sequence[Column],
    condition: Condition | None = None,
    after: Sequence[Any] | None = None,
    columns: Sequence[Column] | None = None,
) -> Iterator[Chunk]:
    """The rows for which the condition holds, in the order of some columns, behind a position.

    Each chunk is one query. One row more than asked for shows whether the table goes on; rows that are equal in all
    ordering columns stay together. Raises SourceRefused when more of them are equal than a chunk holds.
    """
    columns = columns or dataset.columns
    more = True
    while more:
        dataset.pace.wait()
        limit = max(min(dataset.pace.chunk_rows, CELLS // len(columns)), 1)
        select = selects.select(dataset.backend, columns, dataset.source)
        if condition is not None:
            select = select.where(condition)
        if after:
            select = select.where(selects.after(dataset.backend, order, after))
        select = select.order_by(*(selects.column(each.name) for each in order)).limit(limit + 1)
        rows = dataset.backend.read(select, columns)
        dataset.pace.took(rows.num_rows, rows.nbytes)
        more = rows.num_rows > limit
        if more:
            rows = rows.slice(0, _end(dataset, rows, order, limit))
        if rows.num_rows == 0:
            return
        after = _values(dataset, rows, order, rows.num_rows - 1)
        yield Chunk(rows, after, more)


def _end(dataset: Dataset, rows: pa.Table, order: Sequence[Column], limit: int) -> int:
    """How many of the first `limit` rows differ from the row behind them."""
    names = [each.name for each in order]
    ordering = rows.select(names)
    behind = ordering.slice(limit, 1).to_pylist()
    end = limit
    while end and ordering.slice(end - 1, 1).to_pylist() == behind:
        end -= 1
    if end == 0:
        raise SourceRefused(
            f"more than {limit} rows are equal in {', '.join(names)}", where=dataset.where,
            remedy="name columns that are unique under 'key'",
        )  # fmt: skip
    return end


def _values(dataset: Dataset, rows: pa.Table, order: Sequence[Column], at: int) -> list[Any]:
    values = []
    for column in order:
        value = rows[column.name][at].as_py()
        if isinstance(value, bytes):
            # As it is stored, which is what the database compares; beyond ASCII we could not write it in a query.
            try:
                value = value.decode("ascii")
            except UnicodeDecodeError:
                raise SourceRefused(
                    f"{column.name} holds other characters than ASCII, in another charset than declared",
                    where=dataset.where, remedy="name another column under key or cursor",
                ) from None  # fmt: skip
        values.append(value)
    return values


def raw_table(dataset: Dataset, rows: pa.Table, first: int) -> pa.Table:
    """The chunk as the contract wants it. `_row` is the key where that is one whole number, else a count from `first`."""
    decoded, defects = decode(rows, dataset.columns)
    names = field_names(decoded.column_names)
    fields = dict(zip(names, (each.combine_chunks() for each in decoded.columns), strict=True))
    mask = deleted_mask(fields, dataset.settings.deleted, dataset.where)
    return source_table(
        dataset.file, fields, _row_numbers(dataset, decoded, first), deleted=mask, defects=defects
    )


def _row_numbers(dataset: Dataset, rows: pa.Table, first: int) -> pa.Array:
    if len(dataset.settings.key) == 1:
        key = rows[dataset.settings.key[0]].combine_chunks()
        if pa.types.is_integer(key.type) and key.null_count == 0:
            try:
                return key.cast(pa.int64())
            except pa.ArrowInvalid:
                pass  # beyond 64 bits
    return pa.array(range(first, first + rows.num_rows), pa.int64())


def only(dataset: Dataset, names: Sequence[str]) -> Dataset:
    """The dataset with the columns of these names and those of the key."""
    wanted = {*names, *dataset.settings.key}
    missing = wanted - {each.name for each in dataset.columns}
    if missing:
        raise SourceRefused(
            f"there is no column {', '.join(sorted(missing))}", where=dataset.where,
            remedy="compare the mapping's record key with the table",
        )  # fmt: skip
    return replace(dataset, columns=tuple(each for each in dataset.columns if each.name in wanted))
