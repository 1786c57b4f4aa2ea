"""Format `excel`: workbooks typed by hand. calamine reads them, told apart by content, not by name.

Cells arrive as a person sees them: a number without a trailing .0, a date as 2012-03-05 (with a time of day
only if there is one), a time as 14:30:00, an error as #N/A, and a number of more than 15 digits in scientific
notation, because Excel has lost the rest; the same digits typed as text stay as they are. Number formats (leading
zeros, thousands) are not applied.

Rows that are no records are furniture, named with row number and rule: `title` above the header row, `header`, and
what source.yml declares. All others are delivered, blank ones too unless the rule `blank` is declared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl
import pyarrow as pa

from connectors.files import biff5
from connectors.files.file_settings import FileSettings
from connectors.files.html_tables import is_web_page, tables
from connectors.files.settings import ExcelSettings, FurnitureRule
from connectors.files.slices import Slice, portions
from connectors.tables import field_names, source_table
from hub.core.errors import SourceRefused
from hub.core.privacy import mask_message
from hub.core.workbook_extent import check_extent

TITLE, HEADER = "title", "header"
AS_TEXT: dict[str, Any] = {"header_row": None, "skip_rows": 0, "dtypes": "string"}
EXACT_DIGITS = 15
MANY_DIGITS = r"^-?\d{16,}$"
LOOKS_LIKE_TIME = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
MIDNIGHT = r" 00:00:00(\.0+)?$"
EPOCH_DAY = r"^1899-12-3[01] "
ERROR_TEXTS = {
    "Div0": "#DIV/0!", "NA": "#N/A", "Name": "#NAME?", "Null": "#NULL!", "Num": "#NUM!",
    "Ref": "#REF!", "Value": "#VALUE!", "GettingData": "#GETTING_DATA",
}  # fmt: skip
_ERROR = re.compile(r"Error\((\w+)\)")


def read(path: Path, name: str, settings: FileSettings) -> Iterator[Slice]:
    """The rows of the declared sheets; `_row` is Excel's own row number.

    A web page is read as what it is: its first table with the header, or with `sheets: "*"` all its tables with it.
    Of several sheets, each is a file of its own: `book.xlsx#sheet`. "*" means all visible sheets that hold
    something, none means the first visible one. Raises SourceRefused when the file is no workbook, or a sheet or
    its header row is missing.
    """
    assert isinstance(settings, ExcelSettings)
    data = path.read_bytes()
    if is_web_page(data):
        yield from _web_page(data, name, settings, path)
        return
    check_extent(data, path)
    old = biff5.one_byte_texts(data)
    several = settings.sheets == "*" or isinstance(settings.sheets, tuple)
    with _workbook(old or data, path) as book:
        names = {
            one: biff5.text(one, settings.charset, path) if old else one for one in book.sheet_names
        }
        for sheet in _sheets(book, names, settings.sheets, path):
            title = names[sheet.name]
            cells = cell_texts(book, sheet)
            if old:
                cells = biff5.texts(cells, settings.charset, path)
            label = f"{name}#{title}" if several else name
            yield from portions(_slice(cells, label, settings, f"{path}#{title}"))


@contextmanager
def _workbook(data: bytes, path: Path) -> Iterator[fastexcel.ExcelReader]:
    """The workbook; whatever calamine says or panics about while it is read is a refusal."""
    try:
        yield fastexcel.read_excel(data)
    except fastexcel.FastExcelError as failure:
        raise _no_workbook(str(failure), path) from None
    except BaseException as failure:
        if (
            type(failure).__name__ != "PanicException"
        ):  # of Rust: no Exception, and importable from nowhere
            raise
        raise _no_workbook("damaged", path) from None


def _no_workbook(why: str, path: Path) -> SourceRefused:
    return SourceRefused(
        f"is no Excel workbook ({mask_message(why).splitlines()[0]})", where=str(path),
        remedy="open it in Excel and save it as .xlsx",
    )  # fmt: skip


def _web_page(data: bytes, name: str, settings: ExcelSettings, path: Path) -> Iterator[Slice]:
    found = list(tables(data, path))
    fitting = [cells for cells in found if _holding(cells, settings.header.contains)]
    if not fitting:
        raise _no_header(settings.header.contains, str(path))
    several = settings.sheets == "*"
    for place, cells in enumerate(fitting if several else fitting[:1], 1):
        label = f"{name}#{place}" if several else name
        yield from portions(_slice(cells, label, settings, str(path)))


def _sheets(
    book: fastexcel.ExcelReader,
    names: dict[str, str],
    wanted: str | tuple[str, ...] | None,
    path: Path,
) -> list[fastexcel.ExcelSheet]:
    """The wanted sheets; `names`: calamine's name → the sheet's."""
    if wanted is None or wanted == "*":
        loaded = (book.load_sheet(name, **AS_TEXT) for name in names)
        shown = (sheet for sheet in loaded if sheet.visible == "visible" and sheet.total_height)
        chosen = list(shown if wanted else islice(shown, 1))
    else:
        known = {title: name for name, title in names.items()}
        titles = [wanted] if isinstance(wanted, str) else wanted
        chosen = [book.load_sheet(known[one], **AS_TEXT) for one in titles if one in known]
    if len(chosen) < (1 if wanted is None or isinstance(wanted, str) else len(wanted)):
        raise SourceRefused(
            f"a sheet is missing or empty: {wanted or 'any'}", where=str(path),
            remedy=f"the workbook has {', '.join(names.values())}",
        )  # fmt: skip
    return chosen


def cell_texts(book: fastexcel.ExcelReader, sheet: fastexcel.ExcelSheet) -> pl.DataFrame:
    """All cells of a sheet as text, from row 1 on; null where a cell is empty."""
    arrow, errors = sheet.to_arrow_with_errors()
    cells = pl.DataFrame(arrow)
    if _any(cells, pl.all().str.contains(MANY_DIGITS)):
        # Loaded as boolean, only numbers (and booleans) are not null: digits typed as text are.
        numeric = _typed(book, sheet, "boolean")
        cells = cells.with_columns(
            _replace(
                cells[name], numeric[name] & cells[name].str.contains(MANY_DIGITS), _scientific
            )
            for name in cells.columns
        )
    if _any(cells, pl.all().str.contains(LOOKS_LIKE_TIME)):
        # Loaded as duration, only dates and times are not null.
        times = _typed(book, sheet, "duration")
        cells = cells.with_columns(
            _replace(cells[name], times[name], _time_as_shown) for name in cells.columns
        )
    for error in errors.errors if errors else ():
        row, column = error.position
        kind = _ERROR.search(error.detail)
        cells[row, column] = ERROR_TEXTS.get(kind[1] if kind else "", "#ERROR")
    return cells


def _any(cells: pl.DataFrame, condition: pl.Expr) -> bool:
    return cells.width > 0 and bool(cells.select(pl.any_horizontal(condition.any())).item())


def _typed(
    book: fastexcel.ExcelReader, sheet: fastexcel.ExcelSheet, dtype: str
) -> dict[str, pl.Series]:
    """Per column: which cells are of that type."""
    typed = pl.DataFrame(book.load_sheet(sheet.name, **AS_TEXT | {"dtypes": dtype}))
    return {series.name: series.is_not_null() for series in typed}


def _replace(
    texts: pl.Series, at: pl.Series, change: Callable[[pl.Series], pl.Series]
) -> pl.Series:
    at = at.fill_null(False)
    return change(texts).zip_with(at, texts) if at.any() else texts


def _scientific(texts: pl.Series) -> pl.Series:
    shown = {}
    for text in texts.filter(texts.str.contains(MANY_DIGITS)).unique():
        mantissa, exponent = f"{float(text):.{EXACT_DIGITS - 1}E}".split("E")
        shown[text] = f"{mantissa.rstrip('0').rstrip('.')}E{exponent}"
    return texts.replace(shown)


def _time_as_shown(texts: pl.Series) -> pl.Series:
    return texts.str.replace(EPOCH_DAY, "").str.replace(MIDNIGHT, "")


def _slice(cells: pl.DataFrame, label: str, settings: ExcelSettings, where: str) -> Slice:
    at = _header_row(cells, settings.header.contains, where)
    titles = cells.row(at)
    body = cells.slice(at + 1)
    body.columns = field_names(titles)
    body = body.select(
        name
        for name, title in zip(body.columns, titles, strict=True)
        if (title or "").strip() or body[name].is_not_null().any()
    )
    rules = _furniture(body, settings.furniture)
    rows = pl.Series(range(at + 2, at + 2 + body.height), dtype=pl.Int64)
    declared = rules.is_not_null()
    above = [*((row, TITLE) for row in range(1, at + 1)), (at + 1, HEADER)]
    marks = zip(rows.filter(declared), rules.filter(declared), strict=True)
    records = body.filter(~declared)
    columns = {series.name: series.to_arrow().cast(pa.string()) for series in records}
    table = source_table(label, columns, rows.filter(~declared).to_arrow())
    return Slice(label, table, (*above, *marks))


def _header_row(cells: pl.DataFrame, contains: tuple[str, ...], where: str) -> int:
    """The first row that holds all these cells, counted from 0."""
    found = _holding(cells, contains)
    if not found:
        raise _no_header(contains, where)
    return found[0]


def _holding(cells: pl.DataFrame, contains: tuple[str, ...]) -> list[int]:
    """The rows that hold all these cells."""
    if not cells.width:
        return []
    trimmed = pl.all().str.strip_chars()
    holds = [pl.any_horizontal(trimmed == name) for name in contains]
    return cells.select(pl.all_horizontal(holds).arg_true()).to_series().to_list()


def _no_header(contains: tuple[str, ...], where: str) -> SourceRefused:
    return SourceRefused(
        f"no row holds the header cells {', '.join(contains)}", where=where,
        remedy="correct 'header' in source.yml, or ask what became of these columns",
    )  # fmt: skip


def _furniture(body: pl.DataFrame, rules: tuple[FurnitureRule, ...]) -> pl.Series:
    """For each row the first rule that declares it no record; null for records."""
    declared = pl.repeat(None, body.height, dtype=pl.String, eager=True)
    for rule in reversed(rules):
        if rule.column is None:
            blank = pl.all().str.strip_chars().fill_null("") == ""
            hit = body.select(pl.all_horizontal(blank)).to_series()
        elif rule.column in body.columns and rule.matches is not None:
            cells = body[rule.column]
            pattern = re.compile(rule.matches)
            hit = cells.is_in(
                [text for text in cells.drop_nulls().unique() if pattern.search(text)]
            )
        else:
            continue
        declared = declared.set(hit.fill_null(False), rule.name)
    return declared
