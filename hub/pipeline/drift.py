"""Drift: the source's shape is no longer what the mapping knows, or what the dataset had when it last landed.

Every change is recorded once, when it is first seen. What happens to the batch is the dataset's policy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl
import pyarrow as pa

from hub.core.batches import REJECTS_SCHEMA, RESERVED, SRC, Drift
from hub.core.specs import DriftPolicy

REASON = "drift"


def shape_of(raw: pa.Table) -> dict[str, str]:
    """Source column → Arrow type, without the reserved columns."""
    return {
        field.name: _kind(field.type) for field in raw.schema if field.name not in (*RESERVED, SRC)
    }


def _kind(kind: pa.DataType) -> str:
    """The type, but for what only tells how a batch happened to be read: width of offsets, digits of decimals."""
    return "decimal" if pa.types.is_decimal(kind) else str(kind).removeprefix("large_")


def absent(
    shape: Mapping[str, str], fields: Sequence[str], older_names: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """Mapped fields that the table has under none of their names."""
    return tuple(
        field for field in fields if not {field, *older_names.get(field, ())} & shape.keys()
    )


def with_empty_columns(raw: pa.Table, fields: Sequence[str]) -> pa.Table:
    """The table with an empty column for each of these fields."""
    for field in fields:
        raw = raw.append_column(field, pa.nulls(raw.num_rows, pa.string()))
    return raw


def missing(fields: Sequence[str]) -> tuple[Drift, ...]:
    """The mapped fields that the policy tolerates to be absent."""
    return tuple(
        Drift(field, "missing", f"来源缺少字段 {field} (mapped, but not in the source): 按空值处理 (read as empty)")
        for field in fields
    )  # fmt: skip


def changes(
    shape: Mapping[str, str],
    before: Mapping[str, str] | None,
    against_mapping: tuple[Drift, ...],
    older_names: Mapping[str, tuple[str, ...]],
) -> tuple[Drift, ...]:
    """Everything that is other than the mapping knows, or than it was `before` (None: never seen)."""
    if before is None:
        return against_mapping
    retyped = [
        Drift(name, "retyped", f"字段 {name} 的类型由 {before[name]} 变为 {kind} (its type changed): 核对换算是否仍然成立")
        for name, kind in shape.items()
        if name in before and before[name] != kind and "null" not in (before[name], kind)
    ]  # fmt: skip
    renamed = [
        Drift(field, "renamed", f"字段 {field} 现以新名到达 (arrives under its declared new name)")
        for field, older in older_names.items()
        if field in shape and field not in before and any(name in before for name in older)
    ]
    names = {drift.column for drift in renamed}
    return (*(d for d in against_mapping if d.column not in names), *renamed, *retyped)


def unseen(
    found: tuple[Drift, ...], shape: Mapping[str, str], before: Mapping[str, str] | None
) -> tuple[Drift, ...]:
    """Of these changes, the ones that were not there when the dataset last landed."""
    if before is None:
        return found
    known = {
        "new": lambda name: name in before,
        "missing": lambda name: name not in before,
        "renamed": lambda name: name in before,
        "retyped": lambda name: before.get(name) == shape.get(name),
    }
    return tuple(drift for drift in found if not known[drift.change](drift.column))


def under(found: tuple[Drift, ...], policy: DriftPolicy, action: str) -> tuple[Drift, ...]:
    """The changes for which the policy says `action`."""
    return tuple(drift for drift in found if getattr(policy, drift.change) == action)


def remembered(
    shape: dict[str, str], before: Mapping[str, str] | None, held: tuple[Drift, ...]
) -> dict[str, str]:
    """The shape to remember: what is held back by a policy stays drift until somebody decides."""
    kept = dict(shape)
    for drift in held:
        kept.pop(drift.column, None)
        if before is not None and drift.column in before:
            kept[drift.column] = before[drift.column]
    return kept


def rejects(rows: pl.Series, held: tuple[Drift, ...]) -> pl.DataFrame:
    """A reject for each row (`_src`) of a batch that waits because of drift, in REJECTS_SCHEMA."""
    if not held:
        return pl.DataFrame(schema=REJECTS_SCHEMA)
    return rows.to_frame(SRC).with_columns(
        reason=pl.lit(REASON), column=pl.lit(held[0].column), message=pl.lit(held[0].message)
    )
