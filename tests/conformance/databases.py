"""Databases beside PostgreSQL as sources of the kit: MariaDB and SQLite, reached past the hub through their drivers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.conformance.kit import Link
from tests.conformance.sql import NAME, SqlTable

ILLEGAL = b"\xff\xff"
"""No two bytes of any charset that a department uses."""


class MariaDbTable(SqlTable):
    """A table of a real MariaDB, in a database of the test's own."""

    server = "mariadb_server"
    quote = "``"
    types = {
        "id": "bigint", "changed": "datetime(6)", "text": "varchar(200)", "integer38": "decimal(38,0)",
        "integer19": "bigint", "decimal": "decimal(18,4)", "date": "date", "timestamp": "datetime(6)",
        "timestamptz": "timestamp(6) null", "char": "char(6)", "small": "tinyint",
    }  # fmt: skip

    def start(self) -> None:
        self.database = f"conformance_{id(self)}"
        self.running.run(f"CREATE DATABASE {self.database}")

    def stop(self) -> None:
        self.running.run(f"DROP DATABASE {self.database}")

    @property
    def url(self) -> str:
        return self.through(self.running.port)

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.running.port

    def through(self, port: int) -> str:
        from tests.services.mariadb import PASSWORD

        return f"mysql+pymysql://hub:{PASSWORD}@127.0.0.1:{port}/{self.database}"

    def wrong_credentials(self, password: str) -> str:
        return f"mysql://hub:{password}@127.0.0.1:{self.running.port}/{self.database}"

    def connect(self) -> Any:
        return self.running.connect(
            self.database, init_command="SET time_zone = '+00:00', tx_isolation = 'READ-COMMITTED'"
        )

    def value(self, value: Any) -> Any:
        zoned = isinstance(value, datetime) and value.tzinfo
        return value.astimezone(UTC).replace(tzinfo=None) if zoned else value

    def spoil(self, ident: int) -> bytes:
        """A column that is declared latin1 and holds gb18030, with one value that is not even that."""
        names = {row["id"]: row["name"].encode("gb18030") for row in self.contents()}
        names[ident] = ILLEGAL + names[ident]
        self.run(
            f"ALTER TABLE {NAME} MODIFY name varbinary(400)",
            *(_set_name(n, raw.hex()) for n, raw in names.items()),
            f"ALTER TABLE {NAME} MODIFY name varchar(400) CHARACTER SET latin1",
        )
        self.settings = {**self.settings, "charset": {"name": "gb18030"}}
        return bytes(names[ident])


def _set_name(ident: int, digits: str) -> str:
    return f"UPDATE {NAME} SET name = X'{digits}' WHERE id = {ident}"  # noqa: S608


class Away:
    """A file or folder that is gone after the first batch."""

    def __init__(self, path: Path) -> None:
        self.path, self.armed = path, False

    def arm(self) -> None:
        self.armed = True

    def after_batch(self) -> None:
        if self.armed:
            self.path.rename(self.path.with_name("away"))
            self.armed = False

    def mend(self) -> None:
        self.path.with_name("away").rename(self.path)


class SqliteTable(SqlTable):
    """A table of an SQLite file. What SQLite itself would round stands there as text."""

    mark = "?"
    types = {
        "id": "integer", "changed": "text", "text": "varchar(200)", "integer38": "text", "integer19": "bigint",
        "decimal": "text", "date": "text", "timestamp": "text", "timestamptz": "text", "char": "char(6)",
        "small": "smallint",
    }  # fmt: skip

    def start(self) -> None:
        self.file = self.folder / "source.db"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.file}"

    def unreachable(self) -> str:
        return f"sqlite:///{self.folder}/not_mounted/source.db"

    @contextmanager
    def breakable(self) -> Iterator[tuple[str, Link]]:
        yield self.url, Away(self.file)

    def connect(self) -> Any:
        return sqlite3.connect(self.file)

    def value(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return value.isoformat(" ")
        if isinstance(value, date | Decimal) or (isinstance(value, int) and abs(value) >= 2**63):
            return str(value)
        return value

    @contextmanager
    def late(self, table: Any) -> Iterator[None]:
        raise NotImplementedError
        yield

    def spoil(self, ident: int) -> bytes:
        raw = ILLEGAL + f"张三{ident}".encode()
        self.run(f"UPDATE {NAME} SET name = CAST(X'{raw.hex()}' AS TEXT) WHERE id = {ident}")  # noqa: S608
        return raw
