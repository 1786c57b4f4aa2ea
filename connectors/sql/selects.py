"""The parts of SQLAlchemy Core that queries on a source are made of. Names are always quoted: exactly as spelled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.elements import quoted_name

from connectors.sql import Backend, Column

Value = Any
"""int, Decimal, float, str, bool, date or datetime: what Arrow gives for a value of a key or cursor column."""


def table(name: str) -> sa.TableClause:
    """`table` or `schema.table`."""
    schema, _, own = name.rpartition(".")
    return sa.table(exact(own), schema=exact(schema) if schema else None)


def subquery(query: str) -> sa.FromClause:
    """A SELECT of the department's own as something to select from."""
    # The line end closes a comment that the query may end with.
    text = query.strip().rstrip(";").replace(":", "\\:") + "\n"
    return sa.text(text).columns().alias("hub_query")


def exact(name: str) -> quoted_name:
    """A name that is quoted whatever its case."""
    return quoted_name(name, quote=True)


def column(name: str) -> sa.ColumnClause[Any]:
    """A column as the database has it, without a type: literals beside it are rendered by their own."""
    return sa.column(exact(name))


def select(backend: Backend, columns: Sequence[Column], source: sa.FromClause) -> sa.Select[Any]:
    """All of those columns, so that they arrive unharmed.

    They come under names of our own: ORDER BY a column would else mean the text that it was turned into.
    """
    asked: list[Any] = [
        backend.selected(each, column(each.name)).label(f"hub_{at}")
        for at, each in enumerate(columns)
    ]
    return sa.select(*asked).select_from(source)


def after(
    backend: Backend, columns: Sequence[Column], values: Sequence[Value]
) -> sa.ColumnElement[bool]:
    """The condition that a row lies behind a position, in the order of those columns.

    Where the database cannot compare rows by an index: `c >= :a AND (c > :a OR (c = :a AND k > :b))`; the first part
    says nothing new, it lets an index on c find the place.
    """
    names = [column(each.name) for each in columns]
    literals = [literal(backend, *pair) for pair in zip(columns, values, strict=True)]
    if len(names) == 1:
        return names[0] > literals[0]
    if backend.compares_rows:
        return sa.tuple_(*names) > sa.tuple_(*literals)
    return sa.and_(names[0] >= literals[0], _behind(names, literals))


def _behind(
    names: Sequence[sa.ColumnElement[Any]], literals: Sequence[sa.ColumnElement[Any]]
) -> sa.ColumnElement[bool]:
    first, bound = names[0], literals[0]
    if len(names) == 1:
        return first > bound
    return sa.or_(first > bound, sa.and_(first == bound, _behind(names[1:], literals[1:])))


def among(
    backend: Backend, columns: Sequence[Column], keys: Sequence[Sequence[Value]]
) -> sa.ColumnElement[bool]:
    """The condition that a row's columns hold one of these keys."""
    names = [column(each.name) for each in columns]
    if len(names) == 1:
        return names[0].in_([literal(backend, columns[0], key[0]) for key in keys])
    return sa.or_(
        *(
            sa.and_(*(
                name == literal(backend, each, value)
                for name, each, value in zip(names, columns, key, strict=True)
            ))
            for key in keys
        )
    )  # fmt: skip


def literal(backend: Backend, column: Column, value: Value) -> sa.ColumnElement[Any]:
    """A value of that column of a source as it stands in a statement.

    Not a bound parameter: PostgreSQL gives a quoted literal the column's own type (a parameter of type text does not
    meet an index on char(n)), and arrow-odbc binds nothing but text. SQLAlchemy's dialects do the quoting.
    """
    if isinstance(value, dt.datetime):
        return _moment(backend.dialect.name, column, value)
    if isinstance(value, str) and not value.isascii():
        return sa.literal(value, sa.Unicode())
    return sa.literal(value)


def _moment(dialect: str, column: Column, value: dt.datetime) -> sa.ColumnElement[Any]:
    if dialect == "mssql":
        # The T makes it readable in every language setting; DATETIME takes at most three digits.
        digits = "milliseconds" if value.microsecond % 1000 == 0 else "microseconds"
        return sa.cast(sa.literal(value.isoformat("T", digits)), Named(column.sql_type))
    if dialect in ("mysql", "mariadb") and value.tzinfo:
        return sa.literal(value.astimezone(dt.UTC).replace(tzinfo=None))  # the sessions' own zone
    if dialect == "oracle" and value.tzinfo:
        text = value.isoformat(" ", "microseconds")
        return sa.func.to_timestamp_tz(text, "YYYY-MM-DD HH24:MI:SS.FFTZH:TZM")
    return sa.literal(value)


class Named(sa.types.UserDefinedType[Any]):
    """A type by the name that the database has for it."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        """As it stands in a CAST."""
        return self.name


def compiled(statement: ClauseElement, dialect: sa.Dialect) -> str:
    """The statement as text with its values in it. The dialect's paramstyle must not be one that doubles `%`."""
    return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
