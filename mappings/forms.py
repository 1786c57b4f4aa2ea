"""The written forms of text in old systems: padding, full-width characters, native values as text."""

from __future__ import annotations

import polars as pl

from hub.core.settings import TIME_ZONE

FULL_WIDTH = (*map(chr, range(0xFF01, 0xFF5F)), "\u3000", "\u00a0")
HALF_WIDTH = (*map(chr, range(0x21, 0x7F)), " ", " ")
TO_HALF_WIDTH = str.maketrans(dict(zip(FULL_WIDTH, HALF_WIDTH, strict=True)))
"""The same for one text of ours."""

PADDING = (
    " \t\r\n\v\f\x00\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\u200b\ufeff"
    + "".join(chr(code) for code in range(0x2000, 0x200B))
)
"""Blanks of every kind, and NUL, with which FoxPro and C programs fill a fixed width."""

_LARGEST_EXACT = 10**15
"""A double holds every integer below it exactly, so only those may be shown without an exponent."""


def trimmed(text: pl.Expr) -> pl.Expr:
    """Text without the padding at both ends."""
    return text.str.strip_chars(PADDING)


def half_width(text: pl.Expr) -> pl.Expr:
    """Full-width digits, letters, punctuation and blanks as ASCII; every other character stays.

    Not Unicode NFKC: that would also turn 12① into 121, ㎡ into m2, … into three dots, and replace compatibility
    ideographs, which occur in names.
    """
    return text.str.replace_many(list(FULL_WIDTH), list(HALF_WIDTH))


def as_text(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A native value in the form in which a person would write it; text stays as it is.

    Whole numbers have no decimal point, unless they are floats so large that digits may be lost: those keep their
    exponent. Times are local, as `2012-03-05 14:30:00`.
    """
    if isinstance(dtype, pl.Datetime):
        local = value.dt.convert_time_zone(TIME_ZONE) if dtype.time_zone else value
        return local.dt.to_string("%Y-%m-%d %H:%M:%S")
    if dtype.is_float():
        whole = (value == value.round(0)) & (value.abs() < _LARGEST_EXACT)
        return (
            pl.when(whole)
            .then(value.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(value.cast(pl.String))
        )
    if dtype.is_decimal():
        text = value.cast(pl.String)
        plain = text.str.strip_chars_end("0").str.strip_chars_end(".")
        return pl.when(text.str.contains(".", literal=True)).then(plain).otherwise(text)
    return value.cast(pl.String)
