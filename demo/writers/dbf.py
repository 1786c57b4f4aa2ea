"""A FoxPro 2.x table and its memo file, byte by byte.

Layout after Microsoft's "Table File Structure" and "Memo File Structure": version byte, date of last update, record
count, lengths; 32 bytes per field; fixed-width records led by a deletion flag. Text is GB18030; the language driver
byte (29) stays 0x00: the file does not say what its bytes mean.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import TracebackType

CHARSET = "gb18030"
WITHOUT_MEMO, FOXPRO_WITH_MEMO = 0x03, 0xF5
MEMO_BLOCK = 64
END_OF_HEADER, END_OF_FILE = b"\r", b"\x1a"

Value = str | date | Decimal | int | None


@dataclass(frozen=True, slots=True)
class Field:
    """One column: type C, D, N or M; its width in bytes."""

    name: str
    type: str
    width: int
    decimals: int = 0

    @property
    def descriptor(self) -> bytes:
        """The 32 bytes that describe the field, without its offset."""
        return struct.pack(
            "<11sc4xBB14x", self.name.encode("ascii"), self.type.encode(), self.width, self.decimals
        )


def fields(layout: str) -> tuple[Field, ...]:
    """Fields as FoxPro people write them: 'AJBH C24, SFJE N10.2'."""
    parsed = []
    for name, shape in (part.split() for part in layout.split(",")):
        width, _, decimals = shape[1:].partition(".")
        parsed.append(Field(name, shape[0], int(width), int(decimals or 0)))
    return tuple(parsed)


class DbfWriter:
    """Writes `<path>.DBF`, and `<path>.FPT` when a field is a memo. `changed_on` is the date in the header."""

    def __init__(self, path: Path, fields: Sequence[Field], changed_on: date) -> None:
        self.fields = tuple(fields)
        self.changed_on = changed_on
        self.count = 0
        self._memo = any(field.type == "M" for field in self.fields)
        self._next_block = 512 // MEMO_BLOCK
        self._table = path.open("wb")
        self._memos = path.with_suffix(".FPT").open("wb") if self._memo else None
        self._table.write(self._header())
        if self._memos:
            self._memos.write(bytes(512))

    def write(self, values: Sequence[Value], *, deleted: bool = False) -> int:
        """Append one record; returns its number, from 1. Raises ValueError when a value does not fit its field."""
        cells = [self._cell(field, value) for field, value in zip(self.fields, values, strict=True)]
        self._table.write((b"*" if deleted else b" ") + b"".join(cells))
        self.count += 1
        return self.count

    def close(self) -> None:
        """Write the record count and the end marks."""
        self._table.write(END_OF_FILE)
        self._table.seek(0)
        self._table.write(self._header())
        self._table.close()
        if self._memos:
            self._memos.seek(0)
            self._memos.write(struct.pack(">LHH", self._next_block, 0, MEMO_BLOCK))
            self._memos.close()

    def __enter__(self) -> DbfWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _header(self) -> bytes:
        head = struct.pack(
            "<BBBBLHH20x",
            FOXPRO_WITH_MEMO if self._memo else WITHOUT_MEMO,
            self.changed_on.year % 100,
            self.changed_on.month,
            self.changed_on.day,
            self.count,
            32 + 32 * len(self.fields) + 1,
            1 + sum(field.width for field in self.fields),
        )
        return head + b"".join(field.descriptor for field in self.fields) + END_OF_HEADER

    def _cell(self, field: Field, value: Value) -> bytes:
        if value is None or value == "":
            return b" " * field.width
        match field.type:
            case "M":
                return b"%10d" % self._store(str(value).encode(CHARSET))
            case "D":
                cell = (
                    value.strftime("%Y%m%d") if isinstance(value, date) else str(value)
                ).encode()
            case "N":
                number = value if isinstance(value, str) else f"{value:.{field.decimals}f}"
                cell = number.rjust(field.width).encode()
            case _:
                cell = str(value).encode(CHARSET).ljust(field.width)
        if len(cell) != field.width:
            raise ValueError(
                f"field {field.name} holds {field.width} bytes, the value has {len(cell)}"
            )
        return cell

    def _store(self, text: bytes) -> int:
        assert self._memos is not None
        block = self._next_block
        size = 8 + len(text)
        blocks = -(-size // MEMO_BLOCK)
        self._memos.write(
            struct.pack(">LL", 1, len(text)) + text + bytes(blocks * MEMO_BLOCK - size)
        )
        self._next_block += blocks
        return block
