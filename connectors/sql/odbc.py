"""Any database with an ODBC driver: read through arrow-odbc, asked for its catalogue and written through pyodbc.

What drivers make of numbers differs, so decimals are fetched as text and become Arrow decimals here. A text longer
than arrow-odbc has room for makes the chunk come through pyodbc, which is slower and has no bound. ODBC has no time
with zone: such a column comes as the driver says it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from importlib import import_module
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.sql import ClauseElement

from connectors.sql import Column, Facts, Server, arrays, missing
from connectors.sql.odbc_connections import connection_string, dialect_of, translated
from connectors.sql.selects import Named, compiled
from hub.core.errors import SourceRefused

ROWS_AT_A_TIME = 10_000
BUFFER_BYTES = 64 * 2**20
LONGEST_TEXT = 32 * 2**10
"""Characters, and bytes of binary fields, for which there is room where the database names no bound."""
_TOO_LARGE = "too large to be written"
_CLOCKS = {
    "mssql": "SELECT GETUTCDATE()", "mysql": "SELECT UTC_TIMESTAMP()",
    "postgresql": "SELECT now() AT TIME ZONE 'UTC'", "oracle": "SELECT SYS_EXTRACT_UTC(SYSTIMESTAMP) FROM DUAL",
}  # fmt: skip
_SYSTEM = ("sys", "information_schema", "pg_catalog", "sysibm", "syscat", "sysstat")
_MAY_WRITE = "SELECT HAS_PERMS_BY_NAME(?, 'OBJECT', 'UPDATE')"
_AS_BYTES: dict[str, Callable[[Any], sa.ColumnElement[Any]]] = {
    "mssql": lambda value: sa.cast(value, Named("VARBINARY(MAX)")),
    "mysql": lambda value: sa.cast(value, sa.BINARY),
    "oracle": sa.func.UTL_RAW.CAST_TO_RAW,
    "postgresql": lambda value: sa.func.convert_to(
        sa.cast(value, sa.Text), sa.func.getdatabaseencoding()
    ),
    "sqlite": lambda value: sa.cast(value, sa.BLOB),
}


def backend(url: sa.URL, where: str) -> OdbcBackend:
    """The back end of odbc://… or of any scheme with the driver pyodbc. Raises UrlError."""
    string = connection_string(url)
    dialect = dialect_of(url, string)
    if dialect.name == "sqlite" and "nocreat" not in string.lower():
        string += ";NoCreat=1"  # else the driver makes a file that is not there
    return OdbcBackend(string, where, dialect)


