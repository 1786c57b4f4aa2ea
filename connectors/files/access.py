"""Format `access`: a table of an Access database (.mdb, .accdb), exported by mdbtools (`mdb-export`, `mdb-count`).

Values come as text: dates as 2012-03-05 14:30:00, yes and no as 1 and 0, binary values in hexadecimal digits, NULL as
null and an empty text as an empty text. The export is a stream: memory does not grow with the table. When fewer or
more rows come than the database itself counts, the file is refused: reading around damage would lose rows.
"""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv as arrow_csv

from connectors.files.file_settings import FileSettings
from connectors.files.settings import AccessSettings
from connectors.files.slices import Slice, portions
from connectors.tables import field_names, source_table
from hub.core.errors import SourceRefused
from hub.core.privacy import mask_message

DELIMITER = "\x1f"
REPAIR = "have the database compacted and repaired in Access, then copied again"
MOMENT = "%Y-%m-%d %H:%M:%S"
SILENT_SECONDS = 60.0
"""mdbtools that say nothing for so long are caught in a damaged file."""
BLOCK_BYTES = 8 << 20
"""Parsed at a time; no row may be longer."""
MOST_TIMES, HARMLESS_BYTES = 50, 256 << 20
"""How many times the file's size an export may have, when it is larger than that: pages that lead round and round."""


def read(path: Path, name: str, settings: FileSettings) -> Iterator[Slice]:
    """The rows of a table in the order of the file; `_row` counts them from 1.

    Raises SourceRefused when mdbtools are missing, cannot read the file, or do not find the table or all its rows.
    """
    assert isinstance(settings, AccessSettings)
    expected = _count(path, settings)
    found = 0
    with _exported(path, settings) as (header, rows):
        for table in _tables(rows, header, path):
            columns = dict(
                zip(header, map(pa.ChunkedArray.combine_chunks, table.columns), strict=True)
            )
            numbers = pa.array(range(found + 1, found + 1 + table.num_rows), pa.int64())
            found += table.num_rows
            yield from portions(Slice(name, source_table(name, columns, numbers)))
    if found != expected:
        raise SourceRefused(
            f"the table {settings.table} counts {expected} rows, {found} can be read", where=str(path),
            remedy=REPAIR,
        )  # fmt: skip


def _tables(rows: Any, header: list[str], path: Path) -> Iterator[pa.Table]:
    try:
        with arrow_csv.open_csv(
            rows,
            read_options=arrow_csv.ReadOptions(
                column_names=header, use_threads=False, block_size=BLOCK_BYTES
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=DELIMITER, newlines_in_values=True, ignore_empty_lines=False
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), null_values=[""],
                strings_can_be_null=True, quoted_strings_can_be_null=False,
            ),
        ) as reader:  # fmt: skip
            for batch in reader:
                yield pa.Table.from_batches([batch])
    except pa.ArrowInvalid as failure:
        if "Empty CSV" not in str(failure):  # else its text may show a row
            raise SourceRefused(
                "what mdb-export gives is no table", where=str(path), remedy=REPAIR
            ) from None
        yield pa.table({field: pa.array([], pa.string()) for field in header})


@contextmanager
def _exported(
    path: Path, settings: AccessSettings
) -> Iterator[tuple[list[str], BufferedReader[_Watched]]]:
    """Field names, and the rows as delimited UTF-8 text. Raises SourceRefused, at the end if mdb-export fails."""
    arguments = [
        "-d",
        DELIMITER,
        "-b",
        "hex",
        "-D",
        MOMENT,
        "-T",
        MOMENT,
        "--",
        str(path),
        settings.table,
    ]
    with (
        tempfile.TemporaryFile() as said,
        _program("mdb-export", arguments, settings, said) as export,
    ):
        stream = BufferedReader(_Watched(export, path), BLOCK_BYTES)
        header = stream.readline().decode("utf-8", "replace").rstrip("\r\n")
        if header:
            yield field_names(header.split(DELIMITER)), stream
            stream.read(1)  # its end, unless the reader was stopped
        if export.wait(SILENT_SECONDS) or not header:
            raise _failed(path, said)


@contextmanager
def _program(
    name: str, arguments: list[str], settings: AccessSettings, said: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """A program of mdbtools, ended with the block whatever happens."""
    environment = os.environ | {"MDB_JET3_CHARSET": settings.charset, "MDBICONV": "UTF-8"}
    try:
        process = subprocess.Popen(
            [name, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said,
            env=environment, bufsize=0,
        )  # fmt: skip
    except FileNotFoundError:
        raise SourceRefused(
            f"the program {name} is not installed", remedy="install the package mdbtools"
        ) from None
    with process:
        try:
            yield process
        finally:
            process.kill()


def _failed(path: Path, said: IO[bytes]) -> SourceRefused:
    said.seek(0)
    words = said.read(2_000).decode("utf-8", "replace").split()
    return SourceRefused(
        f"mdbtools cannot export the table ({mask_message(' '.join(words))[:200] or 'they ended early'})",
        where=str(path),
        remedy="correct 'table' in source.yml, or have the database compacted and repaired in Access",
    )


def _count(path: Path, settings: AccessSettings) -> int:
    """How many rows the database itself says that the table has."""
    with (
        tempfile.TemporaryFile() as said,
        _program("mdb-count", ["--", str(path), settings.table], settings, said) as counting,
    ):
        answer = BufferedReader(_Watched(counting, path)).read(100).strip()
        if counting.wait(SILENT_SECONDS) or not answer.isdigit():
            raise _failed(path, said)
    return int(answer)


class _Watched(RawIOBase):
    """What a program writes. Raises SourceRefused when it falls silent, or never ends."""

    def __init__(self, process: subprocess.Popen[bytes], path: Path) -> None:
        assert process.stdout is not None
        self.stream, self.path = process.stdout.fileno(), path
        self.left = max(HARMLESS_BYTES, MOST_TIMES * path.stat().st_size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        ready, _, _ = select.select([self.stream], [], [], SILENT_SECONDS)
        data = os.read(self.stream, len(buffer)) if ready else b""
        self.left -= len(data)
        if not ready or self.left < 0:
            raise SourceRefused("mdbtools find no end of it", where=str(self.path), remedy=REPAIR)
        buffer[: len(data)] = data
        return len(data)
