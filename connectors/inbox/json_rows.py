"""JSON bodies: an array of objects, or `{"rows": [...]}` and nothing beside it.

Elements are parsed one by one. Nothing is rounded or lost: a number is its own text, a nested value is JSON text, and
what JSON readers like to swallow is an error: a key that stands twice in one object, NaN and Infinity.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow as pa

from connectors.inbox.malformed import Malformed
from connectors.tables import Defects, deleted_mask, field_names, source_table
from hub.core.privacy import mask_message
from hub.core.specs import Deleted

SLICE_ROWS = 5_000
"""Rows that are Python objects at the same time."""
MAX_FIELDS = 2_000
"""A body in which every row has fields of its own names would be as wide as it is long."""

_BLANK = re.compile(r"[ \t\n\r]*")
_WRAPPER = re.compile(r'\{[ \t\n\r]*"rows"[ \t\n\r]*:[ \t\n\r]*')

Element = tuple[dict[str, Any], int, int]
"""A row object and where it begins and ends in the text."""


class _Number(str):
    """A JSON number as it was written."""

    __slots__ = ()


class _Unacceptable(ValueError):
    """Valid for lenient readers only; the message says why."""


def tables(
    text: str, name: str, fields: tuple[str, ...], deleted: Deleted | None, charset: str
) -> Iterator[pa.Table]:
    """The rows in order, SLICE_ROWS at a time, all fields as text; `_row` counts from 1.

    Every table has the fields of all rows: one that the first rows leave out is no missing column. A row with a NUL or half a surrogate pair, which no database takes, has its fields null and the defect
    `illegal_bytes`. Raises Malformed with line and column, before the first table.
    """
    keys = _keys(text, fields)
    elements = _elements(text)
    suspicious = "\\u" in text
    first = 1
    while chunk := list(islice(elements, SLICE_ROWS)):
        yield _table(text, chunk, name, first, keys, deleted, charset if suspicious else None)
        first += len(chunk)


def _keys(text: str, fields: tuple[str, ...]) -> list[str]:
    """The names of all fields, in the order of their coming, after those that are declared."""
    keys = dict.fromkeys(fields)
    for row, _, _ in _elements(text):
        keys.update(dict.fromkeys(row))
        if len(keys) > MAX_FIELDS:
            raise Malformed(f"its rows have more than {MAX_FIELDS} different fields")
    if not all(map(_storable, keys)):
        raise Malformed("a field's name holds NUL or half a surrogate pair")
    return list(keys)


def _table(
    text: str,
    chunk: list[Element],
    name: str,
    first: int,
    keys: list[str],
    deleted: Deleted | None,
    suspicious: str | None,
) -> pa.Table:
    rows = [row for row, _, _ in chunk]
    defects: Defects = {}
    if suspicious:
        defects = {
            at: ("illegal_bytes", text[begin:end].encode(suspicious))
            for at, (row, begin, end) in enumerate(chunk)
            if not all(map(_storable, row.values()))
        }
        rows = [{} if at in defects else row for at, row in enumerate(rows)]
    names = field_names(keys)
    columns = {
        column: pa.array([row.get(key) for row in rows], pa.string())
        for column, key in zip(names, keys, strict=True)
    }
    return source_table(
        name, columns, range(first, first + len(rows)),
        deleted=deleted_mask(columns, deleted, name), defects=defects,
    )  # fmt: skip


def _storable(value: str | None) -> bool:
    if value is None:
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


def _elements(text: str) -> Iterator[Element]:
    decoder = json.JSONDecoder(
        object_pairs_hook=_object, parse_int=_Number, parse_float=_Number,
        parse_constant=_refuse_constant,
    )  # fmt: skip
    at = _blank(text, 0)
    wrapped = _WRAPPER.match(text, at)
    at = _blank(text, _expect(text, wrapped.end() if wrapped else at, "["))
    while text[at : at + 1] != "]":
        value, end = _one(decoder, text, at)
        if type(value) is not dict:
            raise _malformed(text, at, "a row must be an object")
        yield value, at, end
        at = _blank(text, end)
        if text[at : at + 1] != "]":
            at = _blank(text, _expect(text, at, ","))
            if text[at : at + 1] == "]":
                raise _malformed(text, at, "a row is expected after ','")
    at = _blank(text, at + 1)
    if wrapped:
        at = _blank(text, _expect(text, at, "}"))
    if at != len(text):
        raise _malformed(text, at, "the end is expected")


def _one(decoder: json.JSONDecoder, text: str, at: int) -> tuple[Any, int]:
    """The row at that place, its values as text."""
    try:
        value, end = decoder.raw_decode(text, at)
        if type(value) is dict:
            value = {key: _as_text(one) for key, one in value.items()}
    except json.JSONDecodeError as failure:
        raise Malformed(failure.msg, failure.lineno, failure.colno) from None
    except _Unacceptable as failure:
        raise _malformed(text, at, str(failure)) from None
    except RecursionError:
        raise _malformed(text, at, "it is nested too deeply") from None
    return value, end


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return _written(value)


def _written(value: Any) -> str:
    """A value as JSON again, numbers as they came."""
    if isinstance(value, _Number):
        return value
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, dict):
        pairs = (f"{_written(key)}: {_written(one)}" for key, one in value.items())
        return f"{{{', '.join(pairs)}}}"
    return json.dumps(value, ensure_ascii=False)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _Unacceptable(f"the key {mask_message(twice)!r} stands twice in one object")
    return found


def _refuse_constant(name: str) -> Any:
    raise _Unacceptable(f"{name} is no JSON number")


def _blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _expect(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        what = f"'{mark}' is expected"
        if mark == "[":
            what += ': the body must be [...] or {"rows": [...]}'
        raise _malformed(text, at, what)
    return at + 1


def _malformed(text: str, at: int, what: str) -> Malformed:
    line_start = text.rfind("\n", 0, at) + 1
    return Malformed(what, text.count("\n", 0, at) + 1, at - line_start + 1)
