"""What the catalogue of a database says of a table, through SQLAlchemy's inspector on a session that is open."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import takewhile
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from connectors.sql import Facts


def facts(
    dialect_url: str, connection: Any, table: str, *, rows: int | None, writable: bool | None
) -> Facts:
    """Nullable columns, unique keys and indexes of `table` or `schema.table`; the rest as given.

    `connection` is a DBAPI connection and stays open. Raises what its driver raises when it is lost; a table that is
    not there, or a catalogue that does not answer, gives no facts.
    """
    engine = sa.create_engine(dialect_url, creator=lambda: connection, poolclass=StaticPool)
    spelling = _spelling(engine.dialect)
    schema, _, name = table.rpartition(".")
    try:
        with warnings.catch_warnings():
            # A type that SQLAlchemy has no name for is none of our business here.
            warnings.simplefilter("ignore", sa.exc.SAWarning)
            nullable, unique, indexes = _reflected(sa.inspect(engine), name, schema or None)
    except sa.exc.NoSuchTableError:
        return Facts(rows=rows, writable=writable)
    except sa.exc.DBAPIError as failure:
        if failure.connection_invalidated and failure.orig is not None:
            raise failure.orig from None
        # A server too old for SQLAlchemy's questions, or an account that may not ask them: reading goes without.
        return Facts(rows=rows, writable=writable)
    return Facts(
        frozenset(map(spelling, nullable)), tuple(tuple(map(spelling, key)) for key in unique),
        tuple(tuple(map(spelling, key)) for key in dict.fromkeys((*unique, *indexes))),
        rows, writable,
    )  # fmt: skip


Keys = list[tuple[str, ...]]


def _reflected(
    inspector: sa.Inspector, name: str, schema: str | None
) -> tuple[list[str], Keys, Keys]:
    nullable = [each["name"] for each in inspector.get_columns(name, schema) if each["nullable"]]
    indexes = inspector.get_indexes(name, schema)
    unique: list[list[Any]] = [
        inspector.get_pk_constraint(name, schema)["constrained_columns"],
        *(each["column_names"] for each in inspector.get_unique_constraints(name, schema)),
        *(each["column_names"] for each in indexes if each["unique"]),
    ]
    # An index on an expression has None in its place: it leads to no row by columns.
    return (
        nullable,
        [tuple(key) for key in unique if key and None not in key],
        [tuple(takewhile(bool, each["column_names"])) for each in indexes],  # type: ignore[arg-type]
    )


def _spelling(dialect: sa.Dialect) -> Callable[[str], str]:
    """SQLAlchemy writes Oracle's capitals in small letters; we spell names as the database does."""
    if not dialect.requires_name_normalize:
        return lambda name: name
    return lambda name: str(dialect.denormalize_name(name))
