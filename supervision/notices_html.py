"""A notice as one HTML page that prints on A4, without anything from outside the file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from supervision.notices import Content

TEMPLATES = Path(__file__).parent / "templates"


def render(content: Content) -> bytes:
    """The page, UTF-8."""
    page = _environment().get_template("notice.html.j2").render(notice=content)
    return str(page).encode()


def numeral(number: int) -> str:
    """1 to 99 in Chinese: 一, 十, 二十一."""
    digits = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    if number > 99 or number < 1:
        return str(number)
    return (
        (digits[tens] if tens > 1 else "") + ("十" if tens else "") + (digits[ones] if ones else "")
    )


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    made.filters["numeral"] = numeral
    return made
