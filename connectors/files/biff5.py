"""Workbooks of Excel 5.0 and 95 (BIFF5), whose texts are bytes of a charset.

calamine decodes only charsets of one byte per character, and makes U+FFFD of all others. So it is told that the texts are
Windows-1252, in which each byte is one character, and the characters are turned back into bytes here.
"""

from __future__ import annotations

import codecs
import re
import struct
from pathlib import Path

import polars as pl

from hub.core.compound_file import COMPOUND_FILE
from hub.core.errors import SourceRefused

_BEGIN = re.compile(rb"\x09\x08\x08\x00\x00\x05\x05\x00", re.DOTALL)
"""The record that begins the globals of a BIFF5 workbook."""
CODE_PAGE, NEAR = b"\x42\x00\x02\x00", 4_096
ONE_BYTE = struct.pack("<H", 1252)


def _character(byte: int) -> str:
    # Where Windows-1252 has a gap, the web's reading of it, and calamine's, is the control character.
    return bytes([byte]).decode("cp1252", "replace").replace("\ufffd", chr(byte))


_BYTES = {ord(_character(byte)): byte for byte in range(256)}


def one_byte_texts(data: bytes) -> bytes | None:
    """The workbook with texts declared as Windows-1252; None if it is no BIFF5."""
    begin = _BEGIN.search(data) if data.startswith(COMPOUND_FILE) else None
    if begin is None:
        return None
    at = data.find(CODE_PAGE, begin.end(), begin.end() + NEAR)
    if at < 0:
        return data
    value = at + len(CODE_PAGE)
    return data[:value] + ONE_BYTE + data[value + len(ONE_BYTE) :]


def text(shown: str, charset: str, path: Path) -> str:
    """What a text is in its charset. Raises SourceRefused if it is none."""
    try:
        return codecs.charmap_encode(shown, "strict", _BYTES)[0].decode(charset)
    except UnicodeError:
        raise SourceRefused(
            f"texts of this workbook of Excel 95 are not {charset}", where=str(path),
            remedy="correct 'charset' in source.yml, or open it in Excel and save it as .xlsx",
        ) from None  # fmt: skip


def texts(cells: pl.DataFrame, charset: str, path: Path) -> pl.DataFrame:
    """The same for all cells of a sheet."""
    return cells.with_columns(
        series.replace(
            foreign := [one for one in series.drop_nulls().unique() if not one.isascii()],
            [text(one, charset, path) for one in foreign],
        )
        for series in cells
    )
