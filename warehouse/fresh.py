"""The short way for a batch of which the warehouse knows no record, such as a first load: COPY straight into core.

Nothing is staged, compared or merged. The table's own key is the guard: if core holds a row of the same key, from
another dataset or another record, nothing of it is written and the batch goes the long way.
"""

# ruff: noqa: S608 (statements are made of our own table and column names; values are binds)

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import psycopg
from sqlalchemy import Connection, text

from hub.core.batches import SRC, BatchHeader, Landing
from hub.core.entities import ENTITIES, Entity
from warehouse.copying import copy_frame
from warehouse.fingerprints import LaneSums, lane_sums, qualified, row_hash
from warehouse.merge import core, run
from warehouse.stage import HASH, columns

_FROM_MARKS = {"record_key": "_key", "source_version": "_version", "raw_row": SRC, "row_hash": HASH}


def insert(connection: Connection, landing: Landing, staged: dict[str, pl.DataFrame]) -> bool:
    """Insert all staged rows, all or none; returns whether they were."""
    if any(frame["_gone"].any() for frame in staged.values()):
        return False
    attempt = connection.begin_nested()
    try:
        for name, frame in staged.items():
            _copy(connection, landing, ENTITIES[name], frame)
    except psycopg.errors.UniqueViolation:
        attempt.rollback()
        return False
    attempt.commit()
    return True


def _copy(connection: Connection, landing: Landing, entity: Entity, frame: pl.DataFrame) -> None:
    header = landing.header
    own = [column.name for column in columns(entity, landing.owned[entity.name])]
    now = connection.execute(text("select now()")).scalar_one()
    copy_frame(
        connection, f"core.{entity.name}",
        frame.select(**{name: pl.col(mark) for name, mark in _FROM_MARKS.items()}, **{n: pl.col(n) for n in own}),
        department=pl.lit(header.department), dataset=pl.lit(header.dataset),
        batch_id=pl.lit(header.batch_id), landed_at=pl.lit(now).cast(pl.Datetime("us", "UTC")),
    )  # fmt: skip


def landed_sums(
    connection: Connection, header: BatchHeader, entity: Entity, owned: Sequence[str]
) -> LaneSums:
    """The landed side of the proof: fingerprints, computed by PostgreSQL from core, of all rows of this batch."""
    wanted = columns(entity, owned)
    hashed = row_hash(wanted, qualified(wanted, "c"))
    result = run(
        connection, header,
        f"select {lane_sums('hash')} from (select {hashed} as hash from {core(entity)} c "
        "where c.batch_id = cast(:batch as uuid) offset 0) hashed",
    ).one()  # fmt: skip
    return LaneSums(result[0], tuple(result[1:]))
