"""Format `xml`: packages with a head and many row elements.

Read as a stream, block by block: of a row that has ended its fields are evaluated (XPath relative to it, so
`../../Head/No` reaches what came before it), then its content is dropped. After each block everything that has
ended is dropped too, but for what a field names above the row, such as the head; memory is bounded by the block and
the chunk, whatever else the package holds. Where a field is an XPath that might reach anywhere above the row, other
than names and `..`, what no row holds stays. What comes after a row is seen only as far as the parser has read
ahead, so no field should reach for it. Document types and entities are refused, nothing is fetched, and libxml2's
own size limits apply. A package that is not well-formed is left and named with its line.

A path that finds nothing gives null, an empty element an empty text, several nodes their texts on lines of their own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from connectors.files.file_settings import FileSettings
from connectors.files.settings import XmlSettings
from connectors.files.slices import Slice
from connectors.files.xml_stream import NAME, WALKED, qualified, row_elements
from connectors.settings import SUBSETS_OF_GB18030
from connectors.tables import source_table
from hub.core.errors import SourceRefused

_DECLARED = re.compile(rb"""^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.-]+)["']""")

PLAIN = re.compile(rf"^{NAME}$")

SLICE_ROWS = 5_000

Rows = list[list[str | None]]
Finder = Callable[[etree._Element], str | None]


def read(path: Path, name: str, settings: FileSettings) -> Iterator[Slice]:
    """The row elements of a package; `_row` is the element's ordinal in the file, from 1.

    Raises SourceRefused when the package is broken; of one larger than CHUNK_ROWS rows, the rows before the
    break may have been yielded.
    """
    assert isinstance(settings, XmlSettings)
    charset = _charset(path)
    first = 1
    try:
        for rows in _chunks(path, charset, settings):
            columns = zip(*rows, strict=True) if rows else [()] * len(settings.fields)
            fields = dict(zip(settings.fields, columns, strict=True))
            yield Slice(name, source_table(name, fields, list(range(first, first + len(rows)))))
            first += len(rows)
    except etree.XMLSyntaxError as failure:
        line = failure.lineno
        if getattr(failure, "code", None) == etree.ErrorTypes.ERR_INVALID_ENCODING:
            line = _undecodable_line(path, charset or "utf-8") or line
        raise SourceRefused(
            f"is no well-formed XML ({failure.msg})", where=f"{path}:{line}",
            remedy="ask for the package again",
        ) from None  # fmt: skip


def _chunks(path: Path, charset: str | None, settings: XmlSettings) -> Iterator[Rows]:
    """Row values in lists of at most SLICE_ROWS; at least one list."""
    values = row_reader(settings)
    rows: Rows = []
    for element in row_elements(path, charset, settings):
        rows.append(values(element))
        if len(rows) == SLICE_ROWS:
            yield rows
            rows = []
    yield rows


def row_reader(settings: XmlSettings) -> Callable[[etree._Element], list[str | None]]:
    """What reads all fields of a row element: plain names in one pass over its children, the others one by one."""
    direct: dict[str, list[int]] = defaultdict(list)
    others: list[tuple[int, Finder]] = []
    for at, expression in enumerate(settings.fields.values()):
        if PLAIN.match(expression):
            direct[qualified(expression, settings.namespaces)].append(at)
        else:
            others.append((at, finder(expression, settings.namespaces)))
    width = len(settings.fields)

    def values(element: etree._Element) -> list[str | None]:
        row: list[str | None] = [None] * width
        for child in element:
            for at in direct.get(child.tag, ()):
                text, before = _content(child), row[at]
                row[at] = text if before is None else f"{before}\n{text}"
        for at, find in others:
            row[at] = find(element)
        return row

    return values


def finder(expression: str, namespaces: dict[str, str]) -> Finder:
    """What reads one field of a row element: names and `..` are walked, everything else is XPath.

    Walking is several times as fast, and what lies above the row is looked up once for all rows below it.
    """
    if not WALKED.match(expression):
        find = etree.XPath(expression, namespaces=namespaces, smart_strings=False)
        return lambda element: _text(find(element))
    steps = expression.split("/")
    names = [qualified(step, namespaces) for step in steps if step != ".."]
    return _walker(len(steps) - len(names), "/".join(names))


def _walker(levels: int, path: str) -> Finder:
    above: etree._Element | None = None
    known: str | None = None

    def walk(element: etree._Element) -> str | None:
        nonlocal above, known
        start: etree._Element | None = element
        for _ in range(levels):
            start = start.getparent() if start is not None else None
        if start is None:
            return None
        if levels and start is above and known is not None:
            return known
        found = start.findall(path)
        above, known = start, _text(found) if found else None
        return known

    return walk


def _text(found: Any) -> str | None:
    """The text of what an XPath found."""
    if isinstance(found, list):
        texts = [one if isinstance(one, str) else _content(one) for one in found]
        return "\n".join(texts) if texts else None
    if isinstance(found, float):
        return str(int(found)) if found.is_integer() else str(found)
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found)


def _content(element: etree._Element) -> str:
    """An element's text, its children's included."""
    return "".join(map(str, element.itertext())) if len(element) else element.text or ""


def _charset(path: Path) -> str | None:
    """The charset to read with where the declared one is a subset of what is written; else as declared."""
    with path.open("rb") as handle:
        declared = _DECLARED.match(handle.read(200))
    name = declared[1].decode("ascii").lower() if declared else ""
    return "gb18030" if name in SUBSETS_OF_GB18030 or name == "gb18030" else None


def _undecodable_line(path: Path, charset: str) -> int | None:
    """The first line that is not of the charset: the parser's own position lags behind it."""
    with path.open("rb") as handle:
        for number, line in enumerate(handle, 1):
            try:
                line.decode(charset)
            except UnicodeDecodeError:
                return number
    return None
