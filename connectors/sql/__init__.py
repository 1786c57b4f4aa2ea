"""SQL databases behind one interface: what the access methods `database` and `exchange` stand on.

SQLAlchemy Core builds every statement, a back end executes it and gives Arrow. A back end holds no session between
two calls: a chunk is read in a short read-only session of its own, which is over when its table is handed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from hub.core.errors import SourceRefused

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy import URL, ColumnElement, Dialect, FromClause, Select
    from sqlalchemy.sql import ClauseElement

MODULES = {
    "postgresql": "postgres", "postgres": "postgres", "kingbase": "postgres", "mysql": "mysql",
    "mariadb": "mysql", "sqlite": "sqlite", "oracle": "oracle", "mssql": "odbc", "odbc": "odbc",
}  # fmt: skip
"""Scheme of a connection URL, without the driver → module. A driver `pyodbc` goes to `odbc`, whatever the scheme."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the database has it, and how it travels.

    `asked`: plain as it is; else, because the driver would change it, the database's own `text` of it, a `number` of
    a kind that arrives exactly, or the `hex` digits of bytes. `bytes`: a text as stored, which
    `connectors.sql.charsets` decodes.
    """

    name: str
    """As spelled in the database."""
    sql_type: str
    arrow: pa.DataType
    """What `Backend.read` gives. A value that it cannot hold makes the column of that chunk text."""
    asked: Literal["plain", "text", "number", "hex", "bytes"] = "plain"
    is_text: bool = False
    charset: str | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """What answers at a connection."""

    product: str
    version: tuple[int, ...]
    oldest: tuple[int, ...]
    """The oldest version that the back end is written for."""
    charset: str
    clock: datetime | None
    """Its time now, with zone; None where it has no clock of its own (a file)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the catalogue of the database says of a table; None where it says nothing."""

    nullable: frozenset[str] | None = None
    unique: tuple[tuple[str, ...], ...] = ()
    """Columns of the primary key and of each unique constraint or index."""
    indexes: tuple[tuple[str, ...], ...] = ()
    """Columns of each index in their order, those of `unique` included."""
    rows: int | None = None
    """An estimate from statistics, never a count that runs for hours."""
    writable: bool | None = None
    """Whether this account may change the table."""


class Backend(Protocol):
    """One way to reach a SQL database.

    All methods raise SourceUnavailable for what may heal and SourceRefused for what will not; the messages name
    tables, columns and error codes, never values.
    """

    @property
    def dialect(self) -> Dialect:
        """How statements are compiled: quoting, limits, literals."""

    @property
    def compares_rows(self) -> bool:
        """Whether `(a, b) > (1, 2)` is known and can use an index."""

    def columns(self, source: FromClause) -> tuple[Column, ...]:
        """The columns of a table or subquery (`connectors.sql.selects`), in its order. Reads no row."""

    def selected(self, column: Column, value: ColumnElement[Any]) -> ColumnElement[Any]:
        """How to ask for `value`, which is of the type of `column`, so that it arrives unharmed."""

    def read(self, select: Select[Any], columns: Sequence[Column]) -> pa.Table:
        """The rows of a query as Arrow; its expressions are `selected` for `columns`, one each, in their order.

        The whole answer is in memory: give the query a limit of at most CHUNK_ROWS.
        """

    def write(self, statements: Sequence[ClauseElement]) -> None:
        """Execute in one transaction. Only for the flag of an exchange database."""

    def server(self) -> Server:
        """What answers."""

    def tables(self) -> tuple[str, ...]:
        """The tables and views that this account sees, without those of the system: `table` or `schema.table`."""

    def facts(self, table: str) -> Facts:
        """What the catalogue says of `table` or `schema.table`."""


class UrlError(ValueError):
    """A connection URL is not of the kind that is needed; the message does not show it."""


def open_backend(url: str, where: str) -> Backend:
    """The back end for a connection URL. `where` names department and dataset in messages. No I/O.

    Raises UrlError. A missing driver shows as SourceRefused at the first query.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise UrlError("its URL must look like postgresql://user:password@host/database") from None
    scheme, _, driver = parsed.drivername.partition("+")
    name = "odbc" if driver == "pyodbc" else MODULES.get(scheme)
    if name is None:
        raise UrlError(f"'{scheme}' is no known database; known: {', '.join(MODULES)}")
    return cast(_Module, import_module(f"connectors.sql.{name}")).backend(parsed, where)


class _Module(Protocol):
    def backend(self, url: URL, where: str) -> Backend: ...


def with_charset(column: Column, charset: str | None) -> Column:
    """The column read as bytes of that charset, if it is a text."""
    import pyarrow as pa

    if charset is None or not column.is_text:
        return column
    return replace(column, asked="bytes", charset=charset, arrow=pa.binary())


def missing(what: str, remedy: str, where: str) -> SourceRefused:
    """What to raise when a driver is not installed."""
    return SourceRefused(f"{what} is not installed", where=where, remedy=remedy)
