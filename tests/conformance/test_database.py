"""The access method `database` under the conformance kit: PostgreSQL, MariaDB and SQLite."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.conformance.databases import ILLEGAL, MariaDbTable, SqliteTable
from tests.conformance.kit import conformance
from tests.conformance.sql import NAME, PostgresTable


def keyset(lag: str) -> dict[str, Any]:
    """A strategy of that lag."""
    return {"keyset": {"cursor": "changed", "key": ["id"], "lag": lag}}


KEYSET = {"table": NAME, "strategy": keyset("10m")}
WITHOUT_LAG = {"strategy": keyset("0s")}
NOT_WHOLE = {"whole": "a sweep asks for the keys, which is less"}
NO_TABLE = {"table": "no_such_table"}


class PostgreSql(PostgresTable):
    """PostgreSQL through ADBC."""

    method = "database"
    settings = KEYSET
    without_lag = WITHOUT_LAG
    broken = NO_TABLE
    lacks = NOT_WHOLE

    def spoil(self, ident: int) -> bytes:
        """A database that takes any bytes, as those of old systems do."""
        names = {row["id"]: row["name"].encode("gb18030") for row in self.contents()}
        names[ident] = ILLEGAL + names[ident]
        self.stop()
        with psycopg.connect(self.running.url.replace("+psycopg", ""), autocommit=True) as server:
            server.execute(
                f"CREATE DATABASE {self.database} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"
            )
        values = ", ".join(
            f"({n}, now(), convert_from('\\x{raw.hex()}', 'SQL_ASCII'))" for n, raw in names.items()
        )
        self.run(
            f"CREATE TABLE {NAME} (id bigint PRIMARY KEY, changed timestamp, name text)",
            f"INSERT INTO {NAME} VALUES {values}",  # noqa: S608
        )
        self.settings = self.settings | {"charset": {"name": "gb18030"}}
        return bytes(names[ident])


class MariaDb(MariaDbTable):
    """MariaDB through PyMySQL."""

    method = "database"
    settings = KEYSET
    without_lag = WITHOUT_LAG
    broken = NO_TABLE
    lacks = NOT_WHOLE


class Sqlite(SqliteTable):
    """SQLite, the standard library's."""

    method = "database"
    settings = KEYSET
    without_lag = WITHOUT_LAG
    broken = NO_TABLE
    lacks = NOT_WHOLE | {
        "credentials": "a file has none",
        "late": "one writer at a time: whoever commits later also began to write later",
    }


class SqliteSnapshot(Sqlite):
    """A table in which nothing tells what changed: read whole, run after run."""

    settings = {"table": NAME, "strategy": {"snapshot": {"key": ["id"]}}}
    without_lag = {}
    lacks = Sqlite.lacks | {"ranges": "a snapshot has no cursor column"}


TestPostgreSql = conformance(PostgreSql)
TestMariaDb = conformance(MariaDb)
TestSqlite = conformance(Sqlite)
TestSqliteSnapshot = conformance(SqliteSnapshot)
