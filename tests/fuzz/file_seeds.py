"""One small valid file of each format with its settings: where fuzzing of the file readers begins."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from connectors.files import archives
from connectors.files.file_settings import FileSettings
from connectors.files.settings import FORMATS
from connectors.files.slices import Slice
from hub.core.batches import CHUNK_ROWS, ROW
from tests.connectors.files import biff


@dataclass(frozen=True)
class Kind:
    """A format as declared, and a valid file of it."""

    settings: FileSettings
    suffix: str
    seed: bytes
    by_lines: bool = False
    """Every line is a row or furniture."""


def _kind(suffix: str, seed: bytes, by_lines: bool = False, **settings: Any) -> Kind:
    model = FORMATS[settings["format"]]
    return Kind(model.model_validate({"files": "*"} | settings), suffix, seed, by_lines)


def dbf(values: list[str]) -> bytes:
    """A table of one character field of 10 bytes."""
    field = struct.pack("<11sc4xBB14x", b"XM", b"C", 10, 0)
    body = b"".join(b" " + value.encode("gb18030").ljust(10) for value in values)
    return (
        struct.pack("<BBBBIHH20x", 3, 112, 3, 5, len(values), 65, 11)
        + field
        + b"\r"
        + body
        + b"\x1a"
    )


def packed(members: dict[str, bytes]) -> bytes:
    """An archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target.getvalue()


TEXT = '编号|姓名\n1|张三\n2|"李|四"\n3|"王\n五"\n\n4|x\n'.encode("gb18030")
XML = (
    '<?xml version="1.0" encoding="GBK"?><P><Head><No>1</No></Head><B><Case id="1"><No>镕</No></Case>'
    "<Case><No>2</No><S>a</S><S>b</S></Case></B></P>"
).encode("gbk")
PAGE = (
    '<html><meta charset="gbk"><table><tr><td>编号<td>名</tr><tr><td rowspan=2>1<td>a</tr></table></html>'
).encode("gbk")
FIXED = "0001张三    1\n0002李四    2\n".encode("gb18030")
JSONL = '{"a": {"b": [1.50, "镕"]}}\n\n{"a": null}\n'.encode()
LAYOUT = {"a": "1-4", "b": "5-12", "c": "13"}
HEADER = {"contains": ["编号"]}

KINDS = {
    "text": _kind(".txt", TEXT, format="text", delimiter="|"),
    "text unquoted": _kind(".txt", TEXT, format="text", delimiter="|", quote=None),
    "text of several": _kind(".txt", TEXT.replace(b"|", b"|@|"), format="text", delimiter="|@|"),
    "fixed bytes": _kind(".txt", FIXED, True, format="fixed", unit="bytes", fields=LAYOUT),
    "fixed characters": _kind(".txt", FIXED, True, format="fixed", unit="characters", fields=LAYOUT),
    "jsonl": _kind(".jsonl", JSONL, True, format="jsonl", fields={"x": "a.b.0", "y": "/a/b", "z": "a"}),
    "dbf": _kind(".dbf", dbf(["张三", "李四", "x"]), format="dbf"),
    "xml": _kind(".xml", XML, format="xml", rows="/P/B/Case",
                 fields={"no": "No", "id": "@id", "s": "S", "head": "../../Head/No"}),
    "xml anywhere": _kind(".xml", XML, format="xml", rows="//Case", fields={"no": "No", "n": "count(../*)"}),
    "web page": _kind(".xls", PAGE, format="excel", header=HEADER),
    "biff5": _kind(".xls", biff.workbook([["编号", "名"], ["1", "镕"]], biff.BIFF5), format="excel", header=HEADER),
    "biff8": _kind(".xls", biff.workbook([["编号", "名"], ["1", 2.5]], biff.BIFF8), format="excel", header=HEADER),
    "zip": _kind(".zip", packed({"a.txt": TEXT, "b.txt": TEXT}), format="text", delimiter="|", inside="*.txt"),
}  # fmt: skip


def read(kind: Kind, path: Path) -> Iterator[Slice]:
    """The slices of a file."""
    reader = import_module(f"connectors.files.{kind.settings.format}").read
    if kind.settings.members:
        yield from archives.read(path, path.name, kind.settings, reader)
    else:
        yield from reader(path, path.name, kind.settings)


def check(kind: Kind, path: Path) -> int:
    """Read a file, whatever it holds, and hold the slices to what they promise. Returns the rows."""
    last: dict[str, int] = {}
    rows, marks = 0, 0
    for part in read(kind, path):
        assert part.table.num_rows <= CHUNK_ROWS
        part.table.validate(full=True)
        for number in part.table[ROW].to_pylist():
            assert number > last.get(part.name, 0)
            last[part.name] = number
        rows += part.table.num_rows
        marks += len(part.furniture)
    if kind.by_lines:
        data = path.read_bytes()
        lines = data.count(b"\n") + (not data.endswith(b"\n") and len(data) > _mark(data))
        assert rows + marks == lines
    return rows


def _mark(data: bytes) -> int:
    return next(
        (len(mark) for mark in (b"\xef\xbb\xbf", b"\x84\x31\x95\x33") if data.startswith(mark)), 0
    )
