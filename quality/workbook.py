"""The workbook of rejected rows that goes to the department to be corrected, and comes back.

One sheet per dataset. In front stands what the hub says of a row, then the department's own fields as they came, identity,
phone and name fields masked. The clerk corrects the cells themselves, or writes the right value of the field that is wrong
into one column of its own. Every cell is text, so that no program makes something else of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from hub.core.errors import SpecError
from hub.core.workbook_extent import opened

HEAD = ("隔离号", "校验", "文件", "行号", "原因", "说明", "处理办法", "更正字段", "更正为")
"""The columns in front. 校验 is hidden: it tells whether the row is still what was exported."""
_NUMBER, _STAMP, _FIELD, _CORRECTED = 0, 1, 7, 8
GUIDE = "填写说明"
_WIDTHS = (10, 4, 22, 8, 18, 40, 44, 14, 22)
_LONGEST, _LONGEST_NAME = 32_767, 31
MOST_ROWS = 100_000
"""More rows than this nobody corrects by hand, and a sheet ends at a million."""
_TOO_LONG = "（内容过长，此处不显示）"
_DIGITS = r"^-?\d{16,}$"
_CREATED = datetime(2012, 1, 1)  # noqa: DTZ001 (a workbook's own date would make every export differ)
_GUIDE = (
    "一、每行是一条未能入库的记录，前面几列说明原因和处理办法。",
    "二、请直接在字段的单元格中改正，或者把“更正字段”的正确值填在“更正为”一列，两者任选其一。",
    "三、带 ■■■ 或 ＊ 的单元格已遮盖，不改动则沿用原值；需要更正时请完整填写，不要只改一部分。",
    "四、不要改动隔离号，不要增减列或改列名；不需要更正的行可以删除或保持原样。",
    "五、主键字段不能改；填好后原样保存为 .xlsx 交回。",
    "Correct the cells themselves, or write the right value of the named field into the column 更正为. Masked cells that you leave "
    "alone keep their original value. Do not touch the numbers, the columns or the keys.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A rejected row as people may read it. `fields`: the source fields that are wrong; `values`: field → text."""

    quarantine_id: int
    file: str | None
    row: int | None
    reason: str
    message: str
    remedy: str
    fields: tuple[str, ...]
    values: Mapping[str, str | None]

    @property
    def stamp(self) -> str:
        """Changes when another reading takes the row's place."""
        shown = json.dumps(list(self.values.items()), ensure_ascii=False)
        return hashlib.sha256(shown.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Filled:
    """A row that came back. `values`: field → text of its cell; `corrected`: what stands under 更正为 for `wrong`, the field
    under 更正字段. `faults`: field → why its cell cannot be used."""

    sheet: str
    row: int
    quarantine_id: str
    stamp: str
    wrong: str
    corrected: str | None
    values: Mapping[str, str | None]
    columns: Mapping[str, str] = field(default_factory=dict)
    """Field → letters of its column."""
    faults: Mapping[str, str] = field(default_factory=dict)


def same(shown: str | None, came: str | None) -> bool:
    """Whether a cell still holds what was written into it, whatever a spreadsheet does to line ends and blanks."""
    return _plain(shown) == _plain(came)


def write(path: Path, sheets: Mapping[str, Sequence[Line]], title: str) -> None:
    """Write the workbook. Raises SpecError for too many rows, and for a file that cannot be written."""
    if (rows := sum(map(len, sheets.values()))) > MOST_ROWS:
        raise SpecError(
            f"{rows:,} rows are too many to correct by hand", file=path,
            remedy="narrow them by --dataset or --reason; what all rows have in common is mended once, in the mapping",
        )  # fmt: skip
    from xlsxwriter import Workbook  # type: ignore[import-untyped]
    from xlsxwriter.exceptions import FileCreateError  # type: ignore[import-untyped]

    book = Workbook(str(path), {"strings_to_urls": False, "strings_to_formulas": False})
    book.set_properties({"title": title, "created": _CREATED})
    styles = _styles(book)
    guide = book.add_worksheet(GUIDE)
    guide.set_column(0, 0, 110)
    for at, text in enumerate((title, *_GUIDE)):
        guide.write_string(at, 0, text, styles["shown"])
    for name, (dataset, lines) in zip(_names(sheets), sheets.items(), strict=True):
        _fill(book.add_worksheet(name), dataset, lines, styles)
    try:
        book.close()
    except FileCreateError as failure:
        raise SpecError(
            f"cannot be written ({failure})", file=path, remedy="close it where it is open"
        ) from None


def _names(sheets: Mapping[str, Any]) -> list[str]:
    """Sheet names: the datasets', cut to what a workbook allows, each once."""
    found: list[str] = []
    for number, dataset in enumerate(sheets, start=1):
        name = dataset[:_LONGEST_NAME]
        found.append(name if name not in found else f"{name[:27]}~{number}")
    return found


def _styles(book: Any) -> dict[str, Any]:
    font = {"font_name": "宋体", "font_size": 10, "text_wrap": True, "valign": "top", "border": 1, "border_color": "#BFBFBF"}  # fmt: skip
    head = font | {"bold": True, "bg_color": "#1F4E79", "font_color": "#FFFFFF", "align": "center"}
    text = font | {"num_format": "@"}
    return {
        "head": book.add_format(head),
        "fill": book.add_format(head | {"bg_color": "#C55A11"}),
        "shown": book.add_format(text | {"font_color": "#595959", "bg_color": "#F2F2F2"}),
        "text": book.add_format(text),
        "wrong": book.add_format(text | {"bg_color": "#FCE4D6"}),
        "blank": book.add_format(text | {"bg_color": "#FFF2CC"}),
    }


def _fill(sheet: Any, dataset: str, lines: Sequence[Line], styles: Mapping[str, Any]) -> None:
    fields = list(dict.fromkeys(name for line in lines for name in line.values))
    for at, (name, width) in enumerate(zip(HEAD, _WIDTHS, strict=True)):
        sheet.write_string(0, at, name, styles["fill" if at == _CORRECTED else "head"])
        sheet.set_column(at, at, width, None, {"hidden": at == _STAMP})
    for at, name in enumerate(fields, start=len(HEAD)):
        sheet.write_string(0, at, name, styles["head"])
    sheet.set_column(len(HEAD), len(HEAD) + len(fields) - 1, 16)
    for number, line in enumerate(lines, start=1):
        wrong = line.fields[0] if len(line.fields) == 1 else ""
        told = (str(line.quarantine_id), line.stamp, line.file or "", "" if line.row is None else str(line.row),
                line.reason, line.message, line.remedy, wrong)  # fmt: skip
        for at, text in enumerate(told):
            sheet.write_string(number, at, text, styles["shown"])
        sheet.write_blank(number, _CORRECTED, None, styles["blank" if wrong else "shown"])
        for at, name in enumerate(fields, start=len(HEAD)):
            style = styles["wrong" if name in line.fields else "text"]
            if shown := cell_text(line.values.get(name)):
                sheet.write_string(number, at, shown, style)
            else:
                sheet.write_blank(number, at, None, style)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(lines), 1), len(HEAD) + len(fields) - 1)
    sheet.set_landscape()
    sheet.set_paper(8)  # A3
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_header(f"&C{dataset}")


