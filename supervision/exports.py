"""Findings as a workbook or CSV with Chinese headings, for offices that work in Excel."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hub.core.settings import TIME_ZONE
from supervision.handbook import LEVELS
from supervision.lifecycle import lifecycle
from supervision.selection import Row
from supervision.wording import day, facts_text, quantity

JUDGED = {
    "violation": "违反",
    "compliant": "符合",
    "not_evaluable": "无法判定",
    "not_judged": "未判定",
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes Excel take a text for a formula when it stands first."""


def _when(value: datetime) -> str:
    return f"{value.astimezone(ZoneInfo(TIME_ZONE)):%Y-%m-%d %H:%M}"


_COLUMNS: dict[str, tuple[int, Callable[[Row], Any]]] = {
    "级别": (8, lambda row: LEVELS[row["level"]].zh),
    "状态": (10, lambda row: lifecycle().states[row["state"]].zh),
    "部门": (20, lambda row: row["department_zh"]),
    "监察规则": (22, lambda row: row["title_zh"] or row["rule_id"]),
    "办件号": (20, lambda row: row["source_case_no"]),
    "事项编码": (22, lambda row: row["power_code"]),
    "事项名称": (32, lambda row: row["power_name"]),
    "时限或标准": (14, lambda row: quantity(row["limit_value"], row["limit_unit"])),
    "实际": (14, lambda row: quantity(row["elapsed"], row["limit_unit"])),
    "期限届满日": (16, lambda row: day(row["due_on"]) if row["due_on"] else None),
    "事实": (60, lambda row: facts_text(row["facts"])),
    "答复期限": (16, lambda row: day(row["respond_by"]) if row["respond_by"] else None),
    "最近判定": (10, lambda row: JUDGED[row["judged"]]),
    "首次发现": (18, lambda row: _when(row["first_seen"])),
    "最近变动": (18, lambda row: _when(row["last_seen"])),
    "依据": (60, lambda row: row["basis"]),
    "规则编号": (30, lambda row: row["rule_id"]),
    "发现编号": (38, lambda row: row["finding_id"]),
}  # fmt: skip
"""Heading → width in characters and value; rows are those of `selection.rows`."""


def headings() -> list[str]:
    """The columns, in order."""
    return list(_COLUMNS)


def cells(rows: Iterable[Row]) -> Iterator[list[str]]:
    """The rows as text, in the order of `headings`."""
    for row in rows:
        yield [str(value(row) or "") for _, value in _COLUMNS.values()]


def as_csv(rows: Iterable[Row]) -> bytes:
    """UTF-8 with a byte-order mark, by which Excel knows it; what looks like a formula is made a text by a ' before it."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(headings())
    writer.writerows([_defused(cell) for cell in row] for row in cells(rows))
    return written.getvalue().encode("utf-8-sig")


def as_xlsx(rows: Iterable[Row]) -> bytes:
    """A workbook with frozen headings and filters. Every cell is a text cell, so nothing in it is calculated."""
    import xlsxwriter  # type: ignore[import-untyped]

    written = io.BytesIO()
    book = xlsxwriter.Workbook(written, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties({"title": "监察发现", "created": datetime(2012, 1, 1, tzinfo=UTC)})
    sheet = book.add_worksheet("监察发现")
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    bold = book.add_format({"bold": True, "bg_color": "#D9E1F2", "border": 1})
    for column, (heading, (width, _)) in enumerate(_COLUMNS.items()):
        sheet.set_column(column, column, width, wrapped)
        sheet.write_string(0, column, heading, bold)
    last = 0
    for last, row in enumerate(cells(rows), 1):
        for column, cell in enumerate(row):
            sheet.write_string(last, column, cell, wrapped)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, last, len(_COLUMNS) - 1)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    book.close()
    return written.getvalue()


def _defused(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
