"""The access method `files` under the conformance kit."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conformance.databases import Away
from tests.conformance.kit import Link, Source, Table, conformance

ROWS_PER_FILE = 3


class TextFolder(Source):
    """A folder of delimited text; everything is text there, so every value keeps its digits."""

    method = "files"
    settings = {"format": "text", "files": "*.txt", "delimiter": "|", "charset": "gb18030"}
    chunk_constants = ("connectors.pace.CHUNK_ROWS", "connectors.files.slices.CHUNK_ROWS")
    lacks = {
        "null_and_empty": "delimited text has no NULL",
        "credentials": "a folder of this machine has none; the share's are the operating system's",
        "keys": "a file is read once per content; what it does not hold any more is not deleted by that",
        "ranges": "files are chosen by name, not by a value in them",
    }

    def start(self) -> None:
        self.files = self.folder / "in"
        self.written = 0

    @property
    def url(self) -> str:
        return self.files.as_uri()

    def put(self, table: Table) -> None:
        shutil.rmtree(self.files, ignore_errors=True)
        self.files.mkdir()
        self.add(table)

    def add(self, table: Table) -> None:
        for first in range(0, len(table.rows) or 1, ROWS_PER_FILE):
            self.write(table, table.rows[first : first + ROWS_PER_FILE], ".txt")

    def write(self, table: Table, rows: Any, ending: str) -> Path:
        self.written += 1
        path = self.files / f"{self.written:06}{ending}"
        with path.open("w", encoding="gb18030", newline="") as handle:
            writer = csv.writer(handle, delimiter="|")
            writer.writerow(table.columns)
            writer.writerows([["" if value is None else value for value in row] for row in rows])
        return path

    @contextmanager
    def late(self, table: Table) -> Iterator[None]:
        """A file that is still being written while others with later names are complete."""
        path = self.write(table, table.rows, ".tmp")
        yield
        path.rename(path.with_suffix(".txt"))

    def spoil(self, ident: int) -> bytes:
        name = f"张三{ident}".encode("gb18030")
        for path in self.files.iterdir():
            path.write_bytes(path.read_bytes().replace(name, b"\xff\xff" + name))
        return b"\xff\xff" + name

    def contents(self) -> dict[str, tuple[bytes, int]]:
        return {
            path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in self.files.iterdir()
        }

    def unreachable(self) -> str:
        return (self.folder / "not mounted").as_uri()

    @contextmanager
    def breakable(self) -> Iterator[tuple[str, Link]]:
        yield self.url, Away(self.files)


TestTextFolder = conformance(TextFolder)
