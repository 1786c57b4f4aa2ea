"""Opening workbooks, and how far their sheets reach before they are read.

calamine lays a sheet out as one rectangle, blank cells included. One forgotten cell at the far end of a sheet, which
people do leave behind, asks for gigabytes and ends the process.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING

from hub.core.compound_file import COMPOUND_FILE, Damaged, workbook_stream
from hub.core.errors import SourceRefused, SpecError

if TYPE_CHECKING:
    from fastexcel import ExcelReader

MOST_CELLS = 40_000_000
MOST_BYTES = 2 << 30
BLOCK = 1 << 20
OLD_ROWS, OLD_COLUMNS = 65_536, 256
"""No sheet of an .xls reaches farther: a cell that says so is damaged."""
_ROW = re.compile(rb"""[<:]row\b[^>]*?\br=["'](\d{1,9})["']""")
_COLUMN = re.compile(rb"""[<:]c\b[^>]*?\br=["']([A-Za-z]{1,7})\d""")


def check_extent(data: bytes, path: Path) -> None:
    """Raise SourceRefused if a sheet is too large to be laid out, or the workbook swells beyond measure."""
    if data.startswith(COMPOUND_FILE):
        try:
            rows, columns = _old_extent(workbook_stream(data))
        except Damaged:
            raise SourceRefused(
                "the workbook is damaged: its parts do not follow each other", where=str(path),
                remedy="open it in Excel and save it as .xlsx, or ask the department for another copy",
            ) from None  # fmt: skip
        if rows > OLD_ROWS or columns > OLD_COLUMNS:
            raise _too_large(f"a sheet reaches to row {rows}, column {columns}", path)
    if not data.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            if sum(part.file_size for part in parts.infolist()) > MOST_BYTES:
                raise _too_large("the workbook unpacks to more than 2 GB", path)
            for part in parts.infolist():
                if "worksheets/" in part.filename and part.filename.endswith(".xml"):
                    with parts.open(part) as sheet:
                        rows, columns = _extent(sheet)
                    if rows * columns > MOST_CELLS:
                        raise _too_large(f"a sheet reaches to row {rows}, column {columns}", path)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ):
        return  # calamine says what is wrong with it


def opened(path: Path, remedy: str) -> ExcelReader:
    """A workbook that we gave out and that came back. Raises SpecError with that remedy if it is none, SourceRefused if
    it is too large."""
    import fastexcel

    try:
        data = path.read_bytes()
        check_extent(data, path)
        return fastexcel.read_excel(data)
    except (fastexcel.FastExcelError, OSError) as failure:
        what = f"无法作为工作簿读取 cannot be read as a workbook ({str(failure).splitlines()[0]})"
        raise SpecError(what, file=path, remedy=remedy) from None


# Records of an .xls ([MS-XLS] 2.3): those that begin with a cell's row and column, the extent that a sheet declares, where it begins.
_CELLS = frozenset((0x06, 0xBD, 0xBE, 0xD6, 0xFD, 0x201, 0x203, 0x204, 0x205, 0x27E))
_DIMENSIONS = {10: "<HHHH", 14: "<IIHH"}
_SHEET, _END = 0x85, 0x0A


def _old_extent(stream: bytes) -> tuple[int, int]:
    """How far the cells of an .xls reach: of all its records, one after the other, and of those where a sheet is said to begin."""
    rows = columns = 0
    begins = [0]
    for begin in begins:
        at = begin
        while at + 8 <= len(stream):
            number, length, row, column = struct.unpack_from("<HHHH", stream, at)
            if number in _CELLS and length >= 4:
                rows, columns = max(rows, row + 1), max(columns, column + 1)
            elif number == 0x200 and length in _DIMENSIONS and at + 4 + length <= len(stream):
                _, below, _, right = struct.unpack_from(_DIMENSIONS[length], stream, at + 4)
                rows, columns = max(rows, below), max(columns, right)
            elif number == _SHEET and not begin:
                begins.append(row + (column << 16))
            elif number == _END and begin:
                break
            at += 4 + length
    return rows, columns


def _extent(sheet: IO[bytes]) -> tuple[int, int]:
    rows, rest = 0, b""
    names: set[bytes] = set()
    while fresh := sheet.read(BLOCK):
        block = rest + fresh
        cut = block.rfind(b"<") if len(fresh) == BLOCK else len(block)
        rest = block[cut:][-BLOCK:]
        rows = max(rows, *map(int, _ROW.findall(block, 0, cut)), 0)
        names.update(_COLUMN.findall(block, 0, cut))
    return rows, max(map(_number, names), default=0)


def _number(letters: bytes) -> int:
    """A → 1, Z → 26, AA → 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _too_large(what: str, path: Path) -> SourceRefused:
    return SourceRefused(
        what, where=str(path),
        remedy="delete what stands far from the data (Ctrl+End leads there), then save it again",
    )  # fmt: skip
