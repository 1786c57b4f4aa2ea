"""What a landing would make of a batch, without writing anything: for a dry run, in a read-only transaction.

The registry tells new, changed and unchanged records apart, and rows of the batch that claim one key are seen. That a
key belongs to a living record of another batch is found by the landing itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl
from sqlalchemy import Connection, text

from hub.core.batches import REJECTS_SCHEMA, SRC, Landing
from warehouse import stage
from warehouse.collisions import within_batch, without_ghosts
from warehouse.copying import query_frame
from warehouse.fates import REGISTRY_SCHEMA, decide

NEW, CHANGED = "new", "changed"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """`rows`: RECORDS_SCHEMA with record_hash, fate and winner; of what would land the fate says `new` or `changed`.

    `rejects`: rows that the landing would send to quarantine.
    """

    rows: pl.DataFrame
    rejects: pl.DataFrame


def is_prepared(connection: Connection) -> bool:
    """Whether there is a warehouse to compare with."""
    return connection.scalar(text("select to_regclass('ops.record') is not null")) is True


def known(connection: Connection, department: str, dataset: str, keys: pl.Series) -> pl.DataFrame:
    """What the registry knows of these records, in REGISTRY_SCHEMA. Makes no temporary table: reads only."""
    return query_frame(
        connection,
        """
        select record_key, source_version, record_hash, deleted,
            (extract(epoch from arrived_at) * 1000000)::bigint, case_id
        from ops.record join unnest(%s::text[]) asked (record_key) using (record_key)
        where department = %s and dataset = %s
        """,
        (keys.drop_nulls().unique().to_list(), department, dataset),
        REGISTRY_SCHEMA,
    ).with_columns(pl.col("record_hash").fill_null(""))


def foresee(landing: Landing, registry: pl.DataFrame) -> Foreseen:
    """The fate of each row that passed the gate, beside `registry` (REGISTRY_SCHEMA)."""
    rejects = pl.DataFrame(schema=REJECTS_SCHEMA)
    while True:
        records = landing.records.join(rejects, on=SRC, how="anti", maintain_order="left")
        rows = decide(records, registry, datetime.now(UTC))
        more = within_batch(without_ghosts(stage.frames(landing, rows)))
        if more.is_empty():
            is_known = pl.col("record_key").is_in(registry["record_key"].implode())
            lands = pl.when(is_known).then(pl.lit(CHANGED)).otherwise(pl.lit(NEW))
            fate = pl.when(pl.col("fate") == "landed").then(lands).otherwise("fate").alias("fate")
            return Foreseen(rows.with_columns(fate), rejects)
        rejects = pl.concat([rejects, more])


def after(registry: pl.DataFrame, foreseen: Foreseen) -> pl.DataFrame:
    """The registry as it would be once those rows had landed."""
    landed = foreseen.rows.filter(pl.col("fate").is_in([NEW, CHANGED])).select(
        "record_key", "source_version", "record_hash", "deleted",
        arrived_at=pl.lit(datetime.now(UTC)).cast(pl.Datetime("us", "UTC")), case_id=pl.lit(None, pl.String),
    )  # fmt: skip
    return pl.concat([registry.join(landed, on="record_key", how="anti"), landed])
