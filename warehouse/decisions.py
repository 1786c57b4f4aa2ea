"""Batches that the gate stopped, and what stewards decided of them. Functions work in the caller's transaction.

A stopped batch is a line of the ledger, its raw object, and the outcomes of its checks: nothing of it has landed, the
cursor stands before it. To release it is to land it; to reject it is to account for all of its rows as rejected. Both
move the cursor as the landing would have.
"""

from __future__ import annotations

import json
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from hub.core.batches import SRC, BatchHeader, Certificate, Decision
from warehouse import closing, ledger, outcomes
from warehouse.claiming import claim
from warehouse.copying import query_frame
from warehouse.fingerprints import LaneSums

RELEASE, REJECT = "release", "reject"
REJECTED = "batch_rejected"
"""The reason code that the source is told for each row of a rejected batch."""


def stop(connection: Connection, header: BatchHeader, checks: pl.DataFrame) -> bool:
    """Stop a batch and note what its checks found; False, nothing being done, if it has landed or was given up."""
    stopped = connection.execute(
        text(
            """
            update ops.batch set state = 'stopped', versions = cast(:versions as jsonb), seconds = cast(:seconds as jsonb)
            where batch_id = cast(:batch as uuid) and state not in ('landed', 'abandoned', 'rejected')
            """
        ),
        {
            "batch": header.batch_id,
            "versions": json.dumps(header.versions),
            "seconds": json.dumps(header.seconds),
        },
    )
    if stopped.rowcount:
        outcomes.note(connection, header, checks)
    return stopped.rowcount > 0


def stopped(connection: Connection, department: str) -> dict[str, str]:
    """Dataset → id of the batch that waits for a decision, the oldest."""
    rows = connection.execute(
        text(
            "select distinct on (dataset) dataset, batch_id::text from ops.batch "
            "where department = :department and state = 'stopped' order by dataset, started_at"
        ),
        {"department": department},
    )
    return {row.dataset: row.batch_id for row in rows}


def is_behind(connection: Connection, batch_id: str) -> bool:
    """Whether that batch waits for a decision, or one of its dataset that was read before it."""
    query = text(
        """
        select exists (
            select from ops.batch waiting, ops.batch this
            where this.batch_id = cast(:batch as uuid) and waiting.department = this.department
              and waiting.dataset = this.dataset and waiting.state = 'stopped'
              and waiting.started_at <= this.started_at)
        """
    )
    return bool(connection.scalar(query, {"batch": batch_id}))


def note(connection: Connection, header: BatchHeader, decision: Decision) -> None:
    """Write a decision down."""
    connection.execute(
        text(
            """
            insert into ops.batch_decision (batch_id, decision, actor, reason, decided_at)
            values (cast(:batch as uuid), :what, :actor, :reason, now())
            """
        ),
        {"batch": header.batch_id, "what": decision.what, "actor": decision.actor, "reason": decision.reason},
    )  # fmt: skip


def reject(connection: Connection, header: BatchHeader, decision: Decision) -> Certificate:
    """Account for all rows of a stopped batch as rejected, and move the cursor past them.

    Raises LandingError for a batch that is not stopped.
    """
    if claim(connection, header, decided=True) is None:
        found = ledger.certificate(connection, header.batch_id)
        assert found is not None, "what has landed or was rejected has a certificate"
        return found
    note(connection, header, decision)
    nothing = LaneSums().text()
    certificate = Certificate(
        header.batch_id, header.department, header.dataset, header.rows_read,
        landed=0, unchanged=0, superseded=0, quarantined=0, rejected=header.rows_read,
        checksum_read=nothing, checksum_landed=nothing,
    )  # fmt: skip
    closing.settle(connection, header, certificate, "rejected")
    return certificate


def untold(connection: Connection, department: str) -> list[str]:
    """Ids of decided batches of which the source has not been told yet, in the order of decisions."""
    rows = connection.execute(
        text(
            """
            select d.batch_id::text from ops.batch_decision d join ops.batch b using (batch_id)
            where b.department = :department and b.kind = 'extract' and d.told_at is null order by d.decided_at
            """
        ),
        {"department": department},
    )
    return list(rows.scalars())


