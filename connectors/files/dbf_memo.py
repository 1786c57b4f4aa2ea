"""Memo files of DBF tables: FoxPro (.fpt), dBase III and dBase IV (.dbt)."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

import pyarrow as pa

from connectors.files.content import bare, is_memo
from hub.core.errors import SourceRefused

DBASE3 = 0x83
DBASE3_BLOCK = 512
END_OF_MEMO = b"\x1a"
HEAD = 8

Memo = Callable[[int], bytes | None]
"""Block number → the memo's bytes; None when the file holds no memo there."""


def no_memo(block: int) -> bytes | None:
    """The memo of a table without a memo file."""
    return None


def memo_files(table: Path) -> list[Path]:
    """The memo files beside a table."""
    found = (path for path in table.parent.iterdir() if is_memo(PurePosixPath(path)))
    return sorted(path for path in found if bare(PurePosixPath(path)) == bare(PurePosixPath(table)))


def open_memo(table: Path, version: int, files: ExitStack) -> Memo:
    """Map the memo file of a table into memory, until `files` is closed.

    Raises SourceRefused when there is none beside the table.
    """
    beside = memo_files(table)
    if not beside:
        raise SourceRefused(
            "the table has memo fields, but its memo file is not beside it", where=str(table),
            remedy=f"ask for {table.stem}.fpt (FoxPro) or {table.stem}.dbt (dBase) as well",
        )  # fmt: skip
    handle = files.enter_context(beside[0].open("rb"))
    if beside[0].stat().st_size <= HEAD:
        return no_memo
    data = files.enter_context(mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ))
    if beside[0].suffix.lower() == ".fpt":
        return _foxpro(data)
    return _dbase3(data) if version == DBASE3 else _dbase4(data)


def _foxpro(data: mmap.mmap) -> Memo:
    block_size = struct.unpack_from(">H", data, 6)[0] or 1

    def memo(block: int) -> bytes | None:
        at = block * block_size + HEAD
        if at > len(data):
            return None
        length = struct.unpack_from(">I", data, at - 4)[0]
        return data[at : at + length] if at + length <= len(data) else None

    return memo


def _dbase4(data: mmap.mmap) -> Memo:
    block_size = struct.unpack_from("<H", data, 20)[0] or DBASE3_BLOCK

    def memo(block: int) -> bytes | None:
        at = block * block_size
        if at + HEAD > len(data):
            return None
        length = struct.unpack_from("<I", data, at + 4)[0]  # counts its own head
        return data[at + HEAD : at + length] if HEAD <= length <= len(data) - at else None

    return memo


def _dbase3(data: mmap.mmap) -> Memo:
    def memo(block: int) -> bytes | None:
        end = data.find(END_OF_MEMO, block * DBASE3_BLOCK)
        return data[block * DBASE3_BLOCK : end] if end >= 0 else None

    return memo


def memo_texts(pointers: pa.Array, memo: Memo) -> tuple[pa.Array, list[int]]:
    """The memos of a column of block numbers, and the rows whose memo is not in the file.

    A pointer is a little-endian number (4 bytes, Visual FoxPro) or ten digits; none and zero mean no memo.
    """
    texts: list[bytes | None] = []
    lost: list[int] = []
    for row, pointer in enumerate(pointers.to_pylist()):
        block = _block_number(pointer)
        text = memo(block) if block else None
        if block and text is None:
            lost.append(row)
        texts.append(text)
    return pa.array(texts, pa.binary()), lost


def _block_number(pointer: bytes) -> int:
    if len(pointer) == 4:
        return int.from_bytes(pointer, "little")
    digits = pointer.strip(b" \0")
    return int(digits) if digits.isdigit() else 0
