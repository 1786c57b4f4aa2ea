"""Writing the forms as a workbook: headings that stay in view, lists to choose from, codes as text, dates as dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from catalogue.codes import ROOT
from catalogue.forms import layout
from catalogue.forms.layout import Column, Form
from catalogue.forms.rows import Row
from hub.core.errors import SpecError

LONGEST = 32_767
"""Characters that a cell of a workbook can hold."""
DIGITS = 15
"""Digits of a number that a workbook keeps; a longer amount is written as text."""
SPARE_ROWS = 500
"""Rows below the last one that have the lists to choose from as well."""
WIDEST_PAGE = 260
"""Columns wider together are printed on two pages side by side."""
LINE_HEIGHT, MOST_LINES = 16, 25
"""Points; a row can be no higher than 409 of them."""
CREATED = datetime(2012, 1, 1)  # noqa: DTZ001 (a workbook's own date would make every export differ)


def write(path: Path, rows: Mapping[str, Sequence[Row]], root: Path = ROOT) -> None:
    """Write all forms. Raises SpecError for a text that is too long for a cell, or a file that cannot be written."""
    from xlsxwriter import Workbook  # type: ignore[import-untyped]
    from xlsxwriter.exceptions import FileCreateError  # type: ignore[import-untyped]

    book = Workbook(str(path), {"default_date_format": "yyyy-mm-dd", "strings_to_urls": False})
    book.set_properties({"title": "政务公开和政务服务事项目录", "created": CREATED})
    styles = _styles(book)
    lists = _lists(root)
    _guide(book.add_worksheet(layout.GUIDE), styles)
    for form in layout.forms():
        _Sheet(book.add_worksheet(form.name), form, styles, path, root).fill(rows[form.part], lists)
    _write_lists(book.add_worksheet(layout.LISTS), lists, styles)
    try:
        book.close()
    except FileCreateError as failure:
        raise SpecError(
            f"cannot be written ({failure})", file=path, remedy="close it where it is open"
        ) from None


def _styles(book: Any) -> dict[str, Any]:
    font = {"font_name": "宋体", "font_size": 10}
    head = font | {"bold": True, "bg_color": "#1F4E79", "font_color": "#FFFFFF", "border": 1,
            "text_wrap": True, "align": "center", "valign": "vcenter"}  # fmt: skip
    cell = font | {"text_wrap": True, "valign": "top", "border": 1, "border_color": "#BFBFBF"}
    grey = {"font_color": "#7F7F7F", "bg_color": "#F2F2F2"}
    return {
        "head": book.add_format(head),
        "optional": book.add_format(head | {"bg_color": "#7F96B2"}),
        "text": book.add_format(cell | {"num_format": "@"}),
        "shown": book.add_format(cell | grey),
        "date": book.add_format(cell | {"num_format": "yyyy-mm-dd"}),
        "integer": book.add_format(cell | {"num_format": "0"}),
        "money": book.add_format(cell | {"num_format": "0.00"}),
        "title": book.add_format(font | {"bold": True, "font_size": 14}),
        "plain": book.add_format(font | {"text_wrap": True, "valign": "top"}),
    }


class _Sheet:
    """One form being written."""

    def __init__(
        self, sheet: Any, form: Form, styles: Mapping[str, Any], path: Path, root: Path
    ) -> None:
        self.sheet, self.form, self.styles, self.path, self.root = sheet, form, styles, path, root

    def fill(self, rows: Sequence[Row], lists: Mapping[str, Sequence[str]]) -> None:
        last = len(rows) + SPARE_ROWS
        for position, column in enumerate(self.form.columns):
            head = self.styles["head" if column.required else "optional"]
            self.sheet.write_string(0, position, column.heading, head)
            self.sheet.set_column(position, position, column.width, self._style(column))
            self.sheet.data_validation(1, position, last, position, _validation(column, lists))
            for line, row in enumerate(rows, start=1):
                self._cell(line, position, column, row.get(column.field))
        for line, row in enumerate(rows, start=1):
            self.sheet.set_row(
                line, LINE_HEIGHT * max(self._lines(c, row) for c in self.form.columns)
            )
        self._print(last - SPARE_ROWS)

    def _lines(self, column: Column, row: Row) -> int:
        """Lines that a text takes in its column; not every program finds the height of a row by itself."""
        text = str(layout.shown(column, row.get(column.field), self.root) or "")
        wide = [
            sum(2 if ord(character) > 0x2E80 else 1 for character in line)
            for line in text.split("\n")
        ]
        return min(sum(max(1, -(-length // (column.width - 2))) for length in wide), MOST_LINES)

    def _cell(self, line: int, position: int, column: Column, value: Any) -> None:
        value, style = layout.shown(column, value, self.root), self._style(column)
        if value is None:
            self.sheet.write_blank(line, position, None, style)
        elif isinstance(value, date):
            self.sheet.write_datetime(line, position, value, style)
        elif column.kind in ("integer", "money") and len(str(value)) <= DIGITS:
            self.sheet.write_number(line, position, value, style)
        elif len(str(value)) > LONGEST:
            what = f"{column.heading} of {self.form.name}, row {line + 1}, has {len(value):,} characters"
            raise SpecError(
                what, file=self.path, remedy=f"a cell holds {LONGEST:,}: shorten the text"
            )
        else:
            self.sheet.write_string(line, position, str(value), style)

    def _style(self, column: Column) -> Any:
        if column.kind in ("shown", "derived"):
            return self.styles["shown"]
        return self.styles[column.kind if column.kind in self.styles else "text"]

    def _print(self, last: int) -> None:
        self.sheet.set_row(0, 32)
        self.sheet.freeze_panes(1, 3 if self.form.columns[2].kind == "shown" else 2)
        self.sheet.autofilter(0, 0, max(last, 1), len(self.form.columns) - 1)
        self.sheet.set_landscape()
        self.sheet.set_paper(8)  # A3
        wide = sum(column.width for column in self.form.columns) > WIDEST_PAGE
        self.sheet.fit_to_pages(2 if wide else 1, 0)
        self.sheet.repeat_rows(0)
        self.sheet.repeat_columns(0, 1)


def _validation(column: Column, lists: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What the cell accepts, and the note that shows while it is selected."""
    note = {"input_title": column.heading, "input_message": f"{column.zh}\n{column.en}"[:255]}
    refused = {"error_title": column.heading, "error_message": column.zh[:255] or column.heading}
    name = "yes_no" if column.kind == "yes_no" else column.list
    if name:
        letter = chr(ord("A") + list(lists).index(name))
        source = f"={layout.LISTS}!${letter}$2:${letter}${len(lists[name]) + 1}"
        return note | refused | {"validate": "list", "source": source}
    if column.kind == "integer":
        return note | refused | {"validate": "integer", "criteria": ">=", "value": 1}
    if column.kind == "money":
        return note | refused | {"validate": "decimal", "criteria": ">=", "value": 0}
    if column.kind == "date":
        # A text such as 2012-07-01 is read too, so a date that is none is only a warning here.
        earliest = {"criteria": ">=", "value": date(1949, 10, 1), "error_type": "warning"}
        return note | refused | {"validate": "date"} | earliest
    return note | {"validate": "any"}


