"""A workbook as a clerk works with it: opened, some cells changed, saved by another program."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl
from xlsxwriter import Workbook  # type: ignore[import-untyped]

Grid = list[list[Any]]


def grids(path: Path) -> dict[str, Grid]:
    """Sheet → rows of texts, from row 1 on."""
    book = fastexcel.read_excel(path)
    found = {}
    for name in book.sheet_names:
        sheet = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
        found[name] = [list(row) for row in pl.DataFrame(sheet.to_arrow()).iter_rows()]
    return found


def save(path: Path, sheets: Mapping[str, Grid]) -> None:
    """Texts as texts, numbers as numbers."""
    with Workbook(str(path), {"strings_to_formulas": False}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, value in enumerate(row):
                    if isinstance(value, str):
                        sheet.write_string(at, column, value)
                    elif value is not None:
                        sheet.write_number(at, column, value)


def edit(path: Path, sheet: str, changes: Mapping[tuple[int, str], Any]) -> None:
    """Change cells of a sheet: (number of the quarantined row, heading) → value."""
    sheets = grids(path)
    rows = sheets[sheet]
    for (number, heading), value in changes.items():
        (row,) = [row for row in rows[1:] if row[0] == str(number)]
        row[rows[0].index(heading)] = value
    save(path, sheets)
