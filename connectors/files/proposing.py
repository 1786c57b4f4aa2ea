"""How files of one kind would have to be read: settings as source.yml has them, and what speaks for each."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl

from connectors.evidence import charset_of
from connectors.files import excel, html_tables
from connectors.files.jsonl import steps
from connectors.files.lines import lines, skip_byte_order_mark
from connectors.files.xml_rows_found import row_paths
from hub.core.errors import SourceRefused
from hub.core.workbook_extent import check_extent

SAMPLE_BYTES, SAMPLE_LINES, SAMPLE_SHEET_ROWS = 1 << 20, 1_000, 30
DELIMITERS = ("|@|", "\t", "|", ";", ",", "^", "~", "\x1f")
HEADER_CELLS = 3
SUBTOTAL = r"小计|合计|总计"
LANGUAGE_DRIVER = 29
DRIVERS = {
    0x00: "未标明",
    0x4D: "GBK (936)",
    0x7A: "GBK (936)",
    0x4F: "Big5 (950)",
    0x78: "Big5 (950)",
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """Settings of one dataset beside `files`; `part` tells several in one file apart (table, element)."""

    settings: dict[str, Any]
    remarks: dict[str, str] = field(default_factory=dict)
    part: str = ""


def text(path: Path) -> Iterator[Proposal]:
    """Delimited text: the delimiter that parts all lines alike, and whether the first line names the fields."""
    evidence = charset_of([_start(path)])
    charset = evidence.charset or "gb18030"
    with path.open("rb") as handle:
        skip_byte_order_mark(handle)
        found = [
            one.decode(charset, "replace").rstrip("\r\n")
            for one in islice(lines(handle, path), SAMPLE_LINES)
        ]
    filled = [line for line in found if line.strip()]
    delimiter = max(DELIMITERS, key=lambda one: _parting(filled, one))
    first = [cell.strip().strip('"') for cell in filled[0].split(delimiter)] if filled else []
    header = (
        len(first) > 1
        and len(set(first)) == len(first)
        and not any(_is_value(one) for one in first)
    )
    settings: dict[str, Any] = {
        "format": "text",
        "charset": charset,
        "delimiter": delimiter,
        "header": header,
    }
    remarks = {
        "charset": evidence.why,
        "delimiter": f"{len(filled)} 行中每行分得同样多的字段"
        if _parting(filled, delimiter)
        else "没有分隔符把各行分得一致：须核对",
    }
    if not header:
        settings["fields"] = [f"column_{place}" for place in range(1, len(first) + 1)] or [
            "column_1"
        ]
        remarks["fields"] = (
            "首行不像字段名：问来源方各列是什么 (no header: ask what the columns are)"
        )
    yield Proposal(settings, remarks)


def _parting(found: list[str], delimiter: str) -> float:
    """How well a delimiter parts the lines: the share that has the commonest count, more for more fields."""
    counts = [line.count(delimiter) for line in found]
    if not counts or max(counts) == 0:
        return 0.0
    usual = max(set(counts), key=counts.count)
    share = counts.count(usual) / len(counts) if usual else 0.0
    return share * (1 + min(usual, 50) / 100) * (1 + len(delimiter) / 10)


def _is_value(cell: str) -> bool:
    return not cell or bool(re.match(r"^[\d.,:/\-\s]+$", cell))


def _start(path: Path) -> bytes:
    with path.open("rb") as handle:
        return handle.read(SAMPLE_BYTES)


def dbf(path: Path) -> Iterator[Proposal]:
    """The charset of a table: what its mark says, and what its bytes say."""
    data = _start(path)
    evidence = charset_of([data[int.from_bytes(data[8:10], "little") :]])
    mark = DRIVERS.get(data[LANGUAGE_DRIVER], f"0x{data[LANGUAGE_DRIVER]:02x}")
    yield Proposal(
        {"format": "dbf", "charset": evidence.charset or "gb18030"},
        {"charset": f"文件头的代码页标记：{mark}；{evidence.why}"},
    )


def workbook(path: Path) -> Iterator[Proposal]:
    """Each visible sheet that has a header row; of a web page the first table."""
    data = path.read_bytes()
    if html_tables.is_web_page(data):
        sheets = [("", table) for table in html_tables.tables(data, path)][:1]
    else:
        check_extent(data, path)
        try:
            book = fastexcel.read_excel(data)
            loaded = [book.load_sheet(name, **excel.AS_TEXT) for name in book.sheet_names]
            sheets = [
                (sheet.name, excel.cell_texts(book, sheet))
                for sheet in loaded if sheet.visible == "visible" and sheet.total_height
            ]  # fmt: skip
        except fastexcel.FastExcelError:
            raise SourceRefused(
                "is no Excel workbook",
                where=str(path),
                remedy="open it in Excel and save it as .xlsx",
            ) from None
    for name, cells in sheets:
        if (header := _header(cells)) is not None:
            yield _sheet(name, cells, *header, several=len(sheets) > 1)


def _sheet(name: str, cells: pl.DataFrame, at: int, titles: list[str], several: bool) -> Proposal:
    below = cells.slice(at + 1)
    furniture: list[dict[str, str]] = [{"name": "blank"}]
    for title, column in zip(cells.row(at), below.iter_columns(), strict=True):
        if title and column.str.contains(SUBTOTAL).any():
            furniture.insert(0, {"name": "subtotal", "column": title.strip(), "matches": SUBTOTAL})
    settings: dict[str, Any] = {"format": "excel"}
    settings |= {"sheets": name} if name else {}
    settings |= {"header": {"contains": titles[:HEADER_CELLS]}, "furniture": furniture}
    return Proposal(settings, {"header": f"第 {at + 1} 行像表头"}, name if several else "")


def _header(cells: pl.DataFrame) -> tuple[int, list[str]] | None:
    """The first row that is as full as any and holds nothing but different words."""
    rows = [
        [(cell or "").strip() for cell in row] for row in cells.head(SAMPLE_SHEET_ROWS).iter_rows()
    ]
    widest = max((sum(map(bool, row)) for row in rows), default=0)
    for at, row in enumerate(rows):
        filled = [cell for cell in row if cell]
        words = len(set(filled)) == len(filled) and not any(map(_is_value, filled))
        if words and len(filled) >= max(2, 0.7 * widest):
            return at, filled
    return None


def access(path: Path) -> Iterator[Proposal]:
    """Each table that mdbtools lists."""
    try:
        listed = subprocess.run(
            ["mdb-tables", "-1", "--", str(path)], capture_output=True, timeout=60, check=False
        )
    except FileNotFoundError:
        raise SourceRefused(
            "the program mdb-tables is not installed", remedy="install the package mdbtools"
        ) from None
    if listed.returncode:
        raise SourceRefused(
            "mdbtools cannot read the database", where=str(path),
            remedy="have it compacted and repaired in Access, then copied again",
        )  # fmt: skip
    for table in listed.stdout.decode("utf-8", "replace").splitlines():
        if table.strip() and not table.startswith("MSys"):
            yield Proposal({"format": "access", "table": table}, {}, table)


def jsonl(path: Path) -> Iterator[Proposal]:
    """The keys of the objects in the first lines; those of inner objects as pointers."""
    fields: dict[str, str] = {}
    with path.open("rb") as handle:
        skip_byte_order_mark(handle)
        for line in islice(lines(handle, path), SAMPLE_LINES):
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                _keys(record, "", fields)
    yield Proposal(
        {
            "format": "jsonl",
            "charset": charset_of([_start(path)]).charset or "utf-8",
            "fields": fields,
        }
    )


def _keys(record: dict[str, Any], above: str, fields: dict[str, str]) -> None:
    for key, value in record.items():
        pointer = f"{above}/{key.replace('~', '~0').replace('/', '~1')}"
        if isinstance(value, dict) and value:
            _keys(value, pointer, fields)
        elif key:
            fields[".".join(steps(pointer))] = pointer


def xml(path: Path) -> Iterator[Proposal]:
    """Each element that comes again and holds elements of its own."""
    for found in row_paths(path):
        settings = {"format": "xml", "rows": found.path, "fields": found.fields}
        if found.namespaces:
            settings["namespaces"] = found.namespaces
        yield Proposal(
            settings, {"rows": f"在首个文件中出现 {found.count} 次"}, found.path.rsplit("/", 1)[-1]
        )


FORMATS = {
    "text": text,
    "dbf": dbf,
    "excel": workbook,
    "access": access,
    "jsonl": jsonl,
    "xml": xml,
}
"""By what `recognising` says of a file."""
