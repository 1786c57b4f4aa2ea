"""What becomes of each source row: landed, unchanged, superseded or quarantined. Pure, no database.

The fifth fate, rejected, is not decided here: a steward gives it to all rows of a batch that the gate had stopped.

Per record (record_key) the winner in a batch is the row with the highest source_version, then the highest position.
Another row is `unchanged` if it says the same as the winner, else `superseded`. The winner against the registry of
source records: unknown → landed; the registry's version is higher → superseded; same content and same deleted flag →
unchanged; same version but the registry's row was read later (batches landing out of order, a replay) → superseded;
else landed.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from hub.core.batches import SRC

REGISTRY_SCHEMA: dict[str, pl.DataType] = {
    "record_key": pl.String(),
    "source_version": pl.Int64(),
    "record_hash": pl.String(),
    "deleted": pl.Boolean(),
    "arrived_at": pl.Datetime("us", "UTC"),
    "case_id": pl.String(),
}
"""What the landing asks of ops.record about the records of a batch."""

FATES = ("landed", "unchanged", "superseded", "quarantined", "rejected")


def winners(records: pl.DataFrame) -> pl.DataFrame:
    """One row per record_key: the one that speaks for the record in this batch."""
    return records.sort("source_version", SRC, descending=True).unique(
        "record_key", keep="first", maintain_order=True
    )


def decide(records: pl.DataFrame, registry: pl.DataFrame, arrived_at: datetime) -> pl.DataFrame:
    """`records` with a column `fate`, and `winner` (boolean).

    `records`: RECORDS_SCHEMA plus record_hash. `registry`: REGISTRY_SCHEMA, at least the batch's records.
    `arrived_at`: when the batch's raw object was read first (aware).
    """
    best = winners(records)
    in_batch = best.select(
        "record_key", pl.col(SRC).alias("best_src"), pl.col("record_hash").alias("best_hash")
    )
    known = registry.select(
        "record_key",
        known_version="source_version",
        known_hash="record_hash",
        known_deleted="deleted",
        known_arrived="arrived_at",
    )
    joined = records.join(in_batch, on="record_key", how="left").join(
        known, on="record_key", how="left"
    )
    winner = pl.col(SRC) == pl.col("best_src")
    same = (pl.col("record_hash") == pl.col("known_hash")) & (
        pl.col("deleted") == pl.col("known_deleted")
    )
    older = pl.col("source_version") < pl.col("known_version")
    read_before = (pl.col("source_version") == pl.col("known_version")) & (
        pl.lit(arrived_at).cast(pl.Datetime("us", "UTC")) < pl.col("known_arrived")
    )
    fate = (
        pl.when(winner.not_() & (pl.col("record_hash") == pl.col("best_hash"))).then(pl.lit("unchanged"))
        .when(winner.not_()).then(pl.lit("superseded"))
        .when(pl.col("known_version").is_null()).then(pl.lit("landed"))
        .when(older).then(pl.lit("superseded"))
        .when(same).then(pl.lit("unchanged"))
        .when(read_before).then(pl.lit("superseded"))
        .otherwise(pl.lit("landed"))
    )  # fmt: skip
    return joined.select(*records.columns, fate=fate, winner=winner)
