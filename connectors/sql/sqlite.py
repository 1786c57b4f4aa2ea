"""SQLite, opened read-only by the standard library's driver.

A column's declared type is a hint there, and any value may stand in it. What fits travels as the declared type, and
a chunk in which something does not fit has that column as text. Dates are texts or numbers there: they stay so.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ClauseElement

from connectors.sql import Column, Facts, Server, UrlError, arrays, reflection
from connectors.sql.selects import compiled
from hub.core.errors import SourceRefused, SourceUnavailable

OLDEST = (3, 15, 0)
SECONDS_FOR_A_LOCK = 10
_HEALING = {"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_PROTOCOL"}
_NUMERIC = re.compile(
    r"^(?:DECIMAL|NUMERIC|NUMBER)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)$", re.IGNORECASE
)

_ASKED: dict[str, Callable[[sa.ColumnElement[Any]], sa.ColumnElement[Any]]] = {
    "plain": lambda value: value,
    # hex() makes an empty text of null.
    "hex": lambda value: sa.case((value.is_not(None), sa.func.lower(sa.func.hex(value)))),
    "bytes": lambda value: sa.cast(value, sa.BLOB),
}


def backend(url: sa.URL, where: str) -> SqliteBackend:
    """The back end of sqlite:////path/to/file. Raises UrlError."""
    if not url.database or url.host:
        raise UrlError("its URL must look like sqlite:////path/to/file")
    return SqliteBackend(Path(url.database), where)


@dataclass(frozen=True, slots=True)
class SqliteBackend:
    """One file."""

    path: Path
    where: str
    dialect: sa.Dialect = field(
        default_factory=lambda: sqlite.dialect(paramstyle="qmark"), repr=False
    )
    compares_rows: bool = True

    def columns(self, source: sa.FromClause) -> tuple[Column, ...]:
        """As `Backend.columns`. The columns of a query have no declared type: they are read as text."""
        query = compiled(sa.select(sa.text("*")).select_from(source).limit(0), self.dialect)
        with self._session() as session:
            names = [each[0] for each in session.execute(query).description]
            declared = {}
            if isinstance(source, sa.TableClause):
                found = session.execute(
                    "SELECT name, type FROM pragma_table_xinfo(?, ?)",
                    (source.name, source.schema or "main"),
                )
                declared = dict(found.fetchall())
        return tuple(_column(name, declared.get(name, "")) for name in names)

    def selected(self, column: Column, value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """As `Backend.selected`."""
        return _ASKED[column.asked](value)

    def read(self, select: sa.Select[Any], columns: Sequence[Column]) -> pa.Table:
        """As `Backend.read`."""
        query = compiled(select, self.dialect)
        with self._session() as session:
            try:
                rows = session.execute(query).fetchall()
            except sqlite3.OperationalError as failure:
                if "decode to UTF-8" not in str(failure):
                    raise
                session.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
                rows = session.execute(query).fetchall()
                return _with_bytes(columns, rows)
        return arrays.from_rows(columns, rows)

    def write(self, statements: Sequence[ClauseElement]) -> None:
        """As `Backend.write`."""
        with self._session("rw") as session, session:
            for statement in statements:
                session.execute(compiled(statement, self.dialect))

    def server(self) -> Server:
        """As `Backend.server`."""
        with self._session() as session:
            (charset,) = session.execute("PRAGMA encoding").fetchone()
        return Server("SQLite", sqlite3.sqlite_version_info, OLDEST, charset, None)

    def tables(self) -> tuple[str, ...]:
        """As `Backend.tables`."""
        with self._session() as session:
            found = session.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
                " AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name"
            )
            return tuple(name for (name,) in found)

    def facts(self, table: str) -> Facts:
        """As `Backend.facts`."""
        with self._session() as session:
            writable = os.access(self.path, os.W_OK)
            return reflection.facts("sqlite://", session, table, rows=None, writable=writable)

    @contextmanager
    def _session(self, mode: str = "ro") -> Iterator[sqlite3.Connection]:
        try:
            uri = f"{self.path.absolute().as_uri()}?mode={mode}"
            with closing(sqlite3.connect(uri, uri=True, timeout=SECONDS_FOR_A_LOCK)) as session:
                yield session
        except sqlite3.Error as failure:
            raise self._translated(failure) from None

    def _translated(self, failure: sqlite3.Error) -> SourceUnavailable | SourceRefused:
        name = getattr(failure, "sqlite_errorname", "SQLITE_ERROR")
        if any(name.startswith(healing) for healing in _HEALING):
            return SourceUnavailable(
                f"the file does not answer ({name})", where=self.where,
                remedy="check that the file is there and readable, then run again",
            )  # fmt: skip
        # Messages of this class name tables and columns.
        said = str(failure) if str(failure).startswith("no such") else "the query is refused"
        return SourceRefused(
            f"{said} ({name})", where=self.where,
            remedy="compare source.yml with the database; names are spelled exactly",
        )  # fmt: skip


def _column(name: str, declared: str) -> Column:
    """By SQLite's rules of affinity, of which a declared DECIMAL(p, s) is our refinement."""
    kind = declared.upper()
    if numeric := _NUMERIC.match(kind):
        return Column(name, declared, arrays.exact(int(numeric[1]), int(numeric[2] or 0)))
    if "INT" in kind:
        return Column(name, declared, pa.int64())
    if any(word in kind for word in ("CHAR", "CLOB", "TEXT")):
        return Column(name, declared, pa.string(), is_text=True)
    if "BLOB" in kind:
        return Column(name, declared, pa.string(), "hex")
    if any(word in kind for word in ("REAL", "FLOA", "DOUB")):
        return Column(name, declared, pa.float64())
    return Column(name, declared, pa.string(), is_text=not kind)


def _with_bytes(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows in which bytes that are no UTF-8 stand as surrogates: columns that hold such come as their bytes."""
    fields = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        if column.is_text and not all(map(_is_sound, values)):
            fields.append(pa.array(map(_stored, values), pa.binary()))
        else:
            sound = [value if _is_sound(value) else _stored(value) for value in values]
            fields.append(arrays.values(column.arrow, sound))
    return pa.Table.from_arrays(fields, names=[column.name for column in columns])


def _stored(value: Any) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    return str(value).encode("utf-8", "surrogateescape")


def _is_sound(value: Any) -> bool:
    try:
        return not isinstance(value, str) or value.encode() is not None
    except UnicodeEncodeError:
        return False
