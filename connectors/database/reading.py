"""What a run reads: one pass over the rows behind the saved position, or over the whole table.

A pass reads to the end of the table, past rows that are written meanwhile. What it saves is not the highest value
that it met but the highest that was there when it began: a transaction that was open at that moment holds values
above it, or at most a lag below it, and the next pass starts a lag below it. Values in the future (9999-12-31) are
read but never saved, or no later change would be. While a pass is at work the cursor also says how far it came.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from connectors.database import positions
from connectors.database.chunks import Chunk, Condition, Dataset, chunks, raw_table
from connectors.database.settings import Keyset
from connectors.sql import Column, selects
from connectors.sql.charsets import decode
from hub.core.batches import Cursor, RawBatch, SourceFile
from hub.core.errors import SourceRefused

_COUNT = Column("hub_count", "bigint", pa.int64())
AT_MOST_KEYS = 500


def snapshot(dataset: Dataset, cursor: Cursor | None) -> Iterator[RawBatch]:
    """All rows in the order of the key; from where an earlier pass was stopped, if it was."""
    saved = (cursor or {}).get("after")
    after = positions.from_json(saved) if saved else None
    first = 1
    for chunk in chunks(dataset, dataset.key, _numbered(dataset, dataset.settings.key), after):
        state = {"after": _saved(dataset, chunk.after) if chunk.more else None}
        yield _batch(dataset, chunk, first, state)
        first += chunk.table.num_rows
    _refuse_without_key(dataset, None)


def keyset(dataset: Dataset, strategy: Keyset, cursor: Cursor | None) -> Iterator[RawBatch]:
    """The rest of a pass that was stopped, if one was, and a pass from the position that is known then."""
    state = dict(cursor or {})
    if "pass" in state:
        yield from _pass(dataset, strategy, state)
        state = {"position": state["pass"]["until"]}
    yield from _pass(dataset, strategy, _begun(dataset, strategy, state.get("position")))


def _begun(dataset: Dataset, strategy: Keyset, position: Any) -> Cursor:
    """The state of a pass that is about to begin."""
    (top,) = positions.to_json([_top(dataset, strategy.cursor)])
    old, new = positions.from_json([position, top])
    start = None
    if old is not None:
        # A source that was restored from a backup counts anew below what we know.
        start = _before(dataset, strategy, _lower(old, new))
    until = top if new is not None else position
    (saved_start,) = positions.to_json([start])
    return {"position": position, "pass": {"start": saved_start, "until": until, "after": None}}


def _pass(dataset: Dataset, strategy: Keyset, state: Cursor) -> Iterator[RawBatch]:
    """Rows without a cursor value first, so that the last chunk of the others ends the pass."""
    at: dict[str, Any] = dict(state["pass"])
    first = 1
    cursor = dataset.column(strategy.cursor)
    if cursor.name in dataset.nullable and not at.get("nulls_read"):
        resumed = positions.from_json(at["after"]) if at["after"] else None
        unknown = sa.and_(dataset.empty(cursor.name), _numbered(dataset, strategy.key))
        for chunk in chunks(dataset, dataset.key, unknown, resumed):
            at["after"] = _saved(dataset, chunk.after)
            yield _batch(dataset, chunk, first, {**state, "pass": dict(at)})
            first += chunk.table.num_rows
        at["after"] = None
    at["nulls_read"] = True
    conditions = [_numbered(dataset, (cursor.name, *strategy.key))]
    (start,) = positions.from_json([at["start"]])
    if start is not None:
        conditions.append(
            selects.column(cursor.name) >= selects.literal(dataset.backend, cursor, start)
        )
    resumed = positions.from_json(at["after"]) if at["after"] else None
    for chunk in chunks(dataset, (cursor, *dataset.key), sa.and_(*conditions), resumed):
        at["after"] = _saved(dataset, chunk.after)
        done = {"position": at["until"]}
        yield _batch(dataset, chunk, first, {**state, "pass": dict(at)} if chunk.more else done)
        first += chunk.table.num_rows
    _refuse_without_key(dataset, start)


def between(dataset: Dataset, low: str | None, high: str | None) -> Iterator[RawBatch]:
    """The rows with low <= cursor column < high; all rows if both are open."""
    name = dataset.settings.cursor
    if name is None:
        raise SourceRefused(
            "a snapshot has no cursor column to read a range of", where=dataset.where,
            remedy="run it: it reads everything every time",
        )  # fmt: skip
    column = dataset.column(name)
    conditions = [_numbered(dataset, (name, *dataset.settings.key))]
    for bound, compare in ((low, "__ge__"), (high, "__lt__")):
        if bound is not None:
            value = selects.literal(dataset.backend, column, _parsed(dataset, column, bound))
            conditions.append(getattr(selects.column(name), compare)(value))
    parts = [chunks(dataset, (column, *dataset.key), sa.and_(*conditions))]
    if low is None and high is None and name in dataset.nullable:
        unknown = sa.and_(dataset.empty(name), _numbered(dataset, dataset.settings.key))
        parts.append(chunks(dataset, dataset.key, unknown))
    first = 1
    for part in parts:
        for chunk in part:
            yield _batch(dataset, chunk, first, {})
            first += chunk.table.num_rows


def keys(dataset: Dataset) -> Iterator[pa.Table]:
    """The columns of the dataset, of every row; a row without a key is an error after the others."""
    for chunk in chunks(dataset, dataset.key, _numbered(dataset, dataset.settings.key)):
        yield decode(chunk.table, dataset.columns)[0]
    _refuse_without_key(dataset, None)


def fetched(dataset: Dataset, keys: pa.Table) -> Iterator[RawBatch]:
    """The rows with these keys, as they are now."""
    values = keys.select(list(dataset.settings.key))
    first = 1
    for part in range(0, values.num_rows, AT_MOST_KEYS):
        wanted = [tuple(row.values()) for row in values.slice(part, AT_MOST_KEYS).to_pylist()]
        condition = selects.among(dataset.backend, dataset.key, wanted)
        for chunk in chunks(dataset, dataset.key, condition):
            yield _batch(dataset, chunk, first, {})
            first += chunk.table.num_rows


def _batch(dataset: Dataset, chunk: Chunk, first: int, cursor: Cursor) -> RawBatch:
    rows = raw_table(dataset, chunk.table, first)
    return RawBatch(dataset.name, rows, (SourceFile(dataset.file, rows.num_rows),), cursor)


def _numbered(dataset: Dataset, names: Sequence[str]) -> Condition:
    """The condition that none of these columns is null; without one, as databases sort nulls where they like."""
    return sa.and_(
        sa.true(),
        *(selects.column(each).is_not(None) for each in names if each in dataset.nullable),
    )


def _top(dataset: Dataset, name: str) -> Any:
    """The highest cursor value that is not in the future; None if there is none."""
    column = dataset.column(name)
    highest = _highest(dataset, column, None)
    if highest is None or positions.at_clock(datetime.now(UTC), column.arrow, highest) is None:
        return highest
    dataset.pace.wait()
    clock = dataset.backend.server().clock or datetime.now(UTC)
    dataset.pace.took(1)
    now = positions.at_clock(clock, column.arrow, highest)
    if type(highest) is type(now) and highest <= now:
        return highest
    # Later than now, or what no calendar has, such as infinity.
    past = selects.column(name) <= selects.literal(dataset.backend, column, now)
    highest = _highest(dataset, column, past)
    return highest if type(highest) is type(now) else None


def _highest(dataset: Dataset, column: Column, condition: Condition | None) -> Any:
    dataset.pace.wait()
    highest = dataset.backend.selected(column, sa.func.max(selects.column(column.name)))
    select = sa.select(highest.label("hub_highest")).select_from(dataset.source)
    rows = dataset.backend.read(select if condition is None else select.where(condition), [column])
    dataset.pace.took(rows.num_rows)
    value = rows.column(0)[0].as_py()
    return value.decode("ascii", "replace") if isinstance(value, bytes) else value


def _lower(old: Any, new: Any) -> Any:
    try:
        return old if new is None else min(old, new)
    except TypeError:  # the column was changed to another type
        return old


def _before(dataset: Dataset, strategy: Keyset, value: Any) -> Any:
    try:
        return positions.before(value, strategy.lag)
    except TypeError as failure:
        raise SourceRefused(
            f"{strategy.cursor} and its lag do not fit ({failure})", where=dataset.where,
            remedy="correct 'lag' in source.yml, or use the strategy 'snapshot'",
        ) from None  # fmt: skip


def _parsed(dataset: Dataset, column: Column, bound: str) -> Any:
    try:
        return positions.parsed(bound, column.arrow)
    except (ValueError, ArithmeticError):
        raise SourceRefused(
            f"a bound of the range is no {column.sql_type}, the type of {column.name}",
            where=dataset.where, remedy="write numbers plainly and times as 2012-03-05 14:30:00",
        ) from None  # fmt: skip


def _saved(dataset: Dataset, values: Sequence[Any]) -> list[Any]:
    try:
        return positions.to_json(values)
    except TypeError as failure:
        raise SourceRefused(
            f"key or cursor is of a type that cannot be one ({failure})", where=dataset.where,
            remedy="name columns of numbers, texts or times",
        ) from None  # fmt: skip


def _refuse_without_key(dataset: Dataset, start: Any) -> None:
    """Rows whose key is null cannot be put in order, so they were not read: never silently."""
    names = [name for name in dataset.settings.key if name in dataset.nullable]
    if not names:
        return
    condition: Condition = sa.or_(*(dataset.empty(name) for name in names))
    if start is not None and dataset.settings.cursor:
        column = dataset.column(dataset.settings.cursor)
        behind = selects.column(column.name) >= selects.literal(dataset.backend, column, start)
        condition = sa.and_(condition, behind)
    dataset.pace.wait()
    count = sa.func.count().label(_COUNT.name)
    select = sa.select(count).select_from(dataset.source).where(condition)
    unkeyed = dataset.backend.read(select, [_COUNT]).column(0)[0].as_py()
    dataset.pace.took(1)
    if int(unkeyed):
        raise SourceRefused(
            f"{unkeyed} rows have no {' or '.join(names)} and cannot be read", where=dataset.where,
            remedy="name columns that are never null under 'key', or have the department correct the rows",
        )  # fmt: skip
