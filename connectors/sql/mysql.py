"""MySQL and MariaDB through PyMySQL.

The server's own text of every value is taken as it comes over the line and becomes Arrow a column at a time: no
number passes through a Python object, and what no calendar has (0000-00-00) stays the text that it is. Sessions are
read only, in UTC (a TIMESTAMP is a moment; a DATETIME has no zone and stays as it is) and in utf8mb4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.sql import ClauseElement

from connectors.sql import Column, Facts, Server, UrlError, arrays, missing, reflection
from connectors.sql.selects import compiled
from hub.core.errors import SourceRefused, SourceUnavailable

OLDEST = (5, 5)
CODES_THAT_HEAL = {
    1040, 1053, 1077, 1080, 1152, 1153, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1226, 1317, 1927,
    2002, 2003, 2005, 2006, 2013, 2014, 3024,
}  # fmt: skip
CODES_OF_NAMES = {1044, 1045, 1049, 1054, 1142, 1143, 1146, 1227}
"""Their messages hold names of tables, columns and users; those of others may hold values."""
_NOT_KNOWN = 1064
_BINARY = 63
_INTEGERS = {1, 2, 3, 8, 9, 13}
_BIG, _FLOAT, _DOUBLE, _TIMESTAMP, _DATE, _DATETIME, _BIT, _GEOMETRY = 8, 4, 5, 7, 10, 12, 16, 255
_DECIMALS = {0, 246}
_TEXTS = {15, 247, 248, 249, 250, 251, 252, 253, 254}
_UNSIGNED = 32

_ASKED: dict[str, Callable[[sa.ColumnElement[Any]], sa.ColumnElement[Any]]] = {
    "plain": lambda value: value,
    # The text of a FLOAT has six digits only, that of a BIT is bytes.
    "number": lambda value: value + sa.literal_column("0e0"),
    "hex": lambda value: sa.func.lower(sa.func.hex(value)),
    "bytes": lambda value: sa.cast(value, sa.BINARY),
}


def backend(url: sa.URL, where: str) -> MysqlBackend:
    """The back end of mysql://user:password@host:port/database. Raises UrlError."""
    known = {"charset", "ssl_ca", "unix_socket"}
    if not url.database or not set(url.query) <= known:
        raise UrlError(
            "its URL must look like mysql://user:password@host/database;"
            f" parameters known: {', '.join(sorted(known))}"
        )
    parameters = {
        "host": url.host or "localhost", "port": url.port or 3306, "user": url.username or "",
        "password": url.password or "", "database": url.database, "charset": "utf8mb4",
        **url.query,
    }  # fmt: skip
    return MysqlBackend(parameters, where)


