"""What can be known of an exchange table without taking its rows: can it be read and acknowledged, and what waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import sqlalchemy as sa

from connectors.diagnosis import Diagnosis
from connectors.exchange.tables import Table, named
from connectors.pace import Pace
from connectors.sql import Backend, Column, selects
from hub.core.errors import HubError, SourceRefused
from hub.core.settings import TIME_ZONE

COUNTED = 100_000
"""Counting all rows of a large exchange table may run for hours: nobody needs to know more than this."""
_COUNT = Column("hub_count", "bigint", pa.int64())


def diagnose(
    dataset: str, backend: Backend, opened: Callable[[], Table], pace: Pace
) -> Iterator[Diagnosis]:
    """Check by check; what the source refuses is a finding, and ends the checks that need it."""
    try:
        pace.wait()
        server = backend.server()
        version = ".".join(map(str, server.version))
        yield Diagnosis(
            "reachable",
            "ok",
            f"{server.product} {version}, charset {server.charset}",
            dataset=dataset,
        )
        table = opened()
        pace.took(0)
    except HubError as failure:
        check = "table" if isinstance(failure, SourceRefused) else "reachable"
        yield Diagnosis(check, "failed", failure.what, failure.remedy, dataset)
        return
    yield Diagnosis(
        "table", "ok", f"{len(table.columns)} columns, the flag among them", dataset=dataset
    )
    for examine in (_rights, _waiting, _index):
        try:
            pace.wait()
            yield examine(dataset, table)
            pace.took(0)
        except HubError as failure:
            yield Diagnosis(
                examine.__name__.strip("_"), "failed", failure.what, failure.remedy, dataset
            )


def _rights(dataset: str, table: Table) -> Diagnosis:
    """Whether the flag may be written: an UPDATE of no row is checked like any other."""
    columns = [table.column(name).name for name in table.settings.flag.written]
    target = named(table.table, columns)
    nothing = {name: selects.column(name) for name in columns}
    named_columns = ", ".join(columns)
    try:
        table.backend.write(
            [sa.update(target).values(nothing).where(sa.literal(1) == sa.literal(0))]
        )
    except SourceRefused as failure:
        return Diagnosis(
            "rights", "failed", f"may not write {named_columns}: {failure.what}",
            f"have UPDATE on {named_columns} of {table.table} granted, and nothing more", dataset,
        )  # fmt: skip
    if table.backend.facts(table.table).writable:
        return Diagnosis(
            "rights", "warning", f"may write {named_columns}, and more of the table than that",
            f"SELECT, and UPDATE on {named_columns}, are all that is needed", dataset,
        )  # fmt: skip
    return Diagnosis("rights", "ok", f"may write {named_columns}", dataset=dataset)


def _waiting(dataset: str, table: Table) -> Diagnosis:
    """How many rows are new, and since when the oldest of them waits."""
    time = _time(table)
    asked = (
        [selects.column(time.name).label("hub_time")] if time else [sa.literal(1).label("hub_time")]
    )
    first = sa.select(*asked).select_from(table.source).where(table.is_new).limit(COUNTED + 1)
    rows = first.subquery("hub_new")
    columns = [_COUNT]
    elements: list[sa.ColumnElement[Any]] = [sa.func.count().label(_COUNT.name)]
    if time:
        columns.append(time)
        oldest = sa.func.min(rows.c["hub_time"])
        elements.append(table.backend.selected(time, oldest).label(selects.exact(time.name)))
    query: sa.Select[Any] = sa.select(*elements).select_from(rows)
    found = table.backend.read(query, columns)
    count = found[0][0].as_py()
    said = f"more than {COUNTED} rows are new" if count > COUNTED else f"{count} rows are new"
    since = found[1][0].as_py() if time else None
    if isinstance(since, date):
        said += f", the oldest since {_age(since)}"
    return Diagnosis("waiting", "ok", said, dataset=dataset)


def _time(table: Table) -> Column | None:
    """The column of the last change, or a time in the key."""
    candidates = [
        *([table.column(table.settings.changed)] if table.settings.changed else []),
        *table.key,
    ]
    times = (each for each in candidates if pa.types.is_temporal(each.arrow))
    return next(times, None)


def _age(since: date) -> str:
    zone = ZoneInfo(TIME_ZONE)
    moment = (
        since
        if isinstance(since, datetime)
        else datetime(since.year, since.month, since.day, tzinfo=zone)
    )
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    days = (datetime.now(zone) - moment).days
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M} ({days} days)"


def _index(dataset: str, table: Table) -> Diagnosis:
    flag = table.column(table.settings.flag.column).name
    if any(columns[0] == flag for columns in table.backend.facts(table.table).indexes if columns):
        return Diagnosis("flag_index", "ok", f"an index begins with {flag}", dataset=dataset)
    return Diagnosis(
        "flag_index", "warning", f"no index begins with {flag}: every reading goes through the whole table",
        f"have one made on {flag}, or landed rows removed from time to time", dataset,
    )  # fmt: skip