def cell_text(value: str | None) -> str:
    """A value as its cell shows it."""
    if value is None:
        return ""
    return value if len(value) <= _LONGEST else _TOO_LONG


def read(path: Path) -> list[Filled]:
    """All rows of a workbook that came back. Raises SpecError if it is none of ours, SourceRefused if it is too large."""
    book = opened(path, "交回 hub quarantine export 导出的 .xlsx send back the .xlsx")
    found: list[Filled] = []
    for name in book.sheet_names:
        if name != GUIDE:
            found += _filled(book, name, path)
    return found


def _filled(book: Any, name: str, path: Path) -> Iterator[Filled]:
    options: dict[str, Any] = {"header_row": None, "skip_rows": 0}
    sheet = book.load_sheet(name, dtypes="string", **options)
    arrow, errors = sheet.to_arrow_with_errors()
    cells = pl.DataFrame(arrow)
    if cells.is_empty():
        return
    head = [text or "" for text in cells.row(0)]
    if tuple(head[: len(HEAD)]) != HEAD:
        raise SpecError(
            f"工作表“{name}”第 1 行的前 {len(HEAD)} 列不是{'、'.join(HEAD)} (the columns in front were changed)",
            file=path, remedy="重新导出，只改字段的单元格和“更正为”一列 export it again and leave them alone",
        )  # fmt: skip
    fields = {at: text for at, text in enumerate(head) if at >= len(HEAD) and text}
    if len(set(fields.values())) != len(fields):
        raise SpecError(f"工作表“{name}”有两列同名 two columns have one name", file=path)
    numeric = pl.DataFrame(book.load_sheet(name, dtypes="boolean", **options))
    faulty = {
        error.position: "公式出错 the formula has an error"
        for error in (errors.errors if errors else ())
    }
    letters = {text: _letters(at) for at, text in fields.items()} | {HEAD[_CORRECTED]: _letters(_CORRECTED)}  # fmt: skip
    for number, row in enumerate(cells.iter_rows()):
        if number == 0 or not any(row):
            continue
        spoilt = {
            head[at]: faulty.get((number, at)) or _lost(row[at], numeric[number, at])
            for at in (*fields, _CORRECTED)
        }
        yield Filled(
            name, number + 1, _plain(row[_NUMBER]), _plain(row[_STAMP]), _plain(row[_FIELD]), row[_CORRECTED],
            {text: row[at] for at, text in fields.items()}, letters,
            {text: why for text, why in spoilt.items() if why},
        )  # fmt: skip


def _lost(text: str | None, as_number: Any) -> str | None:
    """A workbook keeps 15 digits of a number: a longer one is not what was typed."""
    if as_number is None or text is None or not pl.Series([text]).str.contains(_DIGITS).item():
        return None
    return "数字过长，位数已丢失 (digits of the number are lost)：把单元格设为文本后重新填写"


def _plain(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").replace("\r", "\n").strip()


def _letters(at: int) -> str:
    """0 → A, 26 → AA."""
    found = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        found = chr(ord("A") + rest) + found
    return found
