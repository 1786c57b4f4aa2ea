"""Temporary tables of one landing: per entity the winners' rows that are landed or unchanged."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from sqlalchemy import Connection

from hub.core.batches import SRC, Landing
from hub.core.entities import ENTITIES, Column, Entity
from hub.core.fingerprints import row_hash
from warehouse.copying import copy_frame
from warehouse.fingerprints import quoted
from warehouse.tables.core import SQL_TYPES

MARKS = {
    SRC: "bigint", "_key": "text", "_version": "bigint", "_gone": "boolean", "_landed": "boolean",
}  # fmt: skip
"""What each staged row carries of its record: position, key, version, deleted at the source, whether it is to be
merged (landed) or only to be proved (unchanged)."""


def table(entity: Entity) -> str:
    """The name of the entity's temporary table."""
    return f"stage_{entity.name}"


def key_names(entity: Entity) -> list[str]:
    """The part of the entity's key that frames carry: a landing has one department."""
    return [name for name in entity.key if name in entity.names]


def columns(entity: Entity, owned: Sequence[str]) -> list[Column]:
    """The entity's columns that a dataset writes: key and owned, in the entity's order."""
    wanted = {*entity.key, *owned}
    return [column for column in entity.columns if column.name in wanted]


def frames(landing: Landing, rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Per entity that the dataset owns columns of: the rows to stage, with MARKS."""
    marks = rows.filter(pl.col("winner") & pl.col("fate").is_in(["landed", "unchanged"])).select(
        SRC, _key="record_key", _version="source_version", _gone="deleted", _landed=pl.col("fate") == "landed",
    )  # fmt: skip
    return {
        name: frame.select(
            SRC, *(column.name for column in columns(ENTITIES[name], landing.owned[name]))
        ).join(marks, on=SRC, how="inner")
        for name, frame in landing.entities.items()
    }


def fill(connection: Connection, landing: Landing, staged: dict[str, pl.DataFrame]) -> None:
    """Make the temporary tables (dropped at commit) and COPY the frames into them."""
    for name, frame in staged.items():
        entity = ENTITIES[name]
        declared = [f"{mark} {kind}" for mark, kind in MARKS.items()]
        for column in columns(entity, landing.owned[name]):
            kind = SQL_TYPES[column.kind].compile(connection.dialect)
            declared.append(f"{quoted(column.name)} {kind}")
        connection.exec_driver_sql(f"drop table if exists pg_temp.{table(entity)}")
        connection.exec_driver_sql(
            f"create temp table {table(entity)} ({', '.join(declared)}) on commit drop"
        )
        copy_frame(connection, table(entity), frame)


def hashes(landing: Landing, staged: dict[str, pl.DataFrame]) -> pl.Series:
    """Fingerprints over keys and owned values of all staged rows that the source has not deleted."""
    parts = [
        frame.filter(pl.col("_gone").not_()).select(
            row_hash(columns(ENTITIES[name], landing.owned[name])).alias("hash")
        )
        for name, frame in staged.items()
    ]
    return pl.concat([pl.DataFrame(schema={"hash": pl.String()}), *parts])["hash"]
