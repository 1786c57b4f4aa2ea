"""Format `dbf`: dBase III and IV, FoxPro and Visual FoxPro tables, with their memo files.

Records have a fixed width, so columns are cut out of the bytes with Arrow kernels, and each distinct value is
decoded once. Character fields keep their padding; numbers, dates and logicals come as text as they are held, dates
in ISO form; what is empty in these types is null. Deleted records are delivered with `_deleted`. A record with
bytes that are not of the declared charset is `illegal_bytes`, one with a broken mark or memo is `damaged_row`.

Layout: https://www.dbf2002.com/dbf-file-format.html (header, field descriptors, memo blocks).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from connectors.files.dbf_fields import NUMBERS, TEXTS, decoded, where
from connectors.files.dbf_memo import Memo, memo_texts, no_memo, open_memo
from connectors.files.file_settings import FileSettings
from connectors.files.settings import DbfSettings
from connectors.files.slices import Slice
from connectors.tables import field_names, source_table
from hub.core.batches import CHUNK_ROWS
from hub.core.errors import SourceRefused

HEADER, DESCRIPTOR = 32, 32
END_OF_FIELDS, END_OF_FILE = b"\r", b"\x1a"
DBASE7 = {0x04, 0x8C}


@dataclass(frozen=True, slots=True)
class Field:
    """One field descriptor: name, type letter, place in the record, decimals."""

    name: str
    kind: str
    start: int
    width: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What the header of a table says."""

    version: int
    records: int
    header_width: int
    record_width: int
    fields: tuple[Field, ...]


def read(path: Path, name: str, settings: FileSettings) -> Iterator[Slice]:
    """The records of a table; `_row` counts all records from 1, deleted ones included.

    Raises SourceRefused when the file is no such table, is cut short, or lacks its memo file.
    """
    assert isinstance(settings, DbfSettings)
    with ExitStack() as files:
        handle = files.enter_context(path.open("rb"))
        layout = read_layout(handle, path, settings.charset)
        has_memos = any(field.kind == "M" for field in layout.fields)
        memo = open_memo(path, layout.version, files) if has_memos else None
        handle.seek(layout.header_width)
        for first in range(0, layout.records or 1, CHUNK_ROWS):
            rows = min(CHUNK_ROWS, layout.records - first)
            data = handle.read(rows * layout.record_width)
            yield Slice(name, _table(data, rows, first, name, layout, memo, settings.charset))


def read_layout(handle: BinaryIO, path: Path, charset: str) -> Layout:
    """Read the header and check it against the size of the file. Raises SourceRefused."""
    head = handle.read(HEADER)
    if len(head) < HEADER or head[0] in DBASE7:
        raise SourceRefused("is no dBase III, dBase IV or FoxPro table", where=str(path))
    records, header_width, record_width = struct.unpack_from("<IHH", head, 4)
    fields = tuple(_fields(handle.read(max(header_width - HEADER, 0)), path, charset))
    if not fields or fields[-1].start + fields[-1].width > record_width:
        raise SourceRefused("the header's fields do not fit its record width", where=str(path))
    layout = Layout(head[0], records, header_width, record_width, fields)
    _check_size(handle, layout, path)
    return layout


def _fields(area: bytes, path: Path, charset: str) -> Iterator[Field]:
    descriptors = list(
        takewhile(
            lambda one: len(one) == DESCRIPTOR and not one.startswith(END_OF_FIELDS),
            (area[at : at + DESCRIPTOR] for at in range(0, len(area), DESCRIPTOR)),
        )
    )
    given = [one[:11].split(b"\0")[0].decode(charset, "replace") for one in descriptors]
    start = 1
    for name, one in zip(field_names(given), descriptors, strict=True):
        kind, width = chr(one[11]), one[16]
        if kind == "C":
            width += one[17] << 8
        if kind != "0":  # Visual FoxPro's hidden column of null flags
            if (kind not in TEXTS and kind not in NUMBERS) or (kind, width) == ("B", 10):
                raise SourceRefused(
                    f"field {name} is of type {kind}, which holds no text", where=str(path),
                    remedy="ask for an export without it",
                )  # fmt: skip
            yield Field(name, kind, start, width)
        start += width


def _check_size(handle: BinaryIO, layout: Layout, path: Path) -> None:
    end = layout.header_width + layout.records * layout.record_width
    size = handle.seek(0, 2)
    if size < end:
        raise SourceRefused(
            f"the header counts {layout.records} records, the file ends within record "
            f"{(size - layout.header_width) // layout.record_width + 1}",
            where=str(path), remedy="copy the file again when nobody writes to it",
        )  # fmt: skip
    handle.seek(end)
    beyond = handle.read(1)
    if beyond in (b" ", b"*") and size - end >= layout.record_width:
        raise SourceRefused(
            f"records follow after the {layout.records} that the header counts", where=str(path),
            remedy="have the table repaired (in FoxPro: PACK), then copy it again",
        )  # fmt: skip


def _table(
    data: bytes, rows: int, first: int, name: str, layout: Layout, memo: Memo | None, charset: str
) -> pa.Table:
    records = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(layout.record_width), rows, [None, pa.py_buffer(data)]
    )
    marks = pc.binary_slice(records, 0, 1).cast(pa.binary())
    damaged = set(where(pc.invert(pc.is_in(marks, pa.array([b" ", b"*"])))))
    illegal: set[int] = set()
    columns: dict[str, Any] = {}
    for field in layout.fields:
        held = pc.binary_slice(records, field.start, field.start + field.width)
        if field.kind in NUMBERS:
            columns[field.name] = NUMBERS[field.kind](held)
            continue
        if field.kind == "M":
            held, lost = memo_texts(held, memo or no_memo)
            damaged.update(lost)
        texts, bad = decoded(held.cast(pa.binary()), charset)
        columns[field.name] = TEXTS[field.kind](texts)
        illegal.update(bad)
    reasons = dict.fromkeys(damaged, "damaged_row") | dict.fromkeys(illegal, "illegal_bytes")
    width = layout.record_width
    return source_table(
        name, columns, pa.array(range(first + 1, first + rows + 1), pa.int64()),
        deleted=pc.equal(marks, b"*"),
        defects={at: (why, data[at * width : (at + 1) * width]) for at, why in reasons.items()},
    )  # fmt: skip
