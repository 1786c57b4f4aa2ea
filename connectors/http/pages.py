"""One answer as a page: a table of text columns, what it says of the whole, and where the next page is."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from connectors.http import json_rows, xml_rows
from connectors.http.json_rows import Number
from connectors.http.paths import MISSING, at, steps
from connectors.http.session import Answer, Passing
from connectors.http.settings import (
    ByCursor,
    CsvSettings,
    FieldsSettings,
    HttpSettings,
    JsonLinesSettings,
    JsonSettings,
    Ok,
    Paging,
    XmlRowsSettings,
)
from connectors.settings import SUBSETS_OF_GB18030
from connectors.tables import Defects, deleted_mask, source_table
from hub.core.batches import RESERVED
from hub.core.errors import SourceRefused
from hub.core.privacy import mask_message
from hub.core.specs import Deleted

_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
_LONGEST_CODE = 40
NO_CONTENT = 204
LINES = ("jsonl", "csv")
"""Formats of which nothing at all is a good answer."""


@dataclass(frozen=True, slots=True)
class Page:
    """`present`: fields that at least one row has. `total`: rows of the whole, if stated. `next`: of ByCursor."""

    table: pa.Table
    present: frozenset[str]
    total: int | None = None
    next: str | int | None = None

    def without_first(self, rows: int) -> Page:
        """The page without so many rows of its beginning."""
        return replace(self, table=self.table.slice(rows)) if rows else self

    @property
    def digest(self) -> bytes:
        """Equal for pages with the same rows."""
        names = [name for name in self.table.column_names if name not in RESERVED]
        found = hashlib.sha256(repr(names).encode())
        for batch in self.table.select(names).to_batches():
            found.update(batch.serialize())
        return found.digest()


@dataclass(frozen=True, slots=True)
class Content:
    """What a format finds in a body."""

    fields: dict[str, pa.Array]
    rows: int
    present: frozenset[str]
    defects: Defects
    total: str | None = None
    next: Any = None


def page(answer: Answer, settings: HttpSettings, first_row: int, where: str) -> Page:
    """The rows of an answer; `_row` counts from `first_row`, `_file` is the dataset's path.

    Raises Passing when the body is damaged or says "busy"; SourceRefused when it is of another kind, or says "no".
    """
    if answer.status == NO_CONTENT or (settings.format in LINES and not answer.body.strip()):
        return Page(pa.table({}), frozenset())
    read = _READERS[type(settings)]
    try:
        content = read(answer, settings, where)
    except ValueError as failure:
        what = f"the answer is no {settings.format}"
        if settings.format != "xml" and answer.content_type in (
            "text/html",
            "application/xhtml+xml",
        ):
            raise SourceRefused(
                f"{what} but a web page", where=where,
                remedy="open the address in a browser: a login, a portal or an error page",
            ) from None  # fmt: skip
        raise Passing(f"{what} ({_position(failure)})") from None
    return paged(content, settings.path, first_row, settings.deleted, where)


def paged(content: Content, name: str, first_row: int, deleted: Deleted | None, where: str) -> Page:
    """What a format found, with the reserved columns. Raises SourceRefused."""
    table = source_table(
        name, content.fields, pa.array(range(first_row, first_row + content.rows), pa.int64()),
        deleted=deleted_mask(content.fields, deleted, where) if content.rows else None,
        defects=content.defects,
    )  # fmt: skip
    total = int(content.total) if content.total and content.total.isdigit() else None
    return Page(table, content.present, total, content.next)


def _position(failure: ValueError) -> str:
    """Where a parser stopped; never what it read."""
    if isinstance(failure, json.JSONDecodeError):
        return f"line {failure.lineno}, column {failure.colno}"
    line = re.match(r"line \d+", str(failure))
    return line[0] if line else "it cannot be parsed"


def _json(answer: Answer, settings: HttpSettings, where: str) -> Content:
    assert isinstance(settings, JsonSettings)
    charset = _charset(answer, settings)
    document = json_rows.parsed(answer.body, charset)
    if settings.ok:
        check_ok(json_rows.text_of(at(document, steps(settings.ok.path))), settings.ok, where)
    rows = at(document, steps(settings.rows))
    if rows is None:
        rows = []  # how some services say that there are none
    if not isinstance(rows, list):
        what = "nothing" if rows is MISSING else "no list"
        raise SourceRefused(
            f"there is {what} at '{settings.rows}' of the answer", where=where,
            remedy="correct 'rows' in source.yml; if the service reports errors there, declare 'ok'",
        )  # fmt: skip
    total = json_rows.text_of(at(document, steps(settings.total))) if settings.total else None
    return _content(
        rows, settings, charset, total=total, next_page=following_cursor(document, settings.paging)
    )


def following_cursor(document: Any, paging: Paging) -> str | int | None:
    """What a document says of the next page's cursor; none for other kinds of paging."""
    if not isinstance(paging, ByCursor):
        return None
    found = at(document, steps(paging.next))
    if isinstance(found, Number) and found.isdigit():
        return int(found)
    return json_rows.text_of(found) or None if found is not False else None


