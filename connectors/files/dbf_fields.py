"""Types of DBF fields: from the bytes of a column to text, column-wise."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

JULIAN_DAY_OF_1970 = 2_440_588
MILLISECONDS_A_DAY = 86_400_000
REPLACEMENT = "\ufffd"


def where(condition: pa.Array) -> list[int]:
    """Positions at which a boolean array is true."""
    found: list[int] = pc.indices_nonzero(condition.fill_null(False)).to_pylist()
    return found


def decoded(column: pa.Array, charset: str) -> tuple[pa.Array, list[int]]:
    """The text of a binary column, and the rows that hold bytes which are no text of the charset.

    Each distinct value is decoded once. NUL at the end is padding; elsewhere it is no text.
    """
    encoded = column.dictionary_encode()
    texts: list[str] = []
    bad: list[int] = []
    for place, raw in enumerate(encoded.dictionary.to_pylist()):
        padded = raw.rstrip(b"\0")
        try:
            text = padded.decode(charset)
        except UnicodeDecodeError:
            text = padded.decode(charset, "replace")
            bad.append(place)
        if "\0" in text:
            text = text.replace("\0", REPLACEMENT)
            bad.append(place)
        texts.append(text)
    values = pa.array(texts, pa.string()).take(encoded.indices)
    rows = where(pc.is_in(encoded.indices, pa.array(bad, encoded.indices.type))) if bad else []
    return values, rows


def _as_held(texts: pa.Array) -> pa.Array:
    return texts


def _number(texts: pa.Array) -> pa.Array:
    return _absent(pc.utf8_trim_whitespace(texts), [""])


def _date(texts: pa.Array) -> pa.Array:
    trimmed = _absent(pc.utf8_trim_whitespace(texts), ["", "00000000"])
    return pc.replace_substring_regex(trimmed, r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3")


def _logical(texts: pa.Array) -> pa.Array:
    return _absent(pc.utf8_trim_whitespace(texts), ["", "?"])


def _absent(texts: pa.Array, empty: list[str]) -> pa.Array:
    return pc.if_else(pc.is_in(texts, pa.array(empty)), pa.scalar(None, pa.string()), texts)


TEXTS: dict[str, Callable[[pa.Array], pa.Array]] = {
    "C": _as_held,
    "M": _as_held,
    "N": _number,
    "F": _number,
    "D": _date,
    "L": _logical,
}
"""Types held as text → what is made of the decoded text."""


def _numbers(held: pa.Array, kind: pa.DataType, per_row: int = 1) -> pa.Array:
    # A slice of a fixed-size binary array starts a buffer of its own.
    return pa.Array.from_buffers(kind, len(held) * per_row, [None, held.buffers()[1]])


def _integer(held: pa.Array) -> pa.Array:
    return _numbers(held, pa.int32()).cast(pa.string())


def _double(held: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(_numbers(held, pa.float64()).cast(pa.string()), r"\.0$", "")


def _currency(held: pa.Array) -> pa.Array:
    scale = pa.scalar(Decimal("0.0001"), pa.decimal128(5, 4))
    whole = _numbers(held, pa.int64()).cast(pa.decimal128(19, 0))
    return pc.multiply(whole, scale).cast(pa.string())


def _date_time(held: pa.Array) -> pa.Array:
    pairs = _numbers(held, pa.int32(), per_row=2).cast(pa.int64())
    days = pairs.take(pa.array(range(0, len(pairs), 2), pa.int64()))
    milliseconds = pairs.take(pa.array(range(1, len(pairs), 2), pa.int64()))
    since_1970 = pc.multiply(pc.subtract(days, JULIAN_DAY_OF_1970), MILLISECONDS_A_DAY)
    # Visual FoxPro's clock is off by some milliseconds: to the nearest second.
    seconds = pc.divide(pc.add(pc.add(since_1970, milliseconds), 500), 1000)
    texts = seconds.cast(pa.timestamp("s")).cast(pa.string())
    return pc.if_else(pc.equal(days, 0), pa.scalar(None, pa.string()), texts)


NUMBERS: dict[str, Callable[[pa.Array], pa.Array]] = {
    "I": _integer,
    "B": _double,
    "Y": _currency,
    "T": _date_time,
}
"""Types held as binary numbers (Visual FoxPro) → their text."""
