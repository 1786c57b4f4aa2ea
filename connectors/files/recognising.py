"""What kind of file it is, by its content: names lie."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

from connectors.files.html_tables import is_web_page
from connectors.files.lines import BYTE_ORDER_MARKS

ACCESS = (b"\x00\x01\x00\x00Standard Jet DB", b"\x00\x01\x00\x00Standard ACE DB")
OLE2, ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
DBF_VERSIONS = frozenset((0x02, 0x03, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0x8E, 0xCB, 0xF5))
_ROOT = re.compile(rb"^\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<([!\w:-]+)", re.DOTALL)
WEB_PAGE = (b"html", b"!doctype", b"head", b"meta", b"body", b"table", b"style", b"div")
"""How a page begins that was saved under the name of a workbook."""
START = 4_096
ARCHIVE = "archive"


def format_of(path: Path) -> str:
    """The format as source.yml names it, or `archive` for a ZIP that is no workbook; of anything else `text`."""
    with path.open("rb") as handle:
        start = handle.read(START)
    if start.startswith(ZIP):
        return "excel" if _is_workbook(path) else ARCHIVE
    return _binary(start) or _textual(start)


def _binary(start: bytes) -> str | None:
    if start.startswith(ACCESS):
        return "access"
    if start.startswith(OLE2):
        return "excel"
    return "dbf" if _is_dbf(start) else None


def _textual(start: bytes) -> str:
    text = start
    for mark in BYTE_ORDER_MARKS:
        text = text.removeprefix(mark)
    if root := _ROOT.match(text):
        return "excel" if root[1].lower() in WEB_PAGE else "xml"
    if is_web_page(start):  # MHTML, which begins with its head lines
        return "excel"
    return "jsonl" if _is_object(text) else "text"


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.startswith("xl/") for name in archive.namelist())
    except zipfile.BadZipFile:
        return False


def _is_dbf(start: bytes) -> bool:
    """A version that is known, a month and a day that exist, a header of whole fields."""
    if len(start) < 64 or start[0] not in DBF_VERSIONS:
        return False
    header, record = int.from_bytes(start[8:10], "little"), int.from_bytes(start[10:12], "little")
    return (
        start[2] <= 12 and start[3] <= 31 and header >= 65 and record >= 2 and b"\0" in start[:32]
    )


def _is_object(text: bytes) -> bool:
    first = next((line for line in text.splitlines() if line.strip()), b"")
    try:
        return isinstance(json.loads(first), dict)
    except ValueError:
        return False
