"""The named conversions: from what a source field holds to what a canonical column takes.

A conversion parses, and what it cannot parse becomes null; comparing with the original tells failure from absence.
None of them raises, whatever the text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
import polars_hash  # noqa: F401  (registers the .nchash namespace)

from hub.core.entities import POLARS_TYPES, Column, Kind
from hub.core.privacy import masked_text
from mappings.forms import as_text, half_width, trimmed
from mappings.times import calendar_date, instant, local_time

TRUE_FORMS = ("是", "有", "√", "✓", "✔", "对", "Y", "YES", "T", "TRUE", "1")
FALSE_FORMS = ("否", "无", "×", "✗", "✘", "N", "NO", "F", "FALSE", "0")

PLAIN_TEXT_COLUMNS = frozenset(("url",))
"""Texts that hold long numbers by nature and nobody's own. All others may hold what was typed into the wrong field."""
HALF_WIDTH_ENDINGS = ("_code", "_no", "_value")

_NUMBER = r"^[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)"
_CURRENCY = r"^[¥￥]\s*|\s*元$"
STAND_IN = "stand_in"
"""Conversion for a source that numbers nothing: a number made of a text."""
_STAND_IN_DIGITS = 12
"""Hexadecimal digits: 48 bits, which every reader of JSON holds exactly."""
_FLOAT_NOISE = 1e-9
"""Relative error of a sum of doubles that is no digit of anybody's amount."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """One named conversion.

    `parse` takes a prepared value (trimmed, blank = null) and its Polars type; null where it is not of that form.
    `finish` then turns what was parsed into the canonical value, where null is no failure (a sentinel).
    `reason`: reason code of a failure, None if it cannot fail.
    """

    name: str
    kind: Kind
    parse: Callable[[pl.Expr, pl.DataType], pl.Expr]
    reason: str | None = None
    finish: Callable[[pl.Expr], pl.Expr] | None = None


def default_conversion(column: Column) -> str:
    """The conversion of a column for which the mapping names none."""
    if column.kind is not Kind.TEXT:
        return column.kind.value
    if column.name.endswith(HALF_WIDTH_ENDINGS):
        return "halfwidth"
    return "text" if column.name in PLAIN_TEXT_COLUMNS else "free_text"


def _half_width(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return _or_null(trimmed(half_width(as_text(value, dtype))))


def _code(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return _half_width(value, dtype).str.to_uppercase()


def _free_text(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return masked_text(as_text(value, dtype))


def _decimal(kind: Kind, scale: int) -> Callable[[pl.Expr, pl.DataType], pl.Expr]:
    """Numbers in digits, with or without thousands separators; digits beyond the scale must be zeros."""
    fraction = rf"(?:\.[0-9]{{1,{scale}}}0*)?$" if scale else r"(?:\.0+)?$"

    def parse(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        if dtype == pl.Boolean:
            return pl.lit(None, dtype=POLARS_TYPES[kind])
        text = half_width(as_text(_rounded(value, dtype, scale), dtype))
        if kind is Kind.MONEY:
            text = text.str.replace_all(_CURRENCY, "")
        digits = (
            pl.when(text.str.contains(_NUMBER + fraction))
            .then(text)
            .str.replace_all(r"[,+]|\.0*$", "")
        )
        return digits.cast(POLARS_TYPES[kind], strict=False)

    return parse


def _rounded(value: pl.Expr, dtype: pl.DataType, scale: int) -> pl.Expr:
    if not dtype.is_float():
        return value
    rounded = value.round(scale)
    noise = (value - rounded).abs() <= _FLOAT_NOISE * pl.max_horizontal(value.abs(), pl.lit(1.0))
    return pl.when(noise).then(rounded).otherwise(value)


def _stand_in(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The same text gives the same number everywhere; below zero, where no system counts."""
    digest = as_text(value, dtype).nchash.md5()  # type: ignore[attr-defined]
    number: pl.Expr = digest.str.slice(0, _STAND_IN_DIGITS).str.to_integer(base=16, dtype=pl.Int64)
    return -1 - number


def _boolean(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.Boolean:
        return value
    return _code(value, dtype).replace_strict(
        (*TRUE_FORMS, *FALSE_FORMS),
        [True] * len(TRUE_FORMS) + [False] * len(FALSE_FORMS),
        default=None,
        return_dtype=pl.Boolean,
    )


def _or_null(text: pl.Expr) -> pl.Expr:
    return pl.when(text != "").then(text)


CONVERSIONS: dict[str, Conversion] = {
    conversion.name: conversion
    for conversion in (
        Conversion("text", Kind.TEXT, as_text),
        Conversion("halfwidth", Kind.TEXT, _half_width),
        Conversion("code", Kind.TEXT, _code),
        Conversion("free_text", Kind.TEXT, _free_text),
        Conversion("timestamp", Kind.TIMESTAMP, local_time, "bad_date", instant),
        Conversion("date", Kind.DATE, local_time, "bad_date", calendar_date),
        Conversion("money", Kind.MONEY, _decimal(Kind.MONEY, 2), "bad_number"),
        Conversion("number", Kind.NUMBER, _decimal(Kind.NUMBER, 4), "bad_number"),
        Conversion("integer", Kind.INTEGER, _decimal(Kind.INTEGER, 0), "bad_number"),
        Conversion(STAND_IN, Kind.INTEGER, _stand_in),
        Conversion("boolean", Kind.BOOLEAN, _boolean, "bad_boolean"),
    )
}
