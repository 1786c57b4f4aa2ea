"""What one cell of a form says: its text as a value, or why it is none, in Chinese and English with what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from catalogue.forms import layout
from catalogue.forms.layout import Column
from hub.core.errors import HubError, SpecError

NUMBER = re.compile(r"[0-9]{1,9}")
MONEY = re.compile(r"[0-9]{1,14}(\.[0-9]{1,2})?")
NOISE = re.compile(r"(?=[0-9.]{16,})[0-9]+\.[0-9]+")
DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})( 00:00:00)?")
LOST_DIGITS = re.compile(r"[0-9](\.[0-9]+)?|[0-9]+(\.[0-9]+)?[Ee]\+?[0-9]+|[0-9]{16,}")
"""One digit where a code has two (01), or so many that a workbook's number has rounded them."""


class CellError(SpecError):
    """A cell of a workbook is wrong. Carries the file, the sheet and the cell."""

    def __init__(self, what: str, *, file: Path, sheet: str, cell: str, remedy: str = "") -> None:
        self.file, self.line, self.sheet, self.cell = file, None, sheet, cell
        HubError.__init__(self, what, where=f"{file.name}:{sheet}!{cell}", remedy=remedy)


class Unfit(ValueError):
    """The text is no value of its column."""

    def __init__(self, what: str, remedy: str) -> None:
        self.what, self.remedy = what, remedy
        super().__init__(what)


def value(column: Column, text: str | None, root: Path) -> Any:
    """The value of a cell; None where it is blank. Raises Unfit."""
    plain = (text or "").strip()
    if not plain:
        if column.required:
            raise Unfit(f"{column.heading} 未填 is blank", f"{column.zh or '必填'} {column.en}")
        return None
    if column.kind == "choice":
        return _choice(column, plain, root)
    return READERS[column.kind](plain)


def _choice(column: Column, text: str, root: Path) -> str:
    codes = {word: code for code, word in layout.choices(column.list or "", root).items()}
    if text not in codes:
        what = f"“{text}”不在{column.heading}的可选项中 is none of the words of this column"
        raise Unfit(what, f"可填 one of {'、'.join(codes)}")
    return codes[text]


def _code(text: str) -> str:
    if LOST_DIGITS.fullmatch(text):
        what = f"编码“{text}”被表格软件当成数字，已丢失数位 this code was made a number and has lost digits"
        raise Unfit(
            what, "单元格设为文本后重新输入 format the cell as text and type the code again"
        )
    return text


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _integer(text: str) -> int:
    if not NUMBER.fullmatch(text):
        raise Unfit(
            f"“{text}”不是正整数 is no whole number", "填 1、2、3 这样的数字 write digits only"
        )
    return int(text)


def _money(text: str) -> Decimal:
    # A workbook's numbers have 15 digits; what stands behind them (9439458.210000001) nobody has typed.
    text = f"{float(text):.15g}" if NOISE.fullmatch(text) else text
    if not MONEY.fullmatch(text):
        what = f"“{text}”不是金额 is no amount in yuan"
        raise Unfit(
            what, "填数字，最多两位小数，不加千分位和单位 digits, at most two decimals, no unit"
        )
    return Decimal(text)


def _day(text: str) -> date:
    try:
        found = DAY.fullmatch(text)
        return date.fromisoformat(found[1] if found else "")
    except ValueError:
        what = f"“{text}”不是日期 is no date"
        raise Unfit(
            what, "填 Excel 日期或者 2012-07-01 write a date or text such as 2012-07-01"
        ) from None


def _yes_no(text: str) -> bool:
    if text not in (layout.YES, layout.NO):
        raise Unfit(f"“{text}”不是“是”或者“否” is neither 是 (yes) nor 否 (no)", "填 是 或者 否")
    return text == layout.YES


READERS: dict[str, Callable[[str], Any]] = {
    "code": _code, "text": str, "lines": _lines, "integer": _integer, "money": _money, "date": _day,
    "yes_no": _yes_no, "derived": str,
}  # fmt: skip
