"""The tables of a database as datasets that could be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

import pyarrow as pa

from connectors.evidence import Evidence, charset_of
from connectors.offer import Offer
from connectors.pace import Pace
from connectors.sql import Backend, Column, UrlError, open_backend, selects, with_charset
from connectors.sql.charsets import decode
from connectors.tables import field_names, source_table
from hub.core.batches import CHUNK_ROWS
from hub.core.errors import SourceRefused
from hub.core.specs import Department

MOST_TABLES = 30
"""A department has more to do than to wait for us: of more tables than these, a person chooses."""
SAMPLE_ROWS, SAMPLE_COLUMNS = 1_000, 30


def offers(department: Department, url: str, wanted: Sequence[str]) -> Iterator[Offer]:
    """The tables that match one of the patterns, whatever their case."""
    try:
        backend = open_backend(url, department.slug)
    except UrlError as failure:
        raise department.source.error(
            f"connection '{department.spec.connection}': {failure}", ("connection",)
        ) from None
    pace = Pace(department.spec.protection)
    pace.wait()
    charset, tables = backend.server().charset, backend.tables()
    pace.took(len(tables))
    for table in _chosen(department, tables, wanted):
        yield _offer(backend, table, charset, pace)


def _chosen(department: Department, tables: Sequence[str], wanted: Sequence[str]) -> list[str]:
    chosen = [
        table
        for table in tables
        if not wanted or any(fnmatchcase(table.upper(), one.upper()) for one in wanted)
    ]
    listed = ", ".join(tables[: 2 * MOST_TABLES]) or "none"
    if not chosen:
        raise department.source.error(
            f"no table matches {', '.join(wanted)}" if wanted else "there is no table",
            remedy=f"give --table; the account sees: {listed}",
        )
    if not wanted and len(chosen) > MOST_TABLES:
        raise department.source.error(
            f"the database has {len(chosen)} tables",
            remedy=f"give --table for those that matter; the account sees: {listed}",
        )
    return chosen


def _offer(backend: Backend, table: str, server_charset: str, pace: Pace) -> Offer:
    pace.wait()
    columns, facts = backend.columns(selects.table(table)), backend.facts(table)
    pace.took(0)
    evidence = _evidence(backend, table, columns, pace)
    settings: dict[str, Any] = {"table": table}
    said = f"数据库声明 {server_charset or '不详'}；{evidence.why}"
    if evidence.charset == "gb18030":
        settings["charset"] = "gb18030"
    return Offer(
        title=table,
        settings=settings,
        sample=partial(_sample, backend, table, columns, settings.get("charset"), pace),
        remarks={"charset": said},
        unique=facts.unique,
        rows=facts.rows,
    )


def _evidence(backend: Backend, table: str, columns: Sequence[Column], pace: Pace) -> Evidence:
    """What the stored bytes of the first rows say."""
    texts = [with_charset(each, "utf-8") for each in columns if each.is_text][:SAMPLE_COLUMNS]
    if not texts:
        return charset_of(())
    select = selects.select(backend, texts, selects.table(table)).limit(SAMPLE_ROWS)
    pace.wait()
    try:
        rows = backend.read(select, texts)
    except SourceRefused as refusal:
        return Evidence(None, f"看不到原始字节 (its bytes cannot be seen: {refusal.what})")
    pace.took(rows.num_rows, rows.nbytes)
    values = (value for each in rows.columns for value in each.cast(pa.binary()).to_pylist())
    return charset_of(value for value in values if value is not None)


def _sample(
    backend: Backend,
    table: str,
    columns: Sequence[Column],
    charset: str | None,
    pace: Pace,
    rows: int,
) -> Iterator[pa.Table]:
    """The first rows, in whatever order the database gives them."""
    asked = [with_charset(each, charset) for each in columns]
    select = selects.select(backend, asked, selects.table(table)).limit(min(rows, CHUNK_ROWS))
    pace.wait()
    found = backend.read(select, asked)
    pace.took(found.num_rows, found.nbytes)
    decoded, defects = decode(found, asked)
    names = field_names(decoded.column_names)
    fields = dict(zip(names, (each.combine_chunks() for each in decoded.columns), strict=True))
    numbers = pa.array(range(1, found.num_rows + 1), pa.int64())
    yield source_table(table, fields, numbers, defects=defects)