def note_told(connection: Connection, batch_id: str) -> None:
    """The source knows what became of the rows of a decided batch."""
    connection.execute(
        text("update ops.batch_decision set told_at = now() where batch_id = cast(:batch as uuid)"),
        {"batch": batch_id},
    )


def fates(connection: Connection, header: BatchHeader) -> pl.DataFrame:
    """What the warehouse knows of each row of a decided batch: _src, fate, reason (of rows that did not land).

    A row that did not land and does not wait in quarantine is told as unchanged, as reading it again would tell it.
    """
    rows = pl.DataFrame({SRC: pl.int_range(header.rows_read, eager=True)})
    certificate = ledger.certificate(connection, header.batch_id)
    if certificate is not None and certificate.rejected:
        return rows.with_columns(fate=pl.lit("rejected"), reason=pl.lit(REJECTED))
    waiting = query_frame(
        connection,
        "select distinct on (raw_row) raw_row, 'quarantined', reason from ops.quarantine "
        "where batch_id = %s::uuid order by raw_row, quarantine_id",
        (header.batch_id,),
        {SRC: pl.Int64(), "fate": pl.String(), "reason": pl.String()},
    )
    landed = query_frame(
        connection,
        "select raw_row, 'landed' from ops.record "
        "where department = %s and dataset = %s and batch_id = %s::uuid",
        (header.department, header.dataset, header.batch_id),
        {SRC: pl.Int64(), "spoken": pl.String()},
    ).unique(SRC)
    return rows.join(waiting, on=SRC, how="left").join(landed, on=SRC, how="left").select(
        SRC, pl.coalesce("fate", "spoken", pl.lit("unchanged")).alias("fate"), "reason"
    )  # fmt: skip


def waiting(connection: Connection, department: str | None = None) -> list[dict[str, Any]]:
    """Batches of which nothing landed because of the gate or the drift policy, oldest first.

    `state`: stopped (waits for a decision), or failed (something is to be mended; the next run reads it again).
    """
    rows = connection.execute(
        text(
            """
            select b.batch_id::text as batch_id, b.department, b.dataset, b.kind, b.state, b.started_at, b.rows_read,
                   coalesce(c.rejected, 0) as rejected, coalesce(c.not_evaluated, 0) as not_evaluated,
                   coalesce(c.reasons, '{}') as reasons, coalesce(d.messages, '{}') as drift
            from ops.batch b
            left join lateral (
                select sum(decisive)::bigint as rejected, sum(not_evaluated)::bigint as not_evaluated,
                       jsonb_object_agg(reason, decisive) filter (where decisive > 0) as reasons
                from (select reason, sum(decisive) as decisive, count(*) filter (where state = 'not_evaluated')
                          as not_evaluated
                      from ops.check_outcome where batch_id = b.batch_id group by reason) by_reason
            ) c on true
            left join lateral (
                select array_agg(distinct message) as messages from ops.drift where batch_id = b.batch_id
            ) d on true
            where (cast(:department as text) is null or b.department = :department)
              and b.state in ('stopped', 'failed')
              and (b.state = 'stopped' or c.not_evaluated > 0 or d.messages is not null)
            order by b.started_at
            """
        ),
        {"department": department},
    )
    return [dict(row) for row in rows.mappings()]


def batch(connection: Connection, written: str) -> list[dict[str, Any]]:
    """The batches whose id begins so, with what was decided of them: at most two, to tell an ambiguous beginning."""
    rows = connection.execute(
        text(
            """
            select b.batch_id::text as batch_id, b.department, b.dataset, b.kind, b.state, b.raw_object, b.rows_read,
                   b.started_at, b.landed_at, b.versions, b.landed, b.unchanged, b.superseded, b.quarantined,
                   b.rejected, d.decision, d.actor, d.reason as decision_reason, d.decided_at, d.told_at
            from ops.batch b left join ops.batch_decision d using (batch_id)
            where b.batch_id::text like :written order by b.started_at limit 2
            """
        ),
        {"written": written.replace("%", "").replace("_", "") + "%"},
    )
    return [dict(row) for row in rows.mappings()]
