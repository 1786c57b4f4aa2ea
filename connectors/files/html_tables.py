"""Tables of web pages that are named like workbooks: what many old systems call "export to Excel".

HTML, and the single-file form of it (MHTML) that Excel itself saves. The charset is the one that the page declares,
else UTF-8 if it is that, else GB18030. Cells that span others fill the first place, the rest is empty.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
from lxml import etree

from connectors.settings import SUBSETS_OF_GB18030
from hub.core.errors import SourceRefused

_HTML = re.compile(rb"<\s*(?:html|table|head|meta|body|!doctype\s+html)\b", re.IGNORECASE)
_MHTML = re.compile(rb"^(?:MIME-Version|Content-Type|From|X-)[\w-]*:", re.IGNORECASE)
_CHARSET = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
SNIFFED = 4_096
MOST_SPAN = 1_000
CELLS = ("td", "th")
LINE_END = "\u2028"
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def is_web_page(start: bytes) -> bool:
    """Whether a file that begins so is HTML or MHTML."""
    plain = start[:SNIFFED].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return bool(_MHTML.match(plain)) or (plain[:1] == b"<" and bool(_HTML.search(plain)))


def tables(data: bytes, path: Path) -> Iterator[pl.DataFrame]:
    """The cells of each table that holds no other table. Raises SourceRefused for bytes that are not of the charset."""
    for page, charset in _pages(data):
        text = _text(page, charset, path)
        for table in _root(text, path).iter("table"):
            if next(table.iterdescendants("table"), None) is None:
                yield _cells(table)


def _pages(data: bytes) -> Iterator[tuple[bytes, str | None]]:
    if not _MHTML.match(data.lstrip()):
        yield data, None
        return
    message = email.message_from_bytes(data.lstrip(), policy=email.policy.default)
    for part in message.walk():
        if part.get_content_type() == "text/html":
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                yield content, part.get_content_charset()


def _text(page: bytes, charset: str | None, path: Path) -> str:
    mark = next((name for start, name in MARKS if page.startswith(start)), None)
    declared = _CHARSET.search(page[:SNIFFED])
    name = mark or charset or (declared[1].decode("ascii") if declared else None)
    names = [name] if name else ["utf-8", "gb18030"]
    for one in names:
        try:
            return page.decode("gb18030" if one.lower() in SUBSETS_OF_GB18030 else one)
        except (UnicodeDecodeError, LookupError):
            continue
    raise SourceRefused(
        f"the web page is not {' or '.join(names)}", where=str(path),
        remedy="open it in Excel and save it as .xlsx",
    )  # fmt: skip


def _root(text: str, path: Path) -> Any:
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, huge_tree=True
    )
    try:
        root = etree.fromstring(text.replace("\0", "\ufffd").encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        root = None
    # What is not closed is mended by nesting it; where that gets too deep, the parser stops without another word.
    if any(entry.level == etree.ErrorLevels.FATAL for entry in parser.error_log):
        raise SourceRefused(
            "the web page leaves too many cells open to be read", where=str(path),
            remedy="open it in Excel and save it as .xlsx",
        )  # fmt: skip
    return etree.Element("html") if root is None else root


def _cells(table: Any) -> pl.DataFrame:
    rows = list(_rows(table))
    width = max(map(len, rows), default=0)
    filled = [row + [None] * (width - len(row)) for row in rows]
    names = [f"column_{at}" for at in range(width)]
    return pl.DataFrame(filled, schema=dict.fromkeys(names, pl.String), orient="row")


def _rows(table: Any) -> Iterator[list[str | None]]:
    below: dict[int, int] = {}
    """Column → how many more rows a cell from above reaches into."""
    for found in _written(table):
        cells: list[str | None] = []
        for cell, texts in found:
            while below.get(len(cells), 0) > 0:
                below[len(cells)] -= 1
                cells.append(None)
            wide, high = _span(cell, "colspan"), _span(cell, "rowspan")
            for at in range(len(cells), len(cells) + wide):
                below[at] = high - 1
            cells += [_shown(texts), *[None] * (wide - 1)]
        for at in range(len(cells), max(below, default=-1) + 1):
            below[at] = max(below.get(at, 0) - 1, 0)
        yield cells


def _written(table: Any) -> list[list[tuple[Any, list[str]]]]:
    """The cells of each row with their texts. A cell that is not closed ends where the next begins, as in a browser."""
    rows: list[list[tuple[Any, list[str]]]] = []
    texts: list[str] | None = None
    for event, element in etree.iterwalk(table, events=("start", "end")):
        if event == "start":
            if element.tag == "tr":
                rows.append([])
                texts = None
            elif element.tag in CELLS and rows:
                texts = []
                rows[-1].append((element, texts))
            elif element.tag == "br" and texts is not None:
                texts.append(LINE_END)
            written = element.text
        else:
            texts = None if element.tag in CELLS else texts
            written = element.tail
        if texts is not None and written:
            texts.append(written)
    return rows


def _span(cell: Any, name: str) -> int:
    given = (cell.get(name) or "").strip()
    return (
        min(max(int(given), 1), MOST_SPAN)
        if given.isascii() and given.isdigit() and len(given) < 9
        else 1
    )


def _shown(texts: list[str]) -> str | None:
    """The text as a browser shows it: blanks run together, <br> ends a line; null where there is none."""
    text = re.sub(r"[ \t\r\n]+", " ", "".join(texts))
    lines = [line.strip(" \xa0") for line in text.split(LINE_END)]
    return "\n".join(lines).strip("\n") or None
