"""core and history: derived from the canonical entities.

`core` holds what departments last reported, one row per entity key. `history` holds every earlier version of every
core row, append only: a row is copied there by the batch that is about to change it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Numeric, Table, Text
from sqlalchemy import PrimaryKeyConstraint as PrimaryKey
from sqlalchemy import text as raw
from sqlalchemy.types import TypeEngine

from hub.core.entities import CASE, ENTITIES, FEE, LINEAGE, Entity, Kind
from warehouse.tables.metadata import IDENTIFIER, INSTANT, METADATA, MONEY

SQL_TYPES: dict[Kind, TypeEngine[Any]] = {
    Kind.TEXT: Text(),
    Kind.TIMESTAMP: INSTANT,
    Kind.DATE: Date(),
    Kind.MONEY: MONEY,
    Kind.NUMBER: Numeric(18, 4),
    Kind.INTEGER: BigInteger(),
    Kind.BOOLEAN: Boolean(),
    Kind.UUID: IDENTIFIER,
}


def lineage_names() -> tuple[str, ...]:
    """Names of the common columns, in order."""
    return tuple(column.name for column in LINEAGE)


def _columns(entity: Entity, keep_required: bool) -> list[Column[Any]]:
    return [
        Column(column.name, SQL_TYPES[column.kind], nullable=not (column.required and keep_required))
        for column in (*LINEAGE, *entity.columns)
    ]  # fmt: skip


def _indexes(entity: Entity) -> list[Index]:
    """Beside the key: what a batch changed, and what a record reports. Each index costs every landing.

    The registry tells which records report a case, so there the second is not needed.
    """
    indexes = [Index(None, "batch_id")]
    if entity.name == CASE.name:
        # Supervision looks at every open case in every run: their clock ticks without data.
        running = raw("decided_at is null and closed_at is null")
        indexes.append(Index("case_open_idx", "case_id", postgresql_where=running))
        # And which departments report deliveries at all, and (below) receipts.
        delivered = raw("delivered_at is not null and deleted_at is null")
        indexes.append(Index("case_delivered_idx", "department", postgresql_where=delivered))
    else:
        indexes.append(Index(None, "record_key"))
    if entity.name == FEE.name:
        receipted = raw("coalesce(trim(receipt_no), '') <> '' and deleted_at is null")
        indexes.append(Index("fee_receipt_idx", "department", postgresql_where=receipted))
    return indexes


def _core(entity: Entity) -> Table:
    return Table(
        entity.name,
        METADATA,
        *_columns(entity, keep_required=True),
        PrimaryKey(*entity.key),
        *_indexes(entity),
        schema="core",
        comment=f"{entity.zh} / {entity.en}",
    )


def _history(entity: Entity) -> Table:
    return Table(
        entity.name,
        METADATA,
        *_columns(entity, keep_required=False),
        Column("changed_at", INSTANT, nullable=False),
        Column("changed_by_batch", IDENTIFIER, nullable=False),
        Index(None, *entity.key),
        schema="history",
        comment=f"{entity.zh}: earlier versions / earlier versions of each {entity.en}",
    )


CORE: dict[str, Table] = {name: _core(entity) for name, entity in ENTITIES.items()}
HISTORY: dict[str, Table] = {name: _history(entity) for name, entity in ENTITIES.items()}