def _lists(root: Path) -> dict[str, list[str]]:
    columns = [column for form in layout.forms() for column in form.columns]
    names = dict.fromkeys(column.list for column in columns if column.list)
    found = {name: list(layout.choices(name, root).values()) for name in names}
    return found | {"yes_no": [layout.YES, layout.NO]}


def _write_lists(sheet: Any, lists: Mapping[str, Sequence[str]], styles: Mapping[str, Any]) -> None:
    for position, (name, words) in enumerate(lists.items()):
        sheet.write_string(0, position, name, styles["head"])
        sheet.write_column(1, position, words)
    sheet.hide()


def _guide(sheet: Any, styles: Mapping[str, Any]) -> None:
    """How to fill the forms, column by column."""
    sheet.set_column(0, 1, 16)
    sheet.set_column(2, 2, 8)
    sheet.set_column(3, 4, 50)
    sheet.write_string(0, 0, "政务公开和政务服务事项目录填报表", styles["title"])
    for line, text in enumerate(INTRODUCTION, start=1):
        sheet.merge_range(line, 0, line, 4, text, styles["plain"])
        sheet.set_row(line, 2 * LINE_HEIGHT)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    first = len(INTRODUCTION) + 2
    for position, heading in enumerate(("表", "列", "必填", "说明", "what it is")):
        sheet.write_string(first, position, heading, styles["head"])
    columns = [(form, column) for form in layout.forms() for column in form.columns]
    for line, (form, column) in enumerate(columns, start=first + 1):
        required = layout.YES if column.required else ""
        texts = (form.name, column.heading, required, column.zh, column.en)
        for position, text in enumerate(texts):
            sheet.write_string(line, position, text, styles["text"])


INTRODUCTION = (
    "一行是一个事项的一个版本，或者该版本的一个环节、材料、收费……；各表用“事项编码＋版本”对应。",
    "改现行内容：改该版本的行。出新版本：填上旧版本的失效日期，复制各表的行，版本加一，再改。旧版本的行可以删去，导入时目录中的旧版本保留。",
    "灰色列仅供阅读。列的先后可以调换，列名、表名不能改；不用的表留空，不要删除。",
    "日期填 Excel 日期或者 2012-07-01；编码按文本填写（01 不要变成 1）。",
    "导入：hub catalogue import 文件.xlsx --dry-run 先检查，所有错误按“表!单元格”列出；没有错误再正式导入。",
)
