"""Format `jsonl`: one JSON object per line.

Values come as text: strings as they are, numbers with the digits that the file has, true and false, and inner objects
and lists as JSON. What is null or not there is null. A line that is no JSON object, or names a key twice in one
object, is a `damaged_row`; one with bytes that are not of the charset, or with characters that no text may hold
(NUL, half of a surrogate pair), is `illegal_bytes`. Blank lines and the DOS end mark (0x1A) are furniture.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from connectors.files.file_settings import FileSettings
from connectors.files.lines import BLANK, blocks
from connectors.files.settings import JsonLinesSettings
from connectors.files.slices import Slice
from connectors.tables import source_table

Steps = tuple[str, ...]
Values = list[str | None]
DAMAGED, ILLEGAL = "damaged_row", "illegal_bytes"


class _Number(str):
    """A number as it is written."""


def read(path: Path, name: str, settings: FileSettings) -> Iterator[Slice]:
    """The objects of a file; `_row` is the line's number."""
    assert isinstance(settings, JsonLinesSettings)
    ways = [steps(pointer) for pointer in settings.fields.values()]
    empty = True
    for first, block in blocks(path):
        empty = False
        yield _slice(block, first, name, settings, ways)
    if empty:
        yield _slice([], 1, name, settings, ways)


def steps(pointer: str) -> Steps:
    """The steps of `a.b.0`, or of the JSON pointer `/a/b/0`."""
    if not pointer.startswith("/"):
        return tuple(pointer.split("."))
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/"))


def _slice(
    block: list[bytes], first: int, name: str, settings: JsonLinesSettings, ways: Sequence[Steps]
) -> Slice:
    rows: list[int] = []
    records: list[Values] = []
    marks: list[tuple[int, str]] = []
    defects: dict[int, tuple[str, bytes]] = {}
    for number, line in enumerate(block, first):
        raw = line.strip(b" \t\r\n")
        if raw in BLANK:
            marks.append((number, "end_mark" if raw else "blank"))
            continue
        values, defect = _values(raw, settings.charset, ways)
        if defect:
            defects[len(rows)] = (defect, line.rstrip(b"\r\n"))
        rows.append(number)
        records.append(values)
    columns = zip(*records, strict=True) if records else [()] * len(ways)
    fields = dict(zip(settings.fields, columns, strict=True))
    return Slice(name, source_table(name, fields, rows, defects=defects), tuple(marks))


def _values(raw: bytes, charset: str, ways: Sequence[Steps]) -> tuple[Values, str | None]:
    """The fields of a line, all null where it has a defect, and that."""
    nothing: Values = [None] * len(ways)
    try:
        text = raw.decode(charset)
    except UnicodeDecodeError:
        return nothing, ILLEGAL
    try:
        document = _DECODER.decode(text)
        if not isinstance(document, dict):
            return nothing, DAMAGED
        values = [
            _text(document.get(way[0]) if len(way) == 1 else _at(document, way)) for way in ways
        ]
    except (ValueError, RecursionError):
        return nothing, DAMAGED
    # Only an escape can stand for what no text may hold: the decoder refuses control characters.
    if "\\u" in text and not all(value is None or _storable(value) for value in values):
        return nothing, ILLEGAL
    return values, None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_Number, parse_float=_Number, parse_constant=_no_constant
)


def _at(document: Any, way: Steps) -> Any:
    for step in way:
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and step.isascii() and step.isdigit():
            at = int(step[:9])
            document = document[at] if at < len(document) else None
        else:
            return None
    return document


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return _json(value)


def _json(value: Any) -> str:
    """JSON with the numbers as they were written, which `json.dumps` would take for texts."""
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{_json(key)}: {_json(inner)}" for key, inner in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_json, value)) + "]"
    return str(value) if isinstance(value, _Number) else json.dumps(value, ensure_ascii=False)


def _storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