@dataclass(frozen=True, slots=True)
class MysqlBackend:
    """One database."""

    parameters: Mapping[str, Any] = field(repr=False)
    where: str
    dialect: sa.Dialect = field(
        default_factory=lambda: mysql.dialect(paramstyle="qmark"), repr=False
    )
    compares_rows: bool = False

    def columns(self, source: sa.FromClause) -> tuple[Column, ...]:
        """As `Backend.columns`."""
        query = sa.select(sa.text("*")).select_from(source).limit(0)
        with self._session() as session, session.cursor() as cursor:
            cursor.execute(compiled(query, self.dialect))
            # The public description tells neither sign nor charset.
            return tuple(_column(each) for each in cursor._result.fields)

    def selected(self, column: Column, value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """As `Backend.selected`."""
        return _ASKED[column.asked](value)

    def read(self, select: sa.Select[Any], columns: Sequence[Column]) -> pa.Table:
        """As `Backend.read`."""
        with self._session() as session, session.cursor() as cursor:
            cursor.execute(compiled(select, self.dialect))
            rows = cursor.fetchall()
        fields = zip(*rows, strict=True) if rows else ((),) * len(columns)
        return arrays.table(columns, [
            pa.array(values, pa.binary() if column.asked == "bytes" else pa.string())
            for column, values in zip(columns, fields, strict=True)
        ])  # fmt: skip

    def write(self, statements: Sequence[ClauseElement]) -> None:
        """As `Backend.write`."""
        with self._session(read_only=False) as session, session.cursor() as cursor:
            for statement in statements:
                cursor.execute(compiled(statement, self.dialect))
            session.commit()

    def server(self) -> Server:
        """As `Backend.server`."""
        with self._session() as session, session.cursor() as cursor:
            cursor.execute("SELECT VERSION(), @@character_set_database, UTC_TIMESTAMP()")
            said, charset, clock = cursor.fetchone()
        product = "MariaDB" if "MariaDB" in said else "MySQL"
        numbers = said.removeprefix("5.5.5-").partition("-")[0].split(".")
        version = tuple(int(number) for number in numbers if number.isdigit())
        return Server(product, version, OLDEST, charset, arrays.utc(clock))

    def tables(self) -> tuple[str, ...]:
        """As `Backend.tables`: those of the URL's database."""
        with self._session(converted=True) as session, session.cursor() as cursor:
            cursor.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = %s ORDER BY 1",
                (self.parameters["database"],),
            )
            return tuple(name for (name,) in cursor.fetchall())

    def facts(self, table: str) -> Facts:
        """As `Backend.facts`."""
        schema, _, name = table.rpartition(".")
        schema = schema or self.parameters["database"]
        with self._session(converted=True) as session:
            with session.cursor() as cursor:
                cursor.execute(
                    "SELECT table_rows FROM information_schema.tables"
                    " WHERE table_schema = %s AND table_name = %s", (schema, name),
                )  # fmt: skip
                found = cursor.fetchone()
                cursor.execute(_MAY_WRITE, (schema, schema, name))
                (writable,) = cursor.fetchone()
            rows = found[0] if found else None
            return reflection.facts(
                "mysql+pymysql://", session, table, rows=rows, writable=bool(writable)
            )

    @contextmanager
    def _session(self, *, read_only: bool = True, converted: bool = False) -> Iterator[Any]:
        try:
            import pymysql  # type: ignore[import-untyped]
        except ImportError:
            raise missing("PyMySQL", "pip install 'county-data-hub[mysql]'", self.where) from None
        own: dict[str, Any] = {} if converted else {"conv": pymysql.converters.encoders}
        try:
            with closing(
                pymysql.connect(**self.parameters, **own, connect_timeout=10, read_timeout=3600)
            ) as session:
                with session.cursor() as cursor:
                    _prepare(cursor, read_only, pymysql.Error)
                yield session
        except pymysql.Error as failure:
            raise self._translated(failure) from None

    def _translated(self, failure: Exception) -> SourceUnavailable | SourceRefused:
        code = failure.args[0] if failure.args and isinstance(failure.args[0], int) else 0
        if code in CODES_THAT_HEAL or code == 0:
            return SourceUnavailable(
                f"the server does not answer, or gave up the query (error {code})", where=self.where,
                remedy="check network and server, then run again",
            )  # fmt: skip
        said = str(failure.args[1]) if code in CODES_OF_NAMES else "the query is refused"
        return SourceRefused(
            f"{said} (error {code})", where=self.where,
            remedy="compare the connection, its rights and source.yml with the database; names are spelled exactly",
        )  # fmt: skip


_MAY_WRITE = """
SELECT EXISTS (
  SELECT privilege_type FROM information_schema.user_privileges
  WHERE privilege_type IN ('INSERT', 'UPDATE', 'DELETE')
  UNION ALL SELECT privilege_type FROM information_schema.schema_privileges
  WHERE privilege_type IN ('INSERT', 'UPDATE', 'DELETE') AND %s LIKE table_schema
  UNION ALL SELECT privilege_type FROM information_schema.table_privileges
  WHERE privilege_type IN ('INSERT', 'UPDATE', 'DELETE') AND table_schema = %s AND table_name = %s)
"""


def _prepare(cursor: Any, read_only: bool, error: type[Exception]) -> None:
    cursor.execute("SET SESSION time_zone = '+00:00'")
    if not read_only:
        # Else an UPDATE that scans the table waits for rows of the department's open transactions, which it means not.
        # A server that logs statements refuses to write under this level.
        cursor.execute("SELECT @@global.log_bin AND @@session.binlog_format = 'STATEMENT'")
        if cursor.fetchone() != ("1",):
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        return
    try:
        cursor.execute("SET SESSION TRANSACTION READ ONLY")
    except error as failure:
        if failure.args[0] != _NOT_KNOWN:  # servers before MySQL 5.6 and MariaDB 10.0
            raise


def _column(described: Any) -> Column:
    name, kind = described.name, described.type_code
    unsigned, binary = bool(described.flags & _UNSIGNED), described.charsetnr == _BINARY
    if kind in _INTEGERS:
        return Column(name, "integer", pa.uint64() if unsigned and kind == _BIG else pa.int64())
    if kind in _DECIMALS:
        # The length counts sign and point.
        precision = described.length - (not unsigned) - (described.scale > 0)
        arrow = arrays.exact(precision, described.scale)
        return Column(name, f"decimal({precision},{described.scale})", arrow)
    if kind in _TEXTS:
        if binary:
            return Column(name, "binary", pa.string(), "hex")
        return Column(name, "text", pa.string(), is_text=True)
    return {
        _FLOAT: Column(name, "float", pa.float64(), "number"),
        _DOUBLE: Column(name, "double", pa.float64()),
        _TIMESTAMP: Column(name, "timestamp", pa.timestamp("us", "UTC")),
        _DATETIME: Column(name, "datetime", pa.timestamp("us")),
        _DATE: Column(name, "date", pa.date32()),
        _BIT: Column(name, "bit", pa.string(), "hex"),
        _GEOMETRY: Column(name, "geometry", pa.string(), "hex"),
    }.get(kind, Column(name, f"type {kind}", pa.string()))
