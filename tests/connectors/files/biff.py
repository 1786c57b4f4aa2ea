"""Legacy workbooks (.xls), written record by record: there is no library left that writes them."""

from __future__ import annotations

import struct

SECTOR = 512
FREE, END, FAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
BIFF5, BIFF8 = 0x0500, 0x0600


def workbook(rows: list[list[str | float]], version: int = BIFF8, sheet: str = "Sheet1") -> bytes:
    """A workbook of one sheet. BIFF5 (Excel 5.0, 95) holds GBK bytes under code page 936, BIFF8 Unicode."""
    name = _text(sheet, version, "B")
    codepage = _record(0x42, struct.pack("<H", 936 if version == BIFF5 else 1200))
    start = len(_begin(version, 5) + codepage) + 4 + 6 + len(name) + 4
    stream = _begin(version, 5) + codepage
    stream += _record(0x85, struct.pack("<IH", start, 0) + name) + _record(0x0A, b"")
    stream += _begin(version, 0x10)
    for at, cells in enumerate(rows):
        for column, value in enumerate(cells):
            place = struct.pack("<HHH", at, column, 0)
            if isinstance(value, str):
                stream += _record(0x0204, place + _text(value, version, "H"))
            else:
                stream += _record(0x0203, place + struct.pack("<d", value))
    return compound("Book" if version == BIFF5 else "Workbook", stream + _record(0x0A, b""))


def _begin(version: int, kind: int) -> bytes:
    return _record(
        0x0809,
        struct.pack("<HHHHII", version, kind, 0, 1997, 0, 6)[: 8 if version == BIFF5 else 16],
    )


def _text(text: str, version: int, count: str) -> bytes:
    if version == BIFF5:
        raw = text.encode("gbk")
        return struct.pack(f"<{count}", len(raw)) + raw
    return struct.pack(f"<{count}B", len(text), 1) + text.encode("utf-16-le")


def _record(number: int, data: bytes) -> bytes:
    return struct.pack("<HH", number, len(data)) + data


def compound(name: str, stream: bytes) -> bytes:
    """An OLE2 compound file with one stream: header, FAT, directory, the stream's sectors."""
    stream = stream.ljust(-(-max(len(stream), 4096) // SECTOR) * SECTOR, b"\0")
    count = len(stream) // SECTOR
    fat = [FAT_SECTOR, END, *range(3, 2 + count), END]
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIIII", bytes.fromhex("d0cf11e0a1b11ae1"), 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096,
        END, 0, END, 0, 0,
    ).ljust(SECTOR, b"\xff")  # fmt: skip
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(SECTOR, b"\xff")
    entries = _entry("Root Entry", 5, END, 0, child=1) + _entry(name, 2, 2, len(stream))
    return header + table + entries.ljust(SECTOR, b"\0") + stream


def _entry(name: str, kind: int, start: int, size: int, child: int = FREE) -> bytes:
    raw = name.encode("utf-16-le") + b"\0\0"
    return raw.ljust(64, b"\0") + struct.pack(
        "<HBBIII16xI8x8xIQ", len(raw), kind, 1, FREE, FREE, child, 0, start, size
    )
