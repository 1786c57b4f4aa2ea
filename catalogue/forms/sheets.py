"""Reading a workbook of forms into rows whose cells know their addresses. Every fault is an error at its cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalogue.codes import ROOT
from catalogue.forms import cells, layout
from catalogue.forms.cells import CellError, Unfit
from catalogue.forms.layout import Column, Form
from hub.core.errors import SpecError
from hub.core.workbook_extent import opened

if TYPE_CHECKING:
    from fastexcel import ExcelReader, ExcelSheet

KEY_HEADING = "事项编码"
Place = tuple[Column, int, str]
HEAD_WITHIN = 10
"""A form may have a title above its headings; they stand within so many rows."""


@dataclass(slots=True)
class FormRow:
    """One row of a form: field → value, and where each field stands."""

    path: Path
    sheet: str
    line: int
    letters: Mapping[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """Fields whose cells are errors already."""

    def error(self, what: str, name: str, remedy: str = "") -> CellError:
        """An error at a field's cell; a limit's is where its number stands, an unknown field's where the code stands."""
        known = name if name in self.letters else f"{name}.value"
        cell = f"{self.letters.get(known, self.letters['code'])}{self.line}"
        return CellError(what, file=self.path, sheet=self.sheet, cell=cell, remedy=remedy)

    def is_broken(self, name: str) -> bool:
        """Whether that field, or a half of it, has an error already."""
        return bool({name, f"{name}.value", f"{name}.unit"} & self.broken)


@dataclass(slots=True)
class Sheets:
    """All rows of a workbook by part, and the errors met while reading them."""

    path: Path
    rows: dict[str, list[FormRow]]
    errors: list[SpecError]


def read(path: Path, root: Path = ROOT) -> Sheets:
    """Read every form of a workbook. Raises SpecError if it is no workbook, SourceRefused if a cell stands too far off."""
    book = opened(path, "用 hub catalogue export 导出的 .xlsx 填写")
    found = Sheets(path, {form.part: [] for form in layout.forms()}, [])
    known = [form.name for form in layout.forms()]
    for name in book.sheet_names:
        if name not in (*known, layout.GUIDE, layout.LISTS):
            what = f"工作表“{name}”不是规定的表 is no sheet of the forms"
            found.errors.append(
                SpecError(what, file=path, remedy=f"规定的表 known: {'、'.join(known)}")
            )
    for form in layout.forms():
        if form.name in book.sheet_names:
            _Reader(path, form, root, found).read(book)
        else:
            what = f"缺工作表“{form.name}” this sheet is missing"
            found.errors.append(
                SpecError(what, file=path, remedy="没有内容的表留空，不要删除 keep it, empty")
            )
    return found


class _Reader:
    """One form being read."""

    def __init__(self, path: Path, form: Form, root: Path, found: Sheets) -> None:
        self.path, self.form, self.root, self.found = path, form, root, found
        self.faults: set[tuple[int, int]] = set()

    def read(self, book: ExcelReader) -> None:
        sheet = book.load_sheet(
            self.form.name, header_row=None, skip_rows=0, dtypes="string", schema_sample_rows=1
        )
        letters = [letter(column.absolute_index) for column in sheet.available_columns()]
        lines, unreadable = _lines(sheet)
        self.faults = {(line, position) for line, position, _ in unreadable}
        for line, position, what in unreadable:
            self._error(
                f"{letters[position]}{line}", what, "改正公式或者直接填值 correct the formula"
            )
        head = next((n for n, line in lines[:HEAD_WITHIN] if KEY_HEADING in line), 0)
        columns = self._columns(head, lines[head - 1][1], letters) if head else {}
        if not head:
            what = f"没有列名“{KEY_HEADING}” the headings are missing"
            self._error("A1", what, "第一行写列名 the first row holds the headings")
        if columns:
            rows = (self._row(number, line, columns) for number, line in lines[head:])
            self.found.rows[self.form.part] = [row for row in rows if row is not None]

    def _columns(
        self, head: int, headings: Sequence[str | None], letters: Sequence[str]
    ) -> dict[str, Place]:
        """Field → its column, the position of its cells, its letters; empty where a column is missing."""
        by_heading = {column.heading: column for column in self.form.columns}
        found: dict[str, Place] = {}
        for position, heading in enumerate(headings):
            text = (heading or "").strip()
            column = by_heading.get(text)
            if column is None or column.field in found:
                if text:
                    what = (
                        "重复的列名 heading stands twice"
                        if column
                        else "不认识的列名 unknown heading"
                    )
                    remedy = f"列名 headings: {'、'.join(by_heading)}"
                    self._error(f"{letters[position]}{head}", f"“{text}”：{what}", remedy)
                continue
            found[column.field] = (column, position, letters[position])
        missing = [c.heading for c in self.form.columns if c.field not in found and _wanted(c)]
        for heading in missing:
            self._error(f"A{head}", f"缺列“{heading}” this column is missing", "补上该列 add it")
        return {} if missing else found

    def _row(
        self, number: int, line: Sequence[str | None], columns: Mapping[str, Place]
    ) -> FormRow | None:
        if not any((text or "").strip() for text in line):
            return None
        letters = {name: letters for name, (_, _, letters) in columns.items()}
        row = FormRow(self.path, self.form.name, number, letters)
        for name, (column, position, _) in columns.items():
            if column.kind == "shown":
                continue
            if (number, position) in self.faults:
                row.values[name] = None
                row.broken.add(name)
                continue
            try:
                row.values[name] = cells.value(column, line[position], self.root)
            except Unfit as unfit:
                row.values[name] = None
                row.broken.add(name)
                self.found.errors.append(row.error(unfit.what, name, unfit.remedy))
        return row

    def _error(self, cell: str, what: str, remedy: str) -> None:
        error = CellError(what, file=self.path, sheet=self.form.name, cell=cell, remedy=remedy)
        self.found.errors.append(error)


def letter(position: int) -> str:
    """Column letters of a position counted from 0: A … Z, AA …"""
    above, here = divmod(position, 26)
    return (letter(above - 1) if above else "") + chr(ord("A") + here)


def _wanted(column: Column) -> bool:
    """Columns that may be left out are those that only repeat something."""
    return column.kind not in ("shown", "derived")


Line = tuple[int, Sequence[str | None]]


def _lines(sheet: ExcelSheet) -> tuple[list[Line], list[tuple[int, int, str]]]:
    """Line number and cells of every row; line, position and fault of every cell that holds an error of a formula."""
    if not sheet.width:
        return [], []
    batch, errors = sheet.to_arrow_with_errors()
    columns = [column.to_pylist() for column in batch.columns]
    faults = [] if errors is None else [_fault(error) for error in errors.errors]
    return [(number, cells) for number, cells in enumerate(zip(*columns, strict=True), 1)], faults


def _fault(error: Any) -> tuple[int, int, str]:
    line, position = error.offset_position
    return line + 1, position, "单元格是公式错误 the cell holds the error of a formula"


def present(rows: Sequence[FormRow]) -> Iterator[tuple[tuple[str, int], FormRow]]:
    """The rows that say to which item and version they belong."""
    for row in rows:
        if row.values.get("code") and row.values.get("version"):
            yield (row.values["code"], row.values["version"]), row
