"""Lines of text files as bytes. A line end never lies inside a character of a charset that keeps ASCII."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from hub.core.errors import SourceRefused

MOST_LINE_BYTES = 16 << 20
BLOCK_LINES = 5_000
"""Lines taken at a time: enough for the parsers, few enough for the processor's caches."""
BYTE_ORDER_MARKS = ("\ufeff".encode("utf-8"), "\ufeff".encode("gb18030"))
BLANK = (b"", b"\x1a")
"""What is left of lines that are no records, without line end: nothing, or the DOS end mark."""


def skip_byte_order_mark(handle: BinaryIO) -> None:
    """Begin behind a mark, if there is one."""
    start = handle.read(4)
    mark = next((mark for mark in BYTE_ORDER_MARKS if start.startswith(mark)), b"")
    handle.seek(len(mark))


def lines(handle: BinaryIO, path: Path) -> Iterator[bytes]:
    """The lines with their ends. Raises SourceRefused for one that is too long to be a line."""
    for number, line in enumerate(iter(partial(handle.readline, MOST_LINE_BYTES), b""), 1):
        if len(line) == MOST_LINE_BYTES:
            raise SourceRefused(
                f"the line is longer than {MOST_LINE_BYTES >> 20} MB", where=f"{path}:{number}",
                remedy="correct 'format' in source.yml, or ask what this file is",
            )  # fmt: skip
        yield line


def blocks(path: Path) -> Iterator[tuple[int, list[bytes]]]:
    """Up to BLOCK_LINES lines at a time, with the number of the first, counted from 1."""
    with path.open("rb") as handle:
        skip_byte_order_mark(handle)
        source = lines(handle, path)
        first = 1
        while block := list(islice(source, BLOCK_LINES)):
            yield first, block
            first += len(block)
