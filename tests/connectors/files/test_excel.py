"""Workbooks as people type them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from connectors.files import excel
from connectors.files.settings import ExcelSettings
from hub.core.errors import SourceRefused

Book = Callable[[dict[str, list[list[Any]]]], Path]
FURNITURE = [
    {"name": "subtotal", "column": "序号", "matches": "小计|合计"},
    {"name": "blank"},
]


class Shown:
    """A number with the format under which the person sees it."""

    def __init__(self, value: Any, number_format: str) -> None:
        self.value, self.number_format = value, number_format


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """Write sheets, each a list of rows, to a workbook. None leaves a cell empty."""

    def write(sheets: dict[str, list[list[Any]]], name: str = "2012-03.xlsx") -> Path:
        path = tmp_path / name
        with xlsxwriter.Workbook(path) as target:
            for title, rows in sheets.items():
                sheet = target.add_worksheet(title.lstrip("~"))
                if title.startswith("~"):
                    sheet.hide()
                else:
                    sheet.activate()
                for row, cells in enumerate(rows):
                    for column, cell in enumerate(cells):
                        _write(target, sheet, row, column, cell)
        return path

    return write


def _write(target: Any, sheet: Any, row: int, column: int, cell: Any) -> None:
    if isinstance(cell, Shown):
        style = target.add_format({"num_format": cell.number_format})
        write = sheet.write_datetime if isinstance(cell.value, datetime) else sheet.write_number
        write(row, column, cell.value, style)
    elif isinstance(cell, str) and cell.startswith("#"):
        sheet.write_formula(row, column, "=1/0", None, cell)
    elif isinstance(cell, str):
        sheet.write_string(row, column, cell)
    elif cell is not None:
        sheet.write(row, column, cell)


def declared(**more: Any) -> ExcelSettings:
    settings = {"format": "excel", "files": "*.xlsx", "header": {"contains": ["编号"]}} | more
    return ExcelSettings.model_validate(settings)


def read(path: Path, settings: ExcelSettings) -> list[dict[str, Any]]:
    parts = excel.read(path, path.name, settings)
    return [row for part in parts for row in part.table.to_pylist()]


def shown(book: Book, *cells: Any) -> list[str | None]:
    """How those cells of one column arrive."""
    path = book({"办件": [["编号", "值"], *(["x", cell] for cell in cells)]})
    return [row["值"] for row in read(path, declared())]


def test_numbers_come_as_a_person_sees_them(book):
    assert shown(book, 12.0, 12.5, 0, -3, 0.1 + 0.2, 13_900_000_001, True) == [
        "12", "12.5", "0", "-3", "0.3", "13900000001", "true",
    ]  # fmt: skip


def test_long_numbers_show_that_excel_lost_their_digits(book):
    assert shown(
        book, 360121199001011234, Shown(360121199001010000, "0"), 123456789012345, 1e21,
        "3.6012119900101E+17", "360121199001011234", "+123",
    ) == [
        "3.60121199001011E+17", "3.6012119900101E+17", "123456789012345", "1E+21",
        "3.6012119900101E+17", "360121199001011234", "+123",
    ]  # fmt: skip


def test_dates_and_times_come_in_iso_form_and_text_stays_as_typed(book):
    day, moment = datetime.fromisoformat("2012-03-05"), datetime.fromisoformat("2012-03-05T14:30")
    assert shown(
        book, Shown(day, "yyyy-mm-dd"), Shown(day, 'yyyy"年"m"月"d"日"'),
        Shown(moment, "yyyy/m/d h:mm"), Shown(0.5, "h:mm"), Shown(0.0, "h:mm"),
        "2012-3-5", "2012-03-05 00:00:00", "1899-12-31 12:00:00", 40973, "２０１２年３月５日",
    ) == [
        "2012-03-05", "2012-03-05", "2012-03-05 14:30:00", "12:00:00", "00:00:00",
        "2012-3-5", "2012-03-05 00:00:00", "1899-12-31 12:00:00", "40973", "２０１２年３月５日",
    ]  # fmt: skip


def test_errors_blanks_and_line_breaks(book):
    assert shown(book, "#DIV/0!", "#N/A", None, "", "  ", "一\n二") == [
        "#DIV/0!", "#N/A", None, "", "  ", "一\n二",
    ]  # fmt: skip


def test_every_row_is_a_record_or_named_furniture(book, reserved_types):
    rows = [
        ["房屋登记台账"], [None], ["序号", "编号", "金额"],
        [1, "A1", 10], [2, "A2", 20], ["本页小计", None, 30], [None, " "], [3, "合计", 5],
        ["合计", None, 35],
    ]  # fmt: skip
    path = book({"办件": rows})
    (part,) = excel.read(path, path.name, declared(furniture=FURNITURE))
    assert part.furniture == (
        (1, "title"), (2, "title"), (3, "header"), (6, "subtotal"), (7, "blank"), (9, "subtotal"),
    )  # fmt: skip
    assert part.table["_row"].to_pylist() == [4, 5, 8]
    assert part.table["编号"].to_pylist() == ["A1", "A2", "合计"]
    assert part.table.num_rows + len(part.furniture) == len(rows)
    assert {name: part.table.schema.field(name).type for name in reserved_types} == reserved_types
    undeclared = read(path, declared())
    assert [row["_row"] for row in undeclared] == [4, 5, 6, 7, 8, 9]


def test_sheets_by_name_list_and_star(book):
    path = book(
        {
            "~藏": [["编号"], ["H"]],
            "一月": [["编号", "A"], ["1", "x"]],
            "二月": [["标题"], ["编号", "B"], ["2", "y"]],
            "Sheet3": [],
        }
    )
    for sheets, expected in (
        (None, [("2012-03.xlsx", "1", 2)]),
        ("二月", [("2012-03.xlsx", "2", 3)]),
        (["二月", "藏"], [("2012-03.xlsx#二月", "2", 3), ("2012-03.xlsx#藏", "H", 2)]),
        ("*", [("2012-03.xlsx#一月", "1", 2), ("2012-03.xlsx#二月", "2", 3)]),
    ):
        rows = read(path, declared(sheets=sheets))
        assert [(row["_file"], row["编号"], row["_row"]) for row in rows] == expected


def test_a_change_of_header_within_a_workbook_splits_the_batch(book, open_files, folder):
    path = book({"一月": [["编号", "A"], ["1", "x"]], "二月": [["编号", "B"], ["2", "y"]]})
    path.rename(folder / "账.xlsx")
    opened = open_files(
        format="excel", files="*.xlsx", sheets="*", header={"contains": ["编号"]}
    )  # fmt: skip
    first, second = opened.read("cases", None)
    assert (first.table.column_names[:2], second.table.column_names[:2]) == (
        ["编号", "A"], ["编号", "B"],
    )  # fmt: skip
    assert [file.name for file in (*first.files, *second.files)] == ["账.xlsx#一月", "账.xlsx#二月"]
    assert first.cursor["files"] == {} and first.cursor["partial"]["账.xlsx"]["rows"] == 1
    assert list(second.cursor) == ["files"]
    (resumed,) = opened.read("cases", first.cursor)
    assert resumed.table["B"].to_pylist() == ["y"] and resumed.cursor == second.cursor


def test_nameless_columns_count_only_when_they_hold_something(book):
    path = book({"办件": [["编号", None, "编号", None], ["1", "note", "2", None]]})
    (row,) = read(path, declared())
    assert {name: row[name] for name in list(row)[:3]} == {
        "编号": "1", "column_2": "note", "编号#2": "2",
    }  # fmt: skip
    assert "column_4" not in row


def test_the_header_row_is_the_first_that_holds_all_named_cells(book):
    path = book({"办件": [["编号"], ["编号 ", "日期"], ["1", "x"]]})
    (row,) = read(path, declared(header={"contains": ["编号", "日期"]}))
    assert (row["编号"], row["_row"]) == ("1", 3)


def test_a_header_without_rows(book):
    path = book({"办件": [["编号", "A"]]})
    (part,) = excel.read(path, path.name, declared(furniture=FURNITURE))
    assert part.table.num_rows == 0 and part.furniture == ((1, "header"),)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (declared(sheets="四月"), "一月"),
        (declared(header={"contains": ["收件编号"]}), "no row holds the header cells 收件编号"),
    ],
)
def test_a_missing_sheet_or_header_is_refused(book, settings, said):
    path = book({"一月": [["编号"], ["1"]]})
    with pytest.raises(SourceRefused, match=said):
        read(path, settings)


def test_the_type_comes_from_the_content(book, tmp_path):
    path = book({"一月": [["编号"], ["1"]]})
    misnamed = path.rename(tmp_path / "t.xls")
    assert [row["编号"] for row in read(misnamed, declared())] == ["1"]
    cut = tmp_path / "cut.xlsx"
    cut.write_bytes(misnamed.read_bytes()[:2_000])
    with pytest.raises(SourceRefused, match=r"cut\.xlsx.*is no Excel workbook"):
        read(cut, declared())
    text = tmp_path / "text.xls"
    text.write_text("编号\t事项\n1\t2\n", "gb18030")
    with pytest.raises(SourceRefused, match=r"save it as \.xlsx"):
        read(text, declared())
