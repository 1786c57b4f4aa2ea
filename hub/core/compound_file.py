"""The container of .xls workbooks, an OLE compound file ([MS-CFB]): a stream's sectors, chained through tables.

calamine follows any chain. One that leaves the file asks for memory up to where it points, one that comes back to itself
for all there is. So they are followed here first, where that is noticed.
"""

from __future__ import annotations

import struct

COMPOUND_FILE = bytes.fromhex("d0cf11e0a1b11ae1")
_END, _FREE = 0xFFFFFFFE, 0xFFFFFFFF
_ENTRY, _MINI, _SMALL = (
    128,
    64,
    4_096,
)  # bytes: of a directory entry, of a short sector, from where on sectors are long
_NAMES = tuple(name.encode("utf-16-le") + b"\0\0" for name in ("Workbook", "Book"))


class Damaged(ValueError):
    """A chain that leaves the file or does not end."""


def workbook_stream(data: bytes) -> bytes:
    """The workbook's records, b"" if there is no such stream. Raises Damaged."""
    try:
        return _stream(data)
    except struct.error:
        raise Damaged from None


def _stream(data: bytes) -> bytes:
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    if size not in (512, 4096):
        raise Damaged
    body = data[size:]
    # How many sectors hold the directory, the table, the short table and the table's continuation: room is made for them.
    if any(struct.unpack_from("<I", data, at)[0] > len(data) // size for at in (40, 44, 64, 72)):
        raise Damaged
    (directory_at,) = struct.unpack_from("<I", data, 48)
    short_at, shorts, more_at = struct.unpack_from("<III", data, 60)
    fat = _numbers(b"".join(_sector(body, at, size) for at in _tables(data, body, more_at, size)))
    directory = _chained(body, directory_at, fat, size)
    entries = [directory[at : at + _ENTRY] for at in range(0, len(directory) - _ENTRY + 1, _ENTRY)]
    short_body, short_table = b"", list[int]()
    if shorts and entries:
        short_body = _chained(body, struct.unpack_from("<I", entries[0], 116)[0], fat, size)
        short_table = _numbers(_chained(body, short_at, fat, size))
    for entry in entries:
        if entry.startswith(_NAMES):
            begin, length = struct.unpack_from("<II", entry, 116)
            if length > len(data):
                raise Damaged
            if length < _SMALL:
                return _chained(short_body, begin, short_table, _MINI)
            return _chained(body, begin, fat, size)
    return b""


def _tables(data: bytes, body: bytes, more_at: int, size: int) -> list[int]:
    """The sectors that hold the table of chains: 109 in the header, further ones in a chain of their own."""
    found = list(struct.unpack_from("<109I", data, 76))
    for _ in range(len(body) // size + 1):
        if more_at in (_END, _FREE):
            return [at for at in found if at != _FREE]
        *more, more_at = _numbers(_sector(body, more_at, size))
        found += more
    raise Damaged


def _chained(body: bytes, at: int, table: list[int], size: int) -> bytes:
    parts: list[bytes] = []
    while at != _END:
        if at >= len(table) or len(parts) > len(body) // size:
            raise Damaged
        parts.append(_sector(body, at, size))
        at = table[at]
    return b"".join(parts)


def _sector(body: bytes, at: int, size: int) -> bytes:
    if at * size >= len(body):
        raise Damaged
    return body[at * size : (at + 1) * size]


def _numbers(table: bytes) -> list[int]:
    return list(struct.unpack_from(f"<{len(table) // 4}I", table))