def _content(
    rows: list[Any],
    settings: FieldsSettings,
    charset: str,
    *,
    total: str | None = None,
    next_page: str | int | None = None,
) -> Content:
    fields, defects, present = json_rows.columns(rows, settings.fields, charset)
    if settings.omits_empty or not rows:
        present = frozenset(fields)
    return Content(fields, len(rows), present, defects, total, next_page)


def _json_lines(answer: Answer, settings: HttpSettings, where: str) -> Content:
    assert isinstance(settings, JsonLinesSettings)
    charset = _charset(answer, settings)
    lines = [line for line in answer.body.splitlines() if line.strip()]
    if not answer.body.endswith(b"\n"):
        json_rows.parsed(lines[-1], charset)  # a line without an end may be cut short
    rows: list[Any] = []
    broken: dict[int, tuple[str, bytes]] = {}
    for place, line in enumerate(lines):
        try:
            rows.append(json_rows.parsed(line, charset))
        except ValueError:
            rows.append(None)
            broken[place] = ("damaged_row", line)
    content = _content(rows, settings, charset)
    return Content(content.fields, content.rows, content.present, {**content.defects, **broken})


def _csv(answer: Answer, settings: HttpSettings, where: str) -> Content:
    """Through the reader of the access method `files`, which knows damaged rows and illegal bytes."""
    from connectors.files import text
    from connectors.files.settings import TextSettings

    assert isinstance(settings, CsvSettings)
    form = TextSettings(
        format="text", files="*", delimiter=settings.delimiter, quote=settings.quote,
        charset=_charset(answer, settings),
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="hub-") as folder:
        path = Path(folder) / "body"
        path.write_bytes(answer.body)
        tables = [part.table for part in text.read(path, settings.path, form)]
    if not tables:
        return Content({}, 0, frozenset(), {})
    table = pa.concat_tables(tables).combine_chunks()
    reasons, raw = table["_defect"].to_pylist(), table["_bytes"].to_pylist()
    defects = {place: (why, raw[place]) for place, why in enumerate(reasons) if why}
    names = [name for name in table.column_names if name not in RESERVED]
    fields = {name: table[name].combine_chunks() for name in names}
    return Content(fields, table.num_rows, frozenset(names), defects)


def _xml(answer: Answer, settings: HttpSettings, where: str) -> Content:
    assert isinstance(settings, XmlRowsSettings)
    return xml_content(answer.body, settings.charset, settings, where)


def xml_content(body: bytes, charset: str | None, settings: XmlRowsSettings, where: str) -> Content:
    """The rows of an XML document. Raises ValueError when it is none."""
    root = xml_rows.parsed(body, charset)
    names = settings.namespaces
    if settings.ok:
        check_ok(xml_rows.value(root, settings.ok.path, names), settings.ok, where)
    fields, rows = xml_rows.columns(root, settings.rows, settings.fields, names)
    total = xml_rows.value(root, settings.total, names) if settings.total else None
    follows = None
    if isinstance(settings.paging, ByCursor):
        follows = xml_rows.value(root, settings.paging.next, names) or None
    everything = settings.omits_empty or not rows
    present = frozenset(n for n, column in fields.items() if everything or column.null_count < rows)
    return Content(fields, rows, present, {}, total, follows)


def check_ok(code: str | None, ok: Ok, where: str) -> None:
    """Codes are shown, masked; the texts beside them may name people and are not."""
    if code is not None and code in ok.equals:
        return
    shown = "no code" if code is None else f"code {mask_message(code[:_LONGEST_CODE])}"
    if code in ok.busy:
        raise Passing(f"answers {shown} at '{ok.path}'")
    raise SourceRefused(
        f"answers {shown} at '{ok.path}'", where=where,
        remedy="look the code up in the service's description; 'ok' in source.yml says which are good",
    )  # fmt: skip


def _charset(answer: Answer, settings: HttpSettings) -> str:
    if settings.charset:
        return settings.charset
    declared = _CHARSET.search(answer.headers.get("content-type", ""))
    try:
        name = codecs.lookup(declared[1]).name if declared else "utf-8"
    except LookupError:
        name = "utf-8"
    return "gb18030" if name in SUBSETS_OF_GB18030 else name


_READERS: Mapping[type[HttpSettings], Callable[[Answer, HttpSettings, str], Content]] = {
    JsonSettings: _json, JsonLinesSettings: _json_lines, CsvSettings: _csv, XmlRowsSettings: _xml,
}  # fmt: skip
