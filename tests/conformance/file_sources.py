"""Files as sources of the kit: a format says how rows become bytes, a place where the bytes lie."""

from __future__ import annotations

import csv
import io
import shutil
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conformance.databases import ILLEGAL, Away
from tests.conformance.kit import Link, Source, Table

ROWS_PER_FILE = 3
NO_KEYS = {
    "keys": "a file is read once; what it does not hold any more is not deleted by that",
    "ranges": "files are chosen by name, not by a value in them",
}
AS_TEXT = {"null_and_empty": "delimited text has no NULL"}


class Files(Source):
    """A few rows in each file, the files in the order of their names."""

    method = "files"
    suffix = ".txt"
    charset = "gb18030"

    def start(self) -> None:
        self.written = 0

    @abstractmethod
    def encoded(self, table: Table) -> bytes:
        """A whole file."""

    @abstractmethod
    def keep(self, name: str, data: bytes) -> None:
        """Put a file there."""

    @abstractmethod
    def clear(self) -> None:
        """Remove all files."""

    def put(self, table: Table) -> None:
        self.clear()
        self.declare(table.columns)
        self.add(table)

    def declare(self, columns: Mapping[str, str]) -> None:
        """Tell the settings what the files hold, for formats that must be told."""

    def add(self, table: Table) -> None:
        for first in range(0, len(table.rows) or 1, ROWS_PER_FILE):
            rows = table.rows[first : first + ROWS_PER_FILE]
            self.keep(self.next_name(), self.encoded(Table(table.columns, rows)))

    def next_name(self) -> str:
        self.written += 1
        return f"{self.written:06}{self.suffix}"

    @contextmanager
    def late(self, table: Table) -> Iterator[None]:
        """A file that is complete only after others with later names."""
        name = self.next_name()
        yield
        self.keep(name, self.encoded(table))


def text(table: Table, charset: str, delimiter: str = "|") -> bytes:
    """Delimited text with a header."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, delimiter=delimiter)
    writer.writerow(table.columns)
    writer.writerows([["" if value is None else value for value in row] for row in table.rows])
    return lines.getvalue().encode(charset)


class Text(Files):
    """Delimited text; everything is text there, so every value keeps its digits."""

    settings = {"format": "text", "files": "*.txt", "delimiter": "|", "charset": "gb18030"}
    lacks = NO_KEYS | AS_TEXT

    def encoded(self, table: Table) -> bytes:
        return text(table, self.charset)


class Folder(Files):
    """A folder of this machine, or a share that is mounted."""

    lacks = NO_KEYS | {
        "credentials": "a folder has none of the hub's: those of a share are the operating system's"
    }

    def start(self) -> None:
        super().start()
        self.files = self.folder / "in"

    @property
    def url(self) -> str:
        return self.files.as_uri()

    def keep(self, name: str, data: bytes) -> None:
        (self.files / name).write_bytes(data)

    def clear(self) -> None:
        shutil.rmtree(self.files, ignore_errors=True)
        self.files.mkdir(parents=True)

    @contextmanager
    def late(self, table: Table) -> Iterator[None]:
        """A file that is still being written while others with later names are complete."""
        unfinished = self.files / self.next_name().replace(self.suffix, ".tmp")
        unfinished.write_bytes(self.encoded(table))
        yield
        unfinished.rename(unfinished.with_suffix(self.suffix))

    def spoil(self, ident: int) -> bytes:
        name = f"张三{ident}".encode(self.charset)
        for path in self.files.iterdir():
            # As many bytes as before: some formats have fields of fixed width.
            path.write_bytes(path.read_bytes().replace(name, ILLEGAL + name[2:]))
        return ILLEGAL + name[2:]

    def contents(self) -> dict[str, tuple[bytes, int]]:
        return {
            path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in self.files.iterdir()
        }

    def unreachable(self) -> str:
        return (self.folder / "not mounted").as_uri()

    @contextmanager
    def breakable(self) -> Iterator[tuple[str, Link]]:
        yield self.url, Away(self.files)


class Sftp(Folder):
    """A folder of an SFTP server."""

    server = "sftp_server"
    lacks = {}
    settled = {"settle": "0s"}

    def start(self) -> None:
        super().start()
        self.name = f"in_{id(self)}"
        self.files = Path(self.running.root) / self.name

    def stop(self) -> None:
        shutil.rmtree(self.files, ignore_errors=True)

    @property
    def url(self) -> str:
        return self.through(self.running.port)

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.running.port

    def through(self, port: int) -> str:
        from urllib.parse import quote

        plain = self.running.url(f"/{self.name}").replace(f":{self.running.port}/", f":{port}/")
        return f"{plain}?hostkey={quote(self.running.known_host)}"

    def wrong_credentials(self, password: str) -> str:
        from tests.services.sftp import PASSWORD

        return self.url.replace(PASSWORD, password)

    def unreachable(self) -> str:
        return Source.unreachable(self)

    def breakable(self) -> Any:
        return Source.breakable(self)


class Bucket(Files):
    """A bucket of an S3 server."""

    server = "s3_server"
    lacks = {}
    bucket = "conformance"

    def start(self) -> None:
        super().start()
        self.client = self.running.client()
        self.prefix = f"in_{id(self)}"
        if not self.client.bucket_exists(self.bucket):
            self.client.make_bucket(self.bucket)

    def stop(self) -> None:
        self.clear()

    @property
    def url(self) -> str:
        return self.through(self.running.port)

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.running.port

    def through(self, port: int) -> str:
        key = f"{self.running.access}:{self.running.secret}"
        return f"s3://{key}@{self.bucket}/{self.prefix}?endpoint=http://127.0.0.1:{port}"

    def wrong_credentials(self, password: str) -> str:
        return self.url.replace(self.running.secret, password)

    def keep(self, name: str, data: bytes) -> None:
        self.client.put_object(self.bucket, f"{self.prefix}/{name}", io.BytesIO(data), len(data))

    def clear(self) -> None:
        for name in self.contents():
            self.client.remove_object(self.bucket, name)

    def contents(self) -> dict[str, Any]:
        found = self.client.list_objects(self.bucket, f"{self.prefix}/", recursive=True)
        return {one.object_name: (one.etag, one.last_modified) for one in found}

    def spoil(self, ident: int) -> bytes:
        name = f"张三{ident}".encode(self.charset)
        for kept in self.contents():
            data = self.client.get_object(self.bucket, kept).read()
            self.keep(kept.rpartition("/")[2], data.replace(name, ILLEGAL + name[2:]))
        return ILLEGAL + name[2:]
