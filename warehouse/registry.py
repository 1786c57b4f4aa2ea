"""ops.record, the registry of source records: the row that speaks for each record now."""

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection, text

from hub.core.batches import SRC, BatchHeader, Landing
from hub.core.entities import CASE
from warehouse.claiming import Claim
from warehouse.copying import copy_frame, driver
from warehouse.fates import REGISTRY_SCHEMA

_CASE_ID = "case_id"


def read(connection: Connection, header: BatchHeader, records: pl.DataFrame) -> pl.DataFrame:
    """What is known of these records before this batch, in REGISTRY_SCHEMA."""
    rows = driver(connection).execute(
        """
        select record_key, source_version, record_hash, deleted, arrived_at, case_id::text
        from ops.record where department = %s and dataset = %s and record_key = any(%s)
        """,
        (header.department, header.dataset, records["record_key"].unique().to_list()),
    )
    return pl.DataFrame(rows.fetchall(), schema=REGISTRY_SCHEMA, orient="row")


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
    """Enter the winners that landed; note of the unchanged ones that they were read again.

    Leaves the temporary table `stage_record` behind. Returns whether any record that lands was known before.
    """
    best = rows.filter(pl.col("winner") & pl.col("fate").is_in(["landed", "unchanged"]))
    connection.execute(
        text(
            """
            create temp table stage_record (record_key text, source_version bigint, record_hash text,
                deleted boolean, case_id uuid, raw_row bigint, landed boolean, known boolean) on commit drop
            """
        )
    )
    staged = best.select(
        "record_key", "source_version", "record_hash", "deleted", _CASE_ID,
        raw_row=SRC, landed=pl.col("fate") == "landed",
        known=pl.col("record_key").is_in(known["record_key"].implode()),
    )  # fmt: skip
    copy_frame(connection, "stage_record", staged)
    connection.execute(text("create index on stage_record (record_key)"))
    connection.execute(text("analyze stage_record"))
    binds = {
        "department": header.department,
        "dataset": header.dataset,
        "batch": header.batch_id,
        "arrived": claimed.arrived_at,
    }
    connection.execute(
        text(
            """
            insert into ops.record (department, dataset, record_key, source_version, record_hash, deleted,
                batch_id, raw_row, case_id, arrived_at)
            select :department, :dataset, record_key, source_version, record_hash, deleted,
                cast(:batch as uuid), raw_row, case_id, cast(:arrived as timestamptz)
            from stage_record where not known
            """
        ),
        binds,
    )
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
            where s.known and r.department = :department and r.dataset = :dataset
              and r.record_key = s.record_key
            """
        ),
        binds,
    )
    return bool((staged["landed"] & staged["known"]).any())
