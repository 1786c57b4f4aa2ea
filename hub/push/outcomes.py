"""What the warehouse knows of a push: the batches that held its rows, and what is wrong with the quarantined ones."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from connectors.inbox import receipts
from connectors.inbox.receipts import Receipt
from hub.push.answers import BatchAnswer, Outcome


def batches(connection: Connection, receipt: Receipt) -> list[BatchAnswer]:
    """The certificates of the batches that held rows of a push, in the order of their landing."""
    found = connection.execute(
        text(
            """
            select b.batch_id::text, b.landed_at, c.rows_read as read, c.landed, c.unchanged,
                   c.superseded, c.quarantined, c.rejected
            from ops.batch b join ops.certificate c using (batch_id)
            where b.department = :department and b.dataset = :dataset and b.kind = 'extract'
              and b.started_at >= cast(:received_at as timestamptz)
              and b.files @> cast(:file as jsonb)
            order by b.ledger_no
            """
        ),
        {
            "department": receipt.department, "dataset": receipt.dataset,
            "received_at": receipt.received_at, "file": json.dumps([{"name": receipt.id}]),
        },
    )  # fmt: skip
    return [
        BatchAnswer(
            **row | {"landed_at": receipts.stamp(row["landed_at"]) if row["landed_at"] else None}
        )
        for row in map(dict, found.mappings())
    ]


def faults(connection: Connection, receipt: Receipt, found: list[BatchAnswer]) -> dict[int, Any]:
    """Row → reason, column, message (masked) and state of each row of a push in quarantine, the newest entry."""
    rows = connection.execute(
        text(
            """
            select distinct on (source_row) source_row, reason, "column", message, state as quarantine
            from ops.quarantine
            where batch_id = any(cast(:batches as uuid[])) and source_file = :receipt
            order by source_row, quarantine_id desc
            """
        ),
        {"batches": [batch.batch_id for batch in found], "receipt": receipt.id},
    )
    return {row.pop("source_row"): row for row in map(dict, rows.mappings())}


def page(
    receipt: Receipt, after: int, limit: int, fate: str | None, known: dict[int, Any]
) -> tuple[list[Outcome], int | None]:
    """The outcomes of at most `limit` rows after that one, and the row to go on after, if there are more."""
    rows = receipt.frame().filter(pl.col("row") > after)
    if fate is not None:
        rows = rows.filter(pl.col("fate") == fate)
    shown = rows.head(limit).to_dicts()
    outcomes = [
        Outcome(**row | known.get(row["row"], {}) if row["fate"] == "quarantined" else row)
        for row in shown
    ]
    return outcomes, shown[-1]["row"] if rows.height > limit else None
