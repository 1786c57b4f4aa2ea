"""Translating a column of codes through a crosswalk with validity dates, set at a time."""

from __future__ import annotations

from datetime import date

import polars as pl

WANTED_SCHEMA: dict[str, pl.DataType] = {
    "code": pl.String(),
    "name": pl.String(),
    "on": pl.Date(),
}


def translate(wanted: pl.DataFrame, table: pl.DataFrame) -> pl.Series:
    """The canonical code of each wanted row, in order; null where the crosswalk has none.

    `wanted`: WANTED_SCHEMA. A row without a code is looked up by its name, among the lines that have no code; a row
    without a date takes the line that is valid last. `table`: as `Crosswalks.table` gives it, sorted.
    """
    distinct = wanted.unique()
    on = pl.col("on").fill_null(date.max)
    asked = distinct.with_columns(match=_match(), day=on).sort("day")
    lines = table.select("match", "valid_from", "valid_to", pl.col("code").alias("found"))
    met = asked.join_asof(
        lines, left_on="day", right_on="valid_from", by="match", check_sortedness=False
    )
    holds = pl.col("on").is_null() | (pl.col("on") <= pl.col("valid_to").fill_null(date.max))
    answers = met.select("code", "name", "on", pl.when(holds).then("found").alias("found"))
    joined = wanted.join(
        answers, on=["code", "name", "on"], how="left", nulls_equal=True, maintain_order="left"
    )
    return joined["found"]


def _match() -> pl.Expr:
    code, name = pl.col("code"), pl.col("name")
    return pl.when(code.is_not_null()).then(pl.lit("c") + code).otherwise(pl.lit("n") + name)
