"""From a raw table to the department's fields, ready to be converted: found, trimmed, blank = null."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from hub.core.batches import DEFECT, DELETED, RESERVED, SRC, Drift
from hub.core.errors import SpecError
from mappings.forms import as_text, trimmed
from mappings.spec import DatasetSpec


@dataclass(frozen=True, slots=True)
class Prepared:
    """`frame`: `_src`, `_deleted`, `_defect`, and each used field that the table has, under its newest name."""

    frame: pl.DataFrame
    drift: tuple[Drift, ...]
    missing: tuple[str, ...]
    """Fields that the mapping uses and the table has under no name."""


def prepare(raw: pa.Table, spec: DatasetSpec, mapping_file: str) -> Prepared:
    """Find each field of the dataset in the raw table and clean it.

    Raises SpecError when a mapped column holds bytes or nested values, which only a connector can resolve.
    """
    table = pl.DataFrame(raw)
    found = {field: _columns_of(field, spec, table) for field in spec.fields}
    missing = tuple(field for field, columns in found.items() if not columns)
    prepared = [
        _joined(
            [_cleaned(table, column, spec.head.blank, mapping_file) for column in columns], field
        )
        for field, columns in found.items()
        if columns
    ]
    frame = table.with_row_index("§row").select(
        _reserved(table, SRC, pl.Int64(), pl.col("§row")),
        _reserved(table, DELETED, pl.Boolean(), pl.lit(False)).fill_null(False),
        _reserved(table, DEFECT, pl.String(), pl.lit(None)),
        *prepared,
    )
    return Prepared(frame, _drift(table.columns, spec, missing), missing)


def _columns_of(field: str, spec: DatasetSpec, table: pl.DataFrame) -> list[str]:
    names = (field, *spec.older_names.get(field, ()))
    return [name for name in names if name in table.columns]


def _joined(columns: list[pl.Expr], field: str) -> pl.Expr:
    """A table from the days of the change may carry both names: each row has its value under one of them."""
    return (columns[0] if len(columns) == 1 else pl.coalesce(columns)).alias(field)


def _cleaned(
    table: pl.DataFrame, column: str, blank: tuple[str, ...], mapping_file: str
) -> pl.Expr:
    dtype, value = table.schema[column], pl.col(column)
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object):
        raise SpecError(
            f"column {column} holds {dtype}, not a value", file=mapping_file,
            remedy="let the connector decode or flatten it",
        )  # fmt: skip
    if not (dtype.is_numeric() or dtype.is_temporal() or dtype == pl.Boolean):
        value = trimmed(value.cast(pl.String))
        return pl.when(value.is_in(["", *blank]).not_()).then(value)
    if blank:
        return pl.when(as_text(value, dtype).is_in(blank).not_()).then(value)
    return value


def _reserved(table: pl.DataFrame, name: str, dtype: pl.DataType, default: pl.Expr) -> pl.Expr:
    return (pl.col(name) if name in table.columns else default).cast(dtype).alias(name)


def _drift(columns: list[str], spec: DatasetSpec, missing: tuple[str, ...]) -> tuple[Drift, ...]:
    known = {*spec.fields, *spec.head.ignore, *RESERVED, SRC}
    known |= {name for names in spec.older_names.values() for name in names}
    lost = [
        Drift(field, "missing", f"来源缺少字段 {field} (mapped, but not in the source): 核对来源，或在 rename 中登记新列名")
        for field in missing
    ]  # fmt: skip
    new = [
        Drift(column, "new", f"来源出现新字段 {column} (not in the mapping): 在 mapping.yml 中使用它，或列入 ignore")
        for column in columns
        if column not in known
    ]  # fmt: skip
    return (*lost, *new)
