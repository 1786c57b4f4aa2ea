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
HASH = "_hash"
"""The row's fingerprint over keys and owned values, as this side computes it."""


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
    """Per entity that the dataset owns columns of: the rows to stage, with MARKS and HASH."""
    marks = rows.filter(pl.col("winner") & pl.col("fate").is_in(["landed", "unchanged"])).select(
        SRC, _key="record_key", _version="source_version", _gone="deleted", _landed=pl.col("fate") == "landed",
    )  # fmt: skip
    staged = {}
    for name, frame in landing.entities.items():
        wanted = columns(ENTITIES[name], landing.owned[name])
        said = frame.select(SRC, *(column.name for column in wanted))
        joined = said.join(marks, on=SRC, how="inner", maintain_order="left")
        staged[name] = joined.with_columns(row_hash(wanted).alias(HASH))
    return staged


def fill(connection: Connection, landing: Landing, staged: dict[str, pl.DataFrame]) -> None:
    """Make the temporary tables (dropped at commit) and COPY the frames into them.

    Of unchanged rows only the key is staged: nothing of them is written, and they are proved from core.
    """
    for name, frame in staged.items():
        entity = ENTITIES[name]
        declared = [f"{mark} {kind}" for mark, kind in MARKS.items()]
        wanted = columns(entity, landing.owned[name])
        for column in wanted:
            kind = SQL_TYPES[column.kind].compile(connection.dialect)
            declared.append(f"{quoted(column.name)} {kind}")
        connection.exec_driver_sql(f"drop table if exists pg_temp.{table(entity)}")
        connection.exec_driver_sql(
            f"create temp table {table(entity)} ({', '.join(declared)}) on commit drop"
        )
        values = [column.name for column in wanted if column.name not in entity.key]
        copy_frame(
            connection, table(entity),
            frame.drop(HASH).with_columns(pl.when("_landed").then(pl.col(n)).alias(n) for n in values),
        )  # fmt: skip


def lands(frame: pl.DataFrame) -> bool:
    """Whether any of the staged rows is to be merged."""
    return bool(frame["_landed"].any())


def hashes(staged: dict[str, pl.DataFrame]) -> pl.Series:
    """Fingerprints over keys and owned values of all staged rows that the source has not deleted."""
    parts = [frame.filter(pl.col("_gone").not_()).select(HASH) for frame in staged.values()]
    return pl.concat([pl.DataFrame(schema={HASH: pl.String()}), *parts])[HASH]