@dataclass(frozen=True, slots=True)
class OdbcBackend:
    """One connection string."""

    string: str = field(repr=False)
    where: str
    dialect: sa.Dialect = field(repr=False)
    compares_rows: bool = False

    def columns(self, source: sa.FromClause) -> tuple[Column, ...]:
        """As `Backend.columns`."""
        query = sa.select(sa.text("*")).select_from(source).where(sa.text("1 = 0"))
        with self._reading(compiled(query, self.dialect)) as reader:
            schema = reader.schema
        return tuple(_column(each, self.dialect.name) for each in schema)

    def selected(self, column: Column, value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """As `Backend.selected`."""
        if column.asked != "bytes":
            return value
        as_bytes = _AS_BYTES.get(self.dialect.name)
        if as_bytes is None:
            raise SourceRefused(
                "bytes of a text cannot be asked for in this dialect", where=self.where,
                remedy="remove 'charset', and set the charset of the client in the ODBC driver",
            )  # fmt: skip
        return as_bytes(value)

    def read(self, select: sa.Select[Any], columns: Sequence[Column]) -> pa.Table:
        """As `Backend.read`."""
        query, limit = compiled(select, self.dialect), select._limit
        try:
            with self._reading(query, columns) as reader:
                found = _first(reader, limit)
        except _TooLarge:
            with self._session() as session:
                rows = (
                    session.execute(query).fetchmany(limit)
                    if limit
                    else session.execute(query).fetchall()
                )
            return arrays.from_rows(columns, [tuple(row) for row in rows])
        return arrays.table(columns, [each.combine_chunks() for each in found.columns])

    def write(self, statements: Sequence[ClauseElement]) -> None:
        """As `Backend.write`."""
        with self._session(read_only=False) as session:
            for statement in statements:
                session.execute(compiled(statement, self.dialect))
            session.commit()

    def server(self) -> Server:
        """As `Backend.server`."""
        pyodbc = self._driver("pyodbc")
        with self._session() as session:
            product = session.getinfo(pyodbc.SQL_DBMS_NAME)
            version = re.findall(r"\d+", session.getinfo(pyodbc.SQL_DBMS_VER) or "")
            clock = None
            if asked := _CLOCKS.get(self.dialect.name):
                clock = session.execute(asked).fetchone()[0].replace(tzinfo=UTC)
        return Server(product, tuple(map(int, version[:3])), (), "", clock)

    def tables(self) -> tuple[str, ...]:
        """As `Backend.tables`, as far as the driver knows its catalogue."""
        with self._session() as session, closing(session.cursor()) as cursor:
            found = self._catalogue(cursor.tables)
        own = [
            row for row in found
            if row.table_type in ("TABLE", "VIEW") and (row.table_schem or "").lower() not in _SYSTEM
        ]  # fmt: skip
        single = len({row.table_schem for row in own}) < 2
        return tuple(
            row.table_name
            if single or not row.table_schem
            else f"{row.table_schem}.{row.table_name}"
            for row in own
        )

    def facts(self, table: str) -> Facts:
        """As `Backend.facts`, as far as the driver knows its catalogue."""
        schema, _, name = table.rpartition(".")
        at = {"schema": schema or None}
        with self._session() as session, closing(session.cursor()) as cursor:
            columns = self._catalogue(lambda: cursor.columns(name, **at))
            statistics = self._catalogue(lambda: cursor.statistics(name, **at))
            rights = (
                self._catalogue(lambda: cursor.execute(_MAY_WRITE, table))
                if self.dialect.name == "mssql"
                else []
            )
        # A name is a pattern there, in which an underscore stands for any character.
        own = [row for row in columns if row.table_name == name]
        indexes: dict[tuple[str, bool], list[str]] = {}
        for row in statistics:
            if row.index_name and row.column_name:
                key = (row.index_name, not row.non_unique)
                indexes.setdefault(key, []).append(row.column_name.strip('"`'))
        return Facts(
            # 1: may be null; 2: unknown, which is no promise either.
            frozenset(row.column_name for row in own if row.nullable) if own else None,
            tuple(tuple(names) for (_, unique), names in indexes.items() if unique),
            tuple(tuple(names) for names in indexes.values()),
            next((row.cardinality for row in statistics if row.type == 0), None),
            bool(rights[0][0]) if rights else None,
        )  # fmt: skip

    def _catalogue(self, ask: Callable[[], Any]) -> list[Any]:
        """What a driver knows; a driver need not know anything, and reading goes without."""
        try:
            return list(ask().fetchall())
        except self._driver("pyodbc").Error:
            return []

    @contextmanager
    def _reading(self, query: str, columns: Sequence[Column] | None = None) -> Iterator[Any]:
        """An arrow-odbc reader on a query, `columns` saying how each comes."""
        arrow_odbc = self._driver("arrow_odbc")
        try:
            yield arrow_odbc.read_arrow_batches_from_odbc(
                query, self.string, batch_size=ROWS_AT_A_TIME, max_bytes_per_batch=BUFFER_BYTES,
                max_text_size=LONGEST_TEXT, max_binary_size=LONGEST_TEXT, login_timeout_sec=10,
                map_schema=None if columns is None else _fetched(columns, self.dialect.name), fetch_concurrently=False,
                payload_text_encoding=arrow_odbc.TextEncoding.UTF16,
            )  # fmt: skip
        except arrow_odbc.Error as failure:
            if _TOO_LARGE in str(failure):
                raise _TooLarge from None
            raise translated(failure, self.dialect.name, self.where) from None

    @contextmanager
    def _session(self, *, read_only: bool = True) -> Iterator[Any]:
        pyodbc = self._driver("pyodbc")
        try:
            with closing(pyodbc.connect(self.string, timeout=10, readonly=read_only)) as session:
                yield session
        except pyodbc.Error as failure:
            raise translated(failure, self.dialect.name, self.where) from None

    def _driver(self, name: str) -> Any:
        try:
            return import_module(name)
        except (ImportError, OSError):
            remedy = "pip install 'county-data-hub[odbc]'; apt install unixodbc"
            raise missing(f"{name} or unixODBC", remedy, self.where) from None


class _TooLarge(Exception):
    """A value is longer than the room that arrow-odbc made for it."""


def _first(reader: Any, limit: int | None) -> pa.Table:
    """The rows of a reader, no more than asked for where the dialect could not say so."""
    batches, rows = [], 0
    for batch in reader:
        batches.append(batch)
        rows += batch.num_rows
        if limit is not None and rows >= limit:
            break
    return pa.Table.from_batches(batches, reader.schema).slice(0, limit)


def _is_plain(kind: pa.DataType) -> bool:
    tests = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_date,
        pa.types.is_boolean,
        pa.types.is_string,
    )
    return any(test(kind) for test in tests)


def _fetched(columns: Sequence[Column], dialect: str) -> Callable[[pa.Schema], pa.Schema]:
    """How arrow-odbc fetches columns: microseconds hold year 1 and 9999; all else is text, that of bytes is hex."""

    def of(kind: pa.DataType, column: Column) -> pa.DataType:
        if column.asked == "bytes":
            return pa.binary()
        if dialect == "sqlite" and not pa.types.is_floating(kind):
            return pa.string()  # any value may stand in any column: the driver makes 0 of a text
        if pa.types.is_timestamp(kind):
            return pa.timestamp("us")
        return kind if _is_plain(kind) else pa.string()

    def mapped(schema: pa.Schema) -> pa.Schema:
        return pa.schema(
            [
                each.with_type(of(each.type, column))
                for each, column in zip(schema, columns, strict=True)
            ]
        )

    return mapped


def _column(described: pa.Field, dialect: str) -> Column:
    name, kind = described.name, described.type
    if pa.types.is_timestamp(kind) and dialect != "sqlite":
        # SQL Server's DATETIME has three digits.
        sql_type = "DATETIME" if kind.unit in ("s", "ms") else "DATETIME2(7)"
        return Column(name, sql_type, pa.timestamp("us"))
    if pa.types.is_decimal(kind):
        return Column(name, f"DECIMAL({kind.precision},{kind.scale})", kind)
    if pa.types.is_integer(kind) and dialect == "sqlite":
        return Column(name, str(kind), pa.int64())
    if _is_plain(kind):
        return Column(name, str(kind), kind, is_text=pa.types.is_string(kind))
    return Column(name, str(kind), pa.string())
