"""ops.record, the registry of source records: the row that speaks for each record now."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection, text

from hub.core.batches import SRC, BatchHeader, Landing
from hub.core.entities import CASE
from warehouse.claiming import Claim
from warehouse.copying import copy_frame, query_frame
from warehouse.fates import REGISTRY_SCHEMA

_CASE_ID = "case_id"


def read(connection: Connection, header: BatchHeader, records: pl.DataFrame) -> pl.DataFrame:
    """What is known of these records before this batch, in REGISTRY_SCHEMA.

    Leaves the temporary table `asked_record` behind.
    """
    connection.execute(text("create temp table asked_record (record_key text) on commit drop"))
    copy_frame(connection, "asked_record", records.select(pl.col("record_key").unique()))
    return query_frame(
        connection,
        """
        select record_key, source_version, record_hash, deleted,
            (extract(epoch from arrived_at) * 1000000)::bigint, case_id
        from ops.record join asked_record using (record_key) where department = %s and dataset = %s
        """,
        (header.department, header.dataset),
        REGISTRY_SCHEMA,
    ).with_columns(pl.col("record_hash").fill_null(""))


def with_cases(rows: pl.DataFrame, landing: Landing) -> pl.DataFrame:
    """The rows with `case_id`: the case to which each contributes columns, or null."""
    cases = landing.entities.get(CASE.name)
    if cases is None:
        return rows.with_columns(pl.lit(None, pl.String).alias(_CASE_ID))
    of = cases.select(SRC, _CASE_ID).unique(SRC, keep="first", maintain_order=True)
    return rows.join(of, on=SRC, how="left")


def update(
    connection: Connection,
    header: BatchHeader,
    rows: pl.DataFrame,
    known: pl.DataFrame,
    claimed: Claim,
) -> bool:
    """Enter the winners that landed; note of the unchanged ones that they were read again, where that can matter.

    Returns whether any record that lands was known before; then those are in the temporary table `stage_record`.
    """
    best = rows.filter(pl.col("winner") & pl.col("fate").is_in(["landed", "unchanged"]))
    met = best.join(
        known.select("record_key", "arrived_at", known_version="source_version"),
        on="record_key", how="left", maintain_order="left",
    ).select(
        "record_key", "source_version", "record_hash", "deleted", _CASE_ID, "known_version", "arrived_at",
        raw_row=SRC, landed=pl.col("fate") == "landed",
    )  # fmt: skip
    new = met.filter(pl.col("known_version").is_null())
    copy_frame(
        connection, "ops.record", new.drop("known_version", "arrived_at", "landed"),
        department=pl.lit(header.department), dataset=pl.lit(header.dataset), batch_id=pl.lit(header.batch_id),
        arrived_at=pl.lit(claimed.arrived_at).cast(pl.Datetime("us", "UTC")),
    )  # fmt: skip
    again = met.filter(pl.col("known_version").is_not_null())
    moved = pl.col("landed") | (pl.col("source_version") > pl.col("known_version"))
    seen_later = pl.col("arrived_at") < pl.lit(claimed.arrived_at).cast(pl.Datetime("us", "UTC"))
    if again.select((seen_later & moved.not_()).any()).item():
        awaited = _awaited(connection, header)
        late = pl.lit(True) if awaited is None else pl.col("record_key").is_in(awaited.implode())
        moved = moved | (seen_later & late)
    again = again.filter(moved).drop("known_version", "arrived_at")
    if again.height:
        _change(connection, header, again, claimed)
    return bool(again["landed"].any())


def _awaited(connection: Connection, header: BatchHeader) -> pl.Series | None:
    """Keys, among those of the batch, of which a row that was read earlier may still land; None for all of them.

    The time of the last reading decides between two rows of the same version. To write it with each unchanged row
    would make reading again as dear as landing, and it is of use only if a row that was read before lands after this one: a
    quarantined row that is replayed, or a batch that waits.
    """
    binds = {"department": header.department, "dataset": header.dataset, "batch": header.batch_id}
    waits = connection.scalar(text(_WAITS), binds)
    if waits:
        return None
    keys = connection.execute(text(_QUARANTINED), binds)
    return pl.Series([row[0] for row in keys], dtype=pl.String)


_WAITS = """
    select exists (
        select from ops.batch earlier, ops.batch this
        where this.batch_id = cast(:batch as uuid) and earlier.department = this.department
          and earlier.dataset = this.dataset and earlier.state in ('extracted', 'mapped', 'failed', 'stopped')
          and earlier.started_at < this.started_at)
"""
_QUARANTINED = """
    select distinct record_key from ops.quarantine join asked_record using (record_key)
    where department = :department and dataset = :dataset and state = 'open'
"""


def _change(
    connection: Connection, header: BatchHeader, again: pl.DataFrame, claimed: Claim
) -> None:
    connection.execute(
        text(
            """
            create temp table stage_record (record_key text, source_version bigint, record_hash text,
                deleted boolean, case_id uuid, raw_row bigint, landed boolean) on commit drop
            """
        )
    )
    copy_frame(connection, "stage_record", again)
    connection.execute(text("create index on stage_record (record_key)"))
    connection.execute(text("analyze stage_record"))
    connection.execute(
        text(
            """
            update ops.record r
            set source_version = greatest(r.source_version, s.source_version), record_hash = s.record_hash,
                deleted = s.deleted, case_id = s.case_id,
                batch_id = case when s.landed then cast(:batch as uuid) else r.batch_id end,
                raw_row = case when s.landed then s.raw_row else r.raw_row end,
                arrived_at = greatest(r.arrived_at, cast(:arrived as timestamptz))
            from stage_record s
            where r.department = :department and r.dataset = :dataset and r.record_key = s.record_key
            """
        ),
        {
            "department": header.department,
            "dataset": header.dataset,
            "batch": header.batch_id,
            "arrived": claimed.arrived_at,
        },
    )
