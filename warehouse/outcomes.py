"""ops.check_outcome: what each check of the gate made of a batch. Written with the batch's landing, or when it is stopped."""

from __future__ import annotations

from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from hub.core.batches import CHECKS_SCHEMA, SRC, BatchHeader
from warehouse.copying import copy_frame

_CHECK = ["entity", "column", "reason"]


def note(connection: Connection, header: BatchHeader, checks: pl.DataFrame) -> None:
    """Write the outcomes (CHECKS_SCHEMA) in place of those of an earlier attempt at the same batch."""
    connection.execute(
        text("delete from ops.check_outcome where batch_id = cast(:batch as uuid)"),
        {"batch": header.batch_id},
    )
    copy_frame(
        connection, "ops.check_outcome", checks, batch_id=pl.lit(header.batch_id),
        department=pl.lit(header.department), dataset=pl.lit(header.dataset),
    )  # fmt: skip


def with_rejects(checks: pl.DataFrame, rejects: pl.DataFrame) -> pl.DataFrame:
    """The outcomes with what the landing itself could not let in (REJECTS_SCHEMA) added to the checks of that name.

    Their fields are not at hand in the landing, so that these rows are no examples.
    """
    if rejects.is_empty():
        return checks
    column = pl.col("column").str.splitn(".", 2)
    found = (
        rejects.with_columns(
            entity=column.struct.field("field_0"),
            column=column.struct.field("field_1").fill_null(""),
            first=pl.col(SRC).is_first_distinct(),
        )
        .group_by(_CHECK, maintain_order=True)
        .agg(failures=pl.len().cast(pl.Int64), decisive=pl.col("first").sum().cast(pl.Int64))
        .with_columns(
            state=pl.lit("evaluated"), rows=pl.col("failures"), examples=pl.lit(None, pl.String)
        )
        .select(*CHECKS_SCHEMA)
    )
    known = checks.select(_CHECK)
    added = found.join(known, on=_CHECK, how="semi")
    more = (
        known.join(added, on=_CHECK, how="left", maintain_order="left")
        .select("failures", "decisive")
        .fill_null(0)
    )
    summed = checks.with_columns(
        pl.col("failures") + more["failures"], pl.col("decisive") + more["decisive"]
    )
    return pl.concat([summed, found.join(known, on=_CHECK, how="anti")])


def of_batch(connection: Connection, batch_id: str) -> list[dict[str, Any]]:
    """The outcomes of a batch: what was not evaluated first, then by the rows that a check decided."""
    rows = connection.execute(
        text(
            """
            select entity, "column", reason, state, rows, failures, decisive, coalesce(examples, '[]') as examples
            from ops.check_outcome where batch_id = cast(:batch as uuid)
            order by state <> 'not_evaluated', decisive desc, failures desc, entity, "column", reason
            """
        ),
        {"batch": batch_id},
    )
    return [dict(row) for row in rows.mappings()]
