"""Publishing reference data: catalogue, calendar, code lists and departments, whole, version by version."""

from __future__ import annotations

import io
from collections.abc import Mapping

import polars as pl
from sqlalchemy import Connection, text

from hub.core.fingerprints import version_of
from warehouse.copying import copy_frame
from warehouse.tables import CATALOGUE_TABLES, REFERENCE_TABLES

_KNOWN = {
    f"{table.schema}.{name}"
    for tables in (CATALOGUE_TABLES, REFERENCE_TABLES)
    for name, table in tables.items()
    if name != "release"
}


def replace(
    connection: Connection, frames: Mapping[str, pl.DataFrame], name: str, version: str
) -> bool:
    """Replace all rows of the tables (`schema.table` → frame) by the release `name` of that content version.

    Does nothing and returns False when that version is loaded already. Runs in the caller's transaction; rows are
    deleted, not truncated, so that whoever is reading keeps the release that he began with. Raises ValueError for
    a table that is no reference table.
    """
    if unknown := sorted(set(frames) - _KNOWN):
        raise ValueError(f"no reference table: {', '.join(unknown)}")
    connection.execute(
        text("select pg_advisory_xact_lock(hashtextextended('hub reference ' || :name, 0))"),
        {"name": name},
    )
    if loaded_version(connection, name) == version:
        return False
    _archive(connection, frames, name, version)
    for table, frame in frames.items():
        connection.exec_driver_sql(f"delete from {table}")  # noqa: S608 (a known table, see above)
        copy_frame(connection, table, frame)
    connection.execute(
        text(
            "insert into reference.release (name, version, loaded_at) values (:name, :version, now()) "
            "on conflict (name) do update set version = excluded.version, loaded_at = excluded.loaded_at"
        ),
        {"name": name, "version": version},
    )
    if name == "catalogue":
        connection.execute(
            text(
                "insert into catalogue.release (version, loaded_at) values (:version, now()) "
                "on conflict (version) do update set loaded_at = excluded.loaded_at"
            ),
            {"version": version},
        )
    return True


def _archive(
    connection: Connection, frames: Mapping[str, pl.DataFrame], name: str, version: str
) -> None:
    """Keep the release for good: what was found with it can be found again."""
    for table, frame in frames.items():
        content = io.BytesIO()
        frame.write_parquet(content, compression="zstd")
        connection.execute(
            text("""
                insert into reference.archive (name, version, table_name, content, loaded_at)
                values (:name, :version, :table, :content, now()) on conflict do nothing
            """),
            {"name": name, "version": version, "table": table, "content": content.getvalue()},
        )


def archived(connection: Connection, name: str, version: str) -> dict[str, pl.DataFrame]:
    """A release as it was loaded once: table → frame. Empty if this warehouse never loaded it."""
    rows = connection.execute(
        text(
            "select table_name, content from reference.archive where name = :name and version = :version"
        ),
        {"name": name, "version": version},
    )
    return {table: pl.read_parquet(io.BytesIO(content)) for table, content in rows}


def loaded_version(connection: Connection, name: str) -> str | None:
    """The content version of the release that is loaded, or None."""
    query = text("select version from reference.release where name = :name")
    found: str | None = connection.scalar(query, {"name": name})
    return found


def replace_calendar(connection: Connection, calendar: pl.DataFrame) -> bool:
    """Load a calendar alone, its version taken from its content."""
    frames = {"reference.calendar_day": calendar}
    return replace(connection, frames, "calendar", version_of(calendar.write_csv()))
