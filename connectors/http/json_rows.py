"""JSON rows as columns of text: numbers as the source wrote them, inner objects and lists as JSON text.

A loop over rows: no JSON parser that builds columns keeps the digits of a number, and the network, not this loop,
decides how long a page takes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors.http.paths import MISSING, at, steps
from connectors.tables import field_names

REPLACEMENT = "\ufffd"
_UNWRITABLE = re.compile("[\ud800-\udfff\0]")
"""Half a character, or NUL: no text that a database can hold."""
MOST_DIGITS = 64
"""A number written with an exponent is written out up to so many digits; others stay as they are."""


class Number(str):
    """A JSON number, as it was written."""

    __slots__ = ()


def parsed(body: bytes, charset: str) -> Any:
    """The document. Bytes that are not of the charset become lone surrogates, which no row may keep.

    Raises ValueError when it is no JSON, or nested too deeply.
    """
    text = body.decode(charset, "surrogateescape").removeprefix("\ufeff")
    try:
        return json.loads(text, parse_float=Number, parse_int=Number, parse_constant=Number)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def text_of(value: Any) -> str | None:
    """A value as text; null and a missing member have none."""
    if value is None or value is MISSING:
        return None
    if isinstance(value, Number):
        return plain(value)
    if isinstance(value, str):
        return value
    return compact(value)


def plain(number: str) -> str:
    """A number without an exponent, digit for digit."""
    if "e" not in number and "E" not in number:
        return str(number)
    exact = Decimal(number)
    too_long = not exact.is_finite() or max(abs(exact.adjusted()), len(number)) > MOST_DIGITS
    return str(number) if too_long else format(exact, "f")


def compact(value: Any) -> str:
    """JSON text of a parsed value, with the numbers as they were written."""
    if isinstance(value, dict):
        parts = (f"{json.dumps(k, ensure_ascii=False)}:{compact(v)}" for k, v in value.items())
        return "{" + ",".join(parts) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(compact, value)) + "]"
    if isinstance(value, Number):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def columns(
    rows: Sequence[Any], fields: Mapping[str, str] | None, charset: str
) -> tuple[dict[str, pa.Array], dict[int, tuple[str, bytes]], frozenset[str]]:
    """Columns by field name, defects by row, and the fields that at least one row has.

    `fields`: field name → path; None: every member that a row has, in the order of their first appearance.
    """
    if fields is None:
        members = list(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row))
        ways: dict[str, tuple[str, ...]] = {
            name: (member,) for name, member in zip(field_names(members), members, strict=True)
        }
    else:
        ways = {name: steps(path) for name, path in fields.items()}
    defects = {
        place: ("damaged_row", _bytes(row, charset))
        for place, row in enumerate(rows)
        if not isinstance(row, dict)
    }
    found, present = {}, set()
    for name, way in ways.items():
        values = [at(row, way) for row in rows]
        if any(value is not MISSING for value in values):
            present.add(name)
        found[name], bad = _array(map(text_of, values))
        defects |= {place: ("illegal_bytes", _bytes(rows[place], charset)) for place in bad}
    return found, defects, frozenset(present)


def _array(texts: Iterable[str | None]) -> tuple[pa.Array, list[int]]:
    """The column, and the rows whose text no database can hold; U+FFFD stands for what they cannot say."""
    values = list(texts)
    try:
        column = pa.array(values, pa.string())
        bad = pc.indices_nonzero(pc.match_substring(column, "\0").fill_null(False)).to_pylist()
    except UnicodeEncodeError:
        bad = [place for place, value in enumerate(values) if value and _UNWRITABLE.search(value)]
    for place in bad:
        values[place] = _UNWRITABLE.sub(REPLACEMENT, values[place] or "")
    return (pa.array(values, pa.string()) if bad else column), bad


def _bytes(row: Any, charset: str) -> bytes:
    text = compact(row)
    try:
        return text.encode(charset, "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
