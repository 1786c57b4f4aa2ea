"""Sessions on a department's PostgreSQL, and errors that say whether to try again.

Reading sessions are READ ONLY for the server as well. Messages name tables, columns and SQLSTATE, never values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import adbc_driver_manager
import adbc_driver_postgresql.dbapi
import psycopg
from psycopg.conninfo import make_conninfo

from hub.core.errors import HubError, SourceRefused, SourceUnavailable
from hub.core.settings import TIME_ZONE

LOCK_TIMEOUT = "60s"
SQLSTATES_THAT_HEAL = ("08", "40", "53", "55", "57", "58")
"""Classes: connection, serialization, resources, locks, operator intervention, system."""
REMEDIES = {
    "42501": "have the department grant what is missing, nothing more",
    "42P01": "compare 'table' in source.yml with the database; names are spelled exactly",
    "42703": "compare the columns in source.yml with the database; names are spelled exactly",
    "22021": "its text is not of the charset that the database declares: have it read as bytes",
    "25006": "ask what reading this table changes: the hub only reads",
}
_BUSY = ("too many", "connection slots")


@contextmanager
def reading(parameters: Mapping[str, Any], where: str) -> Iterator[Any]:
    """An ADBC cursor in a READ ONLY transaction. Raises SourceUnavailable or SourceRefused, also for its body."""
    with ExitStack() as stack:
        conninfo = _conninfo(parameters, "-c default_transaction_read_only=on")
        with _connecting(conninfo, where):
            connection = stack.enter_context(adbc_driver_postgresql.dbapi.connect(conninfo))
        with _querying(where):
            yield stack.enter_context(connection.cursor())


@contextmanager
def describing(parameters: Mapping[str, Any], where: str) -> Iterator[psycopg.Connection[Any]]:
    """A READ ONLY psycopg connection in autocommit, for what ADBC does not tell. Raises as `reading` does."""
    with ExitStack() as stack:
        conninfo = _conninfo(parameters, "-c default_transaction_read_only=on")
        with _connecting(conninfo, where):
            connection = stack.enter_context(psycopg.connect(conninfo, autocommit=True))
        with _querying(where):
            yield connection


@contextmanager
def writing(parameters: Mapping[str, Any], where: str) -> Iterator[psycopg.Cursor[Any]]:
    """A psycopg cursor in one transaction, committed at the end. Raises as `reading` does."""
    with ExitStack() as stack:
        conninfo = _conninfo(parameters, "")
        with _connecting(conninfo, where):
            connection = psycopg.connect(conninfo)
        with _querying(where):
            stack.enter_context(connection)
            with connection.cursor() as cursor:
                yield cursor


def _conninfo(parameters: Mapping[str, Any], options: str) -> str:
    own = f"-c timezone={TIME_ZONE} -c lock_timeout={LOCK_TIMEOUT}"
    own = f"{own} -c standard_conforming_strings=on {options}"
    defaults = {"connect_timeout": "10", "application_name": "hub", "client_encoding": "UTF8"}
    merged = {**defaults, **parameters, "options": f"{parameters.get('options', '')} {own}".strip()}
    return make_conninfo(**merged)


@contextmanager
def _connecting(conninfo: str, where: str) -> Iterator[None]:
    try:
        yield
    except (adbc_driver_manager.Error, psycopg.Error) as failure:
        # libpq gives no SQLSTATE for a failed connection: ask whether the server answers at all.
        answers = psycopg.pq.PGconn.ping(conninfo.encode()) == psycopg.pq.Ping.OK
        said = " ".join(str(failure).split())
        said = said.rpartition("failed: ")[2][:200]
        if answers and not any(word in said for word in _BUSY):
            raise SourceRefused(
                f"the server refuses the connection ({said})", where=where,
                remedy="check user, password and database of the connection",
            ) from None  # fmt: skip
        raise SourceUnavailable(
            f"no connection ({said})",
            where=where,
            remedy="check network and server, then run again",
        ) from None


@contextmanager
def _querying(where: str) -> Iterator[None]:
    try:
        yield
    except (adbc_driver_manager.Error, psycopg.Error) as failure:
        raise _translated(failure, where) from None


def _translated(failure: adbc_driver_manager.Error | psycopg.Error, where: str) -> HubError:
    state = failure.sqlstate or ""
    if not state or state[:2] in SQLSTATES_THAT_HEAL:
        return SourceUnavailable(
            f"the query did not finish (SQLSTATE {state or 'none'})",
            where=where,
            remedy="run again later",
        )
    # Messages of these classes hold names of tables, columns and users; those of others may hold values.
    primary = _primary(failure) if state[:2] in ("25", "28", "42") else ""
    return SourceRefused(
        f"{primary or 'the query is refused'} (SQLSTATE {state})", where=where,
        remedy=REMEDIES.get(state, "ask the department's administrator"),
    )  # fmt: skip


def _primary(failure: adbc_driver_manager.Error | psycopg.Error) -> str:
    if isinstance(failure, psycopg.Error):
        return failure.diag.message_primary or ""
    for key, value in failure.details or ():
        if _text(key) == "PG_DIAG_MESSAGE_PRIMARY":
            return _text(value)
    return ""


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
