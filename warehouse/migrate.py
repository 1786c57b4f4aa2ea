"""Bringing a warehouse up to date: Alembic's revisions, then marts and roles, all in one transaction."""

from __future__ import annotations

import logging
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from hub.core.fingerprints import version_of
from warehouse import marts
from warehouse.copying import driver
from warehouse.tables.metadata import SCHEMAS

VERSION_TABLE = "schema_version"
_FOLDER = Path(__file__).parent
_LOCK = 0x68756201  # an arbitrary number of ours: migrations of one database run one after another
_log = logging.getLogger(__name__)


def migrate(engine: Engine) -> None:
    """Create or upgrade all schemas, tables, views and roles. Safe to call at any time, from several processes.

    Does nothing, quickly, when the database carries this code's version already.
    """
    wanted = _wanted()
    with engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if _stamp(connection) == wanted:
            return
        for schema in SCHEMAS:
            connection.exec_driver_sql(f"create schema if not exists {schema}")
        _upgrade(connection)
        for view in marts.files():
            _script(connection, view)
        _grant(connection)
        connection.exec_driver_sql(f"comment on schema ops is 'county data hub {wanted}'")


def compared(name: str | None, kind: str, parents: object) -> bool:
    """Which database objects Alembic compares with our metadata: our schemas without the views."""
    if kind == "schema":
        return name in SCHEMAS and name != "mart"
    return not (kind == "table" and name == VERSION_TABLE)


def _wanted() -> str:
    files = [
        *sorted((_FOLDER / "migrations" / "versions").glob("*.*")),
        *marts.files(),
        _FOLDER / "roles.sql",
    ]
    return version_of(*(part for file in files for part in (file.name, file.read_bytes())))


def _stamp(connection: Connection) -> str | None:
    if "ops" not in inspect(connection).get_schema_names():
        return None
    comment = connection.scalar(text("select obj_description('ops'::regnamespace)"))
    return str(comment).rsplit(" ", 1)[-1] if comment else None


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _script(connection: Connection, path: Path) -> None:
    """Run a file of several statements as it stands: a percent sign in it is no placeholder."""
    driver(connection).execute(path.read_bytes())


def _grant(connection: Connection) -> None:
    """Roles belong to the server, not to the database; without the right to make them, an administrator must."""
    may = connection.scalar(
        text("select rolsuper or rolcreaterole from pg_roles where rolname = current_user")
    )
    if not may:
        _log.warning("this account may not create roles: let an administrator run roles.sql")
        return
    _script(connection, _FOLDER / "roles.sql")
