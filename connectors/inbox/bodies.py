"""The rows of one payload, whatever its format. Counting at the door and reading in a run are this same code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from connectors.inbox import json_rows
from connectors.inbox.json_rows import SLICE_ROWS
from connectors.inbox.malformed import Malformed, TooManyRows
from connectors.inbox.settings import (
    CsvSettings,
    Format,
    InboxSettings,
    JsonSettings,
    XmlBodySettings,
)
from connectors.settings import Charset
from connectors.tables import deleted_mask, source_table
from hub.core.batches import DELETED, RESERVED, ROW
from hub.core.errors import SourceRefused
from hub.core.privacy import mask_message

MEDIA_TYPES: dict[str, Format] = {
    "application/json": "json", "text/json": "json",
    "application/xml": "xml", "text/xml": "xml",
    "text/csv": "csv", "application/csv": "csv",
}  # fmt: skip
ENDINGS: dict[str, Format] = {".json": "json", ".xml": "xml", ".csv": "csv", ".txt": "csv"}

_CHARSET: TypeAdapter[str] = TypeAdapter(Charset)
_DECLARED = re.compile(rb"""^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.-]+)["']""")
_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Body:
    """How a payload is to be read. `charset`: as its sender said, None where only the body or the settings say."""

    format: Format
    charset: str | None = None


def known_charset(name: str) -> str | None:
    """The charset to decode with, the superset for gb2312 and gbk; None if it is not known or no superset of ASCII."""
    try:
        return _CHARSET.validate_python(name)
    except ValidationError:
        return None


def count(path: Path, body: Body, settings: InboxSettings) -> int:
    """How many rows a payload has. Raises Malformed, or TooManyRows as soon as there are more than `max_rows`."""
    rows = 0
    for table in tables(path, body, "", settings):
        rows += table.num_rows
        if rows > settings.max_rows:
            raise TooManyRows
    return rows


def tables(path: Path, body: Body, name: str, settings: InboxSettings) -> Iterator[pa.Table]:
    """All rows in order, some thousands at a time; `_file` is `name`, `_row` counts from 1.

    Raises Malformed with line and column where the format tells them, possibly after some tables.
    """
    options: Any = settings.accepts.formats.get(body.format)
    if options is None:
        raise Malformed(f"the dataset takes no {body.format}")
    try:
        yield from _READERS[body.format](path, body.charset, name, options, settings)
    except SourceRefused as refusal:
        raise Malformed(refusal.what, _line_of(refusal)) from None


def _json(
    path: Path, charset: str | None, name: str, options: JsonSettings, settings: InboxSettings
) -> Iterator[pa.Table]:
    charset = charset or "utf-8"
    text = _decoded(path.read_bytes(), charset)
    yield from json_rows.tables(text, name, options.fields, settings.deleted, charset)


def _decoded(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset).removeprefix(_MARK)
    except UnicodeDecodeError as failure:
        line = data.count(b"\n", 0, failure.start) + 1
        raise Malformed(f"byte {failure.start + 1} is no {charset} text", line) from None


def _csv(
    path: Path, charset: str | None, name: str, options: CsvSettings, settings: InboxSettings
) -> Iterator[pa.Table]:
    from connectors.files import text

    reading = options.text()
    if charset:
        reading = reading.model_copy(update={"charset": charset})
    first = 1
    for part in text.read(path, name, reading):
        yield _numbered(part.table, name, first, settings)
        first += part.table.num_rows


def _numbered(table: pa.Table, name: str, first: int, settings: InboxSettings) -> pa.Table:
    """With ordinals in place of lines, and the rows marked that the department deleted."""
    fields = {column: table[column] for column in table.column_names if column not in RESERVED}
    numbers = pa.array(range(first, first + table.num_rows), pa.int64())
    table = table.set_column(table.column_names.index(ROW), ROW, numbers)
    marks = deleted_mask(fields, settings.deleted, name)
    if marks is None:
        return table
    return table.set_column(table.column_names.index(DELETED), DELETED, marks)


def _xml(
    path: Path, charset: str | None, name: str, options: XmlBodySettings, settings: InboxSettings
) -> Iterator[pa.Table]:
    from lxml import etree

    from connectors.files.xml import row_reader
    from connectors.files.xml_stream import row_elements

    reading = options.xml()
    values = row_reader(reading)
    rows: list[list[str | None]] = []
    first = 1
    try:
        for element in row_elements(path, charset or _declared_superset(path), reading):
            rows.append(values(element))
            if len(rows) == SLICE_ROWS:
                yield _xml_table(rows, name, first, settings, reading.fields)
                first += len(rows)
                rows = []
    except etree.XMLSyntaxError as failure:
        raise Malformed(mask_message(failure.msg), failure.lineno or None) from None
    yield _xml_table(rows, name, first, settings, reading.fields)


def _xml_table(
    rows: list[list[str | None]], name: str, first: int, settings: InboxSettings, fields: Any
) -> pa.Table:
    values = zip(*rows, strict=True) if rows else [()] * len(fields)
    columns = dict(zip(fields, values, strict=True))
    numbers = range(first, first + len(rows))
    return source_table(
        name, columns, numbers, deleted=deleted_mask(columns, settings.deleted, name)
    )


def _declared_superset(path: Path) -> str | None:
    """GB18030 where the package declares one of its subsets; else the parser follows the declaration itself."""
    with path.open("rb") as handle:
        declared = _DECLARED.match(handle.read(200))
    known = known_charset(declared[1].decode("ascii")) if declared else None
    return known if known == "gb18030" else None


def _line_of(refusal: SourceRefused) -> int | None:
    line = refusal.where.rpartition(":")[2]
    return int(line) if line.isdigit() else None


_READERS: dict[Format, Callable[..., Iterator[pa.Table]]] = {
    "json": _json, "csv": _csv, "xml": _xml
}  # fmt: skip
