"""Format `fixed`: lines whose fields stand at fixed positions, counted in bytes or in characters.

Fields keep their padding. A line that is not as long as the layout is a `damaged_row`: what follows a lost or doubled
byte would be cut at the wrong places; `trimmed` allows blanks to be missing at the end, and blanks beyond it are
always allowed. A line with bytes that are not of the charset is `illegal_bytes`; counted in bytes, also one whose fields
cut a character in two. Blank lines and the DOS end mark (0x1A) are furniture, and the declared header is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from connectors.files.dbf_fields import decoded, where
from connectors.files.file_settings import FileSettings
from connectors.files.lines import BLANK, blocks
from connectors.files.settings import FixedSettings
from connectors.files.slices import Slice
from connectors.tables import source_table

Cut = tuple[dict[str, pa.Array], set[int], pa.Array]
"""Columns, rows that hold illegal bytes, and the length of every row without the blanks at its end."""


def read(path: Path, name: str, settings: FileSettings) -> Iterator[Slice]:
    """The lines of a file; `_row` is the line's number."""
    assert isinstance(settings, FixedSettings)
    empty = True
    for first, block in blocks(path):
        empty = False
        yield _slice(block, first, name, settings)
    if empty:
        yield _slice([], 1, name, settings)


def _slice(block: list[bytes], first: int, name: str, settings: FixedSettings) -> Slice:
    bare = [line.rstrip(b"\r\n") for line in block]
    marks = {
        first + at: "end_mark" if line else "blank" for at, line in enumerate(bare) if line in BLANK
    }
    if settings.header and first == 1 and bare:
        marks[1] = "header"
    rows = [first + at for at in range(len(bare)) if first + at not in marks]
    records = [bare[row - first] for row in rows]
    columns, illegal, lengths = (_bytes if settings.unit == "bytes" else _characters)(
        records, settings
    )
    damaged = set(where(_misfits(records, lengths, settings)))
    reasons = dict.fromkeys(damaged, "damaged_row") | dict.fromkeys(illegal, "illegal_bytes")
    table = source_table(
        name, columns, rows, defects={at: (why, records[at]) for at, why in reasons.items()}
    )
    return Slice(name, table, tuple(sorted(marks.items())))


def _misfits(records: list[bytes], lengths: pa.Array, settings: FixedSettings) -> pa.Array:
    """Which lines are not as long as the layout; `lengths` counts them whole and without the blanks at the end."""
    width = max(end for _, end in settings.spans.values())
    beyond = pc.greater(lengths.field("written"), width)
    if settings.trimmed:
        return beyond
    return pc.or_(beyond, pc.less(lengths.field("whole"), width))


def _lengths(whole: pa.Array, written: pa.Array) -> pa.StructArray:
    return pa.StructArray.from_arrays(
        [whole.cast(pa.int64()), written.cast(pa.int64())], ["whole", "written"]
    )


def _bytes(records: list[bytes], settings: FixedSettings) -> Cut:
    held = pa.array(records, pa.binary())
    illegal = set(decoded(held, settings.charset)[1])
    columns = {}
    for field, (start, end) in settings.spans.items():
        columns[field], bad = decoded(pc.binary_slice(held, start, end), settings.charset)
        illegal.update(bad)
    written = pa.array([len(line.rstrip(b" ")) for line in records], pa.int64())
    return columns, illegal, _lengths(pc.binary_length(held), written)


def _characters(records: list[bytes], settings: FixedSettings) -> Cut:
    texts, bad = decoded(pa.array(records, pa.binary()), settings.charset)
    columns = {
        field: pc.utf8_slice_codeunits(texts, start, end)
        for field, (start, end) in settings.spans.items()
    }
    written = pc.utf8_length(pc.utf8_rtrim(texts, " "))
    return columns, set(bad), _lengths(pc.utf8_length(texts), written)
