"""The one MetaData, its schemas and naming, and short builders for columns."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID
from sqlalchemy.types import TypeEngine

SCHEMAS = (
    "core", "history", "restricted", "catalogue", "reference", "ops", "supervision", "mart",
)  # fmt: skip

METADATA = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
    }
)

INSTANT: TypeEngine[Any] = TIMESTAMP(timezone=True)
IDENTIFIER: TypeEngine[Any] = UUID(as_uuid=False)
MONEY: TypeEngine[Any] = Numeric(16, 2)


def _column(kind: TypeEngine[Any]) -> Any:
    def build(*names: str, null: bool = False) -> list[Column[Any]]:
        return [Column(name, kind, nullable=null) for name in names]

    return build


text = _column(Text())
integer = _column(Integer())
bigint = _column(BigInteger())
boolean = _column(Boolean())
money = _column(MONEY)
date = _column(Date())
instant = _column(INSTANT)
identifier = _column(IDENTIFIER)
json = _column(JSONB())
binary = _column(LargeBinary())
