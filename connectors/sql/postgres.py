"""PostgreSQL, and Kingbase, which speaks its protocol: read through ADBC, described and written through psycopg."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pyarrow as pa
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import ClauseElement

from connectors.sql import Column, Facts, Server, UrlError, arrays, reflection, with_charset
from connectors.sql.postgres_sessions import describing, reading, writing
from connectors.sql.selects import compiled

OLDEST = (9, 2)
_TEXTS = {"text", "varchar", "bpchar", "name"}
_PLAIN = {
    "bool": pa.bool_(), "int2": pa.int16(), "int4": pa.int32(), "int8": pa.int64(),
    "float4": pa.float32(), "float8": pa.float64(), "date": pa.date32(),
    "timestamp": pa.timestamp("us"), "timestamptz": pa.timestamp("us", "UTC"),
}  # fmt: skip
"""Types that ADBC hands on unharmed. It makes integers of money, and of oid negative ones."""

_ASKED: dict[str, Callable[[sa.ColumnElement[Any]], sa.ColumnElement[Any]]] = {
    "plain": lambda value: value,
    "text": lambda value: sa.cast(value, sa.Text),
    "hex": lambda value: sa.func.encode(value, "hex"),
    # From the charset that the database declares to the same one: the bytes as stored.
    "bytes": lambda value: sa.func.convert_to(
        sa.cast(value, sa.Text), sa.func.getdatabaseencoding()
    ),
}


def backend(url: sa.URL, where: str) -> PostgresBackend:
    """The back end of a URL; a driver named in it is ignored. Raises UrlError."""
    rest = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        return PostgresBackend(conninfo_to_dict(rest), where)
    except psycopg.ProgrammingError:
        raise UrlError("its URL has parameters that PostgreSQL does not know") from None


def _dialect() -> sa.Dialect:
    dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
    dialect._backslash_escapes = False  # sessions set standard_conforming_strings
    return dialect


@dataclass(frozen=True, slots=True)
class PostgresBackend:
    """One database, by the parameters of libpq."""

    parameters: Mapping[str, Any] = field(repr=False)
    where: str
    dialect: sa.Dialect = field(default_factory=_dialect, repr=False)
    compares_rows: bool = True

    def columns(self, source: sa.FromClause) -> tuple[Column, ...]:
        """As `Backend.columns`. Texts of a database without a charset (SQL_ASCII) are read as bytes of UTF-8."""
        query = sa.select(sa.text("*")).select_from(source).limit(0)
        with describing(self.parameters, self.where) as connection:
            cursor = connection.execute(compiled(query, self.dialect).encode())
            no_charset = connection.info.parameter_status("server_encoding") == "SQL_ASCII"
            return tuple(_column(each, no_charset) for each in cursor.description or ())

    def selected(self, column: Column, value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """As `Backend.selected`."""
        return _ASKED[column.asked](value)

    def read(self, select: sa.Select[Any], columns: Sequence[Column]) -> pa.Table:
        """As `Backend.read`."""
        found = self._fetched(select)
        if odd := {at for at, column in enumerate(found.columns) if not arrays.in_range(column)}:
            # Infinity, years before 1 or after 9999: what ADBC makes of them is not the value.
            asked = [
                sa.cast(each, sa.Text).label(each.name) if at in odd else each
                for at, each in enumerate(select.selected_columns)
            ]
            found = self._fetched(select.with_only_columns(*asked, maintain_column_froms=True))
        return arrays.table(columns, [_storage(each) for each in found.columns])

    def write(self, statements: Sequence[ClauseElement]) -> None:
        """As `Backend.write`."""
        with writing(self.parameters, self.where) as cursor:
            for statement in statements:
                cursor.execute(compiled(statement, self.dialect).encode())

    def server(self) -> Server:
        """As `Backend.server`."""
        with describing(self.parameters, self.where) as connection:
            clock = connection.execute("SELECT clock_timestamp()").fetchone()
            number = connection.info.server_version
            charset = connection.info.parameter_status("server_encoding") or ""
        version = (number // 10000, number % 10000 if number >= 100000 else number // 100 % 100)
        return Server("PostgreSQL", version, OLDEST, charset, clock[0] if clock else None)

    def tables(self) -> tuple[str, ...]:
        """As `Backend.tables`; those of the session's own schema without its name."""
        with describing(self.parameters, self.where) as connection:
            rows = connection.execute(
                "SELECT CASE WHEN n.nspname = current_schema() THEN c.relname"
                " ELSE n.nspname || '.' || c.relname END FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND has_table_privilege(c.oid, 'SELECT')"
                " AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' ORDER BY 1"
            )
            return tuple(name for (name,) in rows)

    def facts(self, table: str) -> Facts:
        """As `Backend.facts`."""
        with describing(self.parameters, self.where) as connection:
            name = ".".join(
                psycopg.sql.Identifier(part).as_string(None) for part in table.split(".")
            )
            row = connection.execute(
                "SELECT reltuples::bigint, has_table_privilege(oid, 'INSERT, UPDATE, DELETE, TRUNCATE')"
                " FROM pg_class WHERE oid = to_regclass(%s)", (name,),
            ).fetchone()  # fmt: skip
            rows, writable = row if row else (None, None)
            return reflection.facts(
                "postgresql+psycopg://", connection, table,
                rows=rows if rows is not None and rows >= 0 else None, writable=writable,
            )  # fmt: skip

    def _fetched(self, select: sa.Select[Any]) -> pa.Table:
        with reading(self.parameters, self.where) as cursor:
            cursor.execute(compiled(select, self.dialect))
            return cursor.fetch_arrow_table()


def _column(described: psycopg.Column, no_charset: bool) -> Column:
    name, sql_type = described.name, described.type_display
    kind = sql_type if sql_type.endswith("[]") else sql_type.partition("(")[0]
    if kind in _TEXTS:
        text = Column(name, sql_type, pa.string(), is_text=True)
        return with_charset(text, "utf-8") if no_charset else text
    if kind == "numeric":  # ADBC hands on its text
        return Column(name, sql_type, arrays.exact(described.precision, described.scale))
    if kind == "bytea":
        return Column(name, sql_type, pa.string(), "hex")
    if arrow := _PLAIN.get(kind):
        return Column(name, sql_type, arrow)
    return Column(name, sql_type, pa.string(), "text")


def _storage(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole.storage if isinstance(whole, pa.ExtensionArray) else whole
