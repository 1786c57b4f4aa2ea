"""Engines and databases: the warehouse itself, and other databases of the same server."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import sql
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from hub.core.errors import SourceUnavailable
from hub.core.settings import TIME_ZONE, Settings
from warehouse import server

DATABASE = "hub"
_SESSION = {"options": f"-c timezone={TIME_ZONE}", "application_name": "hub"}


def open_engine(settings: Settings) -> Engine:
    """The warehouse: HUB_WAREHOUSE_URL, or the database `hub` of the embedded server, made if it is not there."""
    return connect(settings.warehouse_url or database_url(settings, DATABASE))


def connect(url: str) -> Engine:
    """An engine whose connections think in Asia/Shanghai and say that they are the hub."""
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        connect_args=_SESSION,
        pool_pre_ping=True,
        hide_parameters=True,
    )


def database_url(settings: Settings, name: str) -> str:
    """The SQLAlchemy URL of a database beside the warehouse, made if it is not there."""
    base = settings.warehouse_url or server.ensure(settings)
    return create_database(base, name)


def create_database(base_url: str, name: str, template: str | None = None) -> str:
    """Make a database on that server, unless it exists, and return its URL."""
    statement = sql.SQL("create database {} template {} strategy {}").format(
        sql.Identifier(name), sql.Identifier(template or "template1"),
        sql.SQL("file_copy" if template else "wal_log"),
    )  # fmt: skip
    with _maintenance(base_url) as connection:
        found = connection.execute("select 1 from pg_database where datname = %s", (name,))
        if found.fetchone() is None:
            faster = (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation)
            with contextlib.suppress(*faster):  # another process was
                connection.execute(statement)
    return server.database_of(base_url, name)


def drop_databases(settings: Settings, names: Sequence[str]) -> None:
    """Drop databases of the server with all that is in them, ending the connections that use them."""
    base = settings.warehouse_url or server.ensure(settings)
    drop(base, names)


def drop(base_url: str, names: Sequence[str]) -> None:
    """The same for the server of that URL."""
    with _maintenance(base_url) as connection:
        for name in names:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )


@contextmanager
def answering() -> Iterator[None]:
    """Turn what the driver raises when the warehouse goes away, or cannot go on, into SourceUnavailable."""
    try:
        yield
    except (DBAPIError, psycopg.Error) as failure:
        if (away := unavailable(failure)) is None:
            raise
        raise away from None


def unavailable(failure: Exception) -> SourceUnavailable | None:
    """The error for a warehouse that restarts, is full, or is out of connections or locks; None for anything else."""
    cause = failure.orig if isinstance(failure, DBAPIError) else failure
    if not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return None
    state = getattr(cause, "sqlstate", None)
    said = f"{type(cause).__name__}, {state}" if state else type(cause).__name__
    return SourceUnavailable(
        f"the warehouse does not answer, or could not go on ({said})", where="HUB_WAREHOUSE_URL",
        remedy="check the server and its disk, then run again: what has landed stays, the rest is read again",
    )  # fmt: skip


@contextmanager
def scratch(settings: Settings) -> Iterator[Engine]:
    """A migrated, empty warehouse in a database of its own, dropped at the end. For the rules' own tests."""
    from warehouse.migrate import migrate

    base = settings.warehouse_url or server.ensure(settings)
    name = f"scratch_{os.urandom(6).hex()}"
    engine = create_engine_without_pool(create_database(base, name))
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()
        drop(base, [name])


def create_engine_without_pool(url: str) -> Engine:
    """An engine that keeps no connection: its database can be dropped or copied at any time."""
    return create_engine(
        make_url(url),
        connect_args=_SESSION,
        poolclass=NullPool,
        hide_parameters=True,
    )


@contextmanager
def _maintenance(base_url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    url = make_url(server.database_of(base_url, server.SUPERUSER)).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        yield connection
