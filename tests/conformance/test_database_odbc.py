"""The access method `database` over ODBC under the conformance kit: the drivers of PostgreSQL, MariaDB and SQLite."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import quote_plus

import psycopg
import pytest

from tests.conformance.databases import MariaDbTable, SqliteTable
from tests.conformance.kit import conformance
from tests.conformance.sql import NAME, PostgresTable

KEYSET = {
    "table": NAME, "strategy": {"keyset": {"cursor": "changed", "key": ["id"], "lag": "10m"}},
}  # fmt: skip
NO_TABLE = {"table": "no_such_table"}
NOT_WHOLE = {"whole": "a sweep asks for the keys, which is less"}
NOT_HERE = NOT_WHOLE | {"timestamptz": "ODBC has no time with zone among its types"}


def over(driver: str, **parts: Any) -> str:
    """The URL of an ODBC connection. Skips where the driver is not installed."""
    try:
        import pyodbc
    except ImportError:
        pytest.skip("pyodbc or unixODBC is not installed: make system-packages")
    if driver not in pyodbc.drivers():
        pytest.skip(f"the ODBC driver '{driver}' is not installed: make system-packages")
    string = ";".join(f"{key}={value}" for key, value in {"Driver": driver, **parts}.items())
    return f"odbc://?odbc_connect={quote_plus(string)}"


class PostgreSqlOdbc(PostgresTable):
    """PostgreSQL through its ODBC driver."""

    method = "database"
    settings = KEYSET
    broken = NO_TABLE
    lacks: ClassVar[dict[str, str]] = NOT_HERE | {
        "illegal_bytes": "the server itself refuses bytes that are not of its charset"
    }

    def reached(self, host: str, port: int, user: str = "postgres", password: str = "") -> str:
        return over(
            "PostgreSQL Unicode",
            Server=host,
            Port=port,
            Database=self.database,
            UID=user,
            PWD=password,
        )

    direct = PostgresTable.url

    def socket(self) -> tuple[str, int]:
        folder, _, port = self.address.rpartition("/.s.PGSQL.")
        return folder, int(port)

    @property
    def address(self) -> str:
        parts = psycopg.conninfo.conninfo_to_dict(self.direct)
        return f"{parts['host']}/.s.PGSQL.{parts['port']}"

    def connect(self) -> Any:
        return psycopg.connect(self.direct)

    @property
    def url(self) -> str:
        return self.reached(*self.socket())

    def through(self, port: int) -> str:
        return self.reached("127.0.0.1", port)

    def wrong_credentials(self, password: str) -> str:
        return self.reached(*self.socket(), "locked_reader", password)


class MariaDbOdbc(MariaDbTable):
    """MariaDB through its ODBC driver."""

    method = "database"
    settings = KEYSET
    broken = NO_TABLE
    lacks: ClassVar[dict[str, str]] = NOT_HERE

    def reached(self, port: int, password: str) -> str:
        return over(
            "MariaDB Unicode",
            Server="127.0.0.1",
            Port=port,
            Database=self.database,
            UID="hub",
            PWD=password,
        )

    def through(self, port: int) -> str:
        from tests.services.mariadb import PASSWORD

        return self.reached(port, PASSWORD)

    def wrong_credentials(self, password: str) -> str:
        return self.reached(self.running.port, password)


class SqliteOdbc(SqliteTable):
    """SQLite through its ODBC driver."""

    method = "database"
    settings = KEYSET
    broken = NO_TABLE
    lacks: ClassVar[dict[str, str]] = NOT_WHOLE | {
        "credentials": "a file has none",
        "late": "one writer at a time: whoever commits later also began to write later",
    }

    @property
    def url(self) -> str:
        return over("SQLite3", Database=self.file)

    def unreachable(self) -> str:
        return over("SQLite3", Database=self.folder / "not_mounted" / "source.db")

    def spoil(self, ident: int) -> bytes:
        """Only when asked for bytes does the driver show those that are no text."""
        self.settings = {**self.settings, "charset": {"name": "utf-8"}}
        return super().spoil(ident)


TestPostgreSqlOdbc = conformance(PostgreSqlOdbc)
TestMariaDbOdbc = conformance(MariaDbOdbc)
TestSqliteOdbc = conformance(SqliteOdbc)
