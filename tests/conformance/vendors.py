"""Oracle, SQL Server and MySQL as sources of the kit: a table of a server whose URL stands in the environment.

The account may create and drop one table named `conformance` in its own schema. None of these servers runs where
this project is written: the sources are as thin as they can be, and the first run against a server judges them too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import URL, make_url

from tests.conformance.databases import ILLEGAL
from tests.conformance.sql import NAME, SqlTable


class VendorTable(SqlTable):
    """What the three share. `running` is the URL."""

    port: int

    @property
    def where(self) -> URL:
        return make_url(self.running)

    @property
    def url(self) -> str:
        return str(self.running)

    @property
    def address(self) -> tuple[str, int]:
        return self.where.host or "127.0.0.1", self.where.port or self.port

    def through(self, port: int) -> str:
        return self.where.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)

    def wrong_credentials(self, password: str) -> str:
        return self.where.set(password=password).render_as_string(hide_password=False)

    def spoiled(self, ident: int) -> dict[int, bytes]:
        """The names as bytes of gb18030, one of them illegal; the settings say so from now on."""
        names = {int(row["id"]): row["name"].encode("gb18030") for row in self.contents()}
        names[ident] = ILLEGAL + names[ident]
        self.settings = {**self.settings, "charset": {"name": "gb18030"}}
        return names

    def stop(self) -> None:
        self.run(self.drop.format(table=self.name(NAME)))


class OracleTable(VendorTable):
    """Oracle through python-oracledb, thin."""

    server = "oracle_url"
    port = 1521
    drop = (
        "BEGIN EXECUTE IMMEDIATE 'DROP TABLE {table} PURGE';"
        " EXCEPTION WHEN OTHERS THEN IF SQLCODE != -942 THEN RAISE; END IF; END;"
    )
    types = {
        "id": "number(19)", "changed": "timestamp(6)", "text": "varchar2(200 char)", "integer38": "number(38)",
        "integer19": "number(19)", "decimal": "number(18,4)", "date": "date", "timestamp": "timestamp(6)",
        "timestamptz": "timestamp(6) with time zone", "char": "char(6 char)", "small": "number(2)",
    }  # fmt: skip

    def connect(self) -> Any:
        import oracledb

        url, (host, port) = self.where, self.address
        service = url.query.get("service_name")
        name = {"service_name": service} if service else {"sid": url.database}
        connection = oracledb.connect(
            user=url.username, password=url.password, host=host, port=port, **name
        )
        # A time without zone that is written to a column with one is of the session's zone.
        connection.cursor().execute("ALTER SESSION SET TIME_ZONE = '+00:00'")
        return connection

    def marks(self, count: int) -> list[str]:
        return [f":{number}" for number in range(1, count + 1)]

    def value(self, value: Any) -> Any:
        zoned = isinstance(value, datetime) and value.tzinfo
        return value.astimezone(UTC).replace(tzinfo=None) if zoned else value

    def spoil(self, ident: int) -> bytes:
        names = self.spoiled(ident)
        self.run(*(
            f"UPDATE {self.name(NAME)} SET {self.name('name')} ="  # noqa: S608
            f" UTL_RAW.CAST_TO_VARCHAR2(HEXTORAW('{raw.hex()}')) WHERE {self.name('id')} = {n}"
            for n, raw in names.items()
        ))  # fmt: skip
        return names[ident]


class MssqlTable(VendorTable):
    """SQL Server through ODBC."""

    server = "mssql_url"
    port = 1433
    mark = "?"
    types = {
        "id": "bigint", "changed": "datetime2(6)", "text": "nvarchar(200)", "integer38": "numeric(38,0)",
        "integer19": "bigint", "decimal": "numeric(18,4)", "date": "date", "timestamp": "datetime2(6)",
        "timestamptz": "datetimeoffset(6)", "char": "nchar(6)", "small": "tinyint",
    }  # fmt: skip

    def connect(self) -> Any:
        import pyodbc

        from connectors.sql.odbc_connections import connection_string

        return pyodbc.connect(connection_string(self.where))

    def value(self, value: Any) -> Any:
        """What the driver would cut off or refuse: fractions of seconds, zones, integers of more than 64 bits."""
        if isinstance(value, datetime):
            return value.isoformat(" ")
        return Decimal(value) if isinstance(value, int) and abs(value) >= 2**63 else value

    def spoil(self, ident: int) -> bytes:
        names = self.spoiled(ident)
        self.run(
            f"ALTER TABLE {NAME} ALTER COLUMN name varchar(400) COLLATE Latin1_General_BIN",
            *(
                f"UPDATE {NAME} SET name = CAST(0x{raw.hex()} AS varchar(400)) WHERE id = {n}"  # noqa: S608
                for n, raw in names.items()
            ),
        )
        return names[ident]
