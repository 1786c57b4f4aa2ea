"""What a department sent and what became of it: batches, rows by fate, rejected rows, months. Read only, JSON-ready rows.

A period is [since, until): batches count by when they landed, rejected rows by when they were rejected. Batches that
send rows again which the hub already has (replays, corrections of quarantined rows) are no deliveries.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

Row = dict[str, Any]

SENT_AGAIN = ("replay", "correction")
"""Kinds of batches whose rows came with an earlier batch."""
CLOSED = ("landed", "rejected")
"""States in which every row of a batch has its fate."""
DROPPED = ("abandoned",)
"""States of batches whose rows were read again by a later one."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` (None: from the beginning) until `until`, which is not part of it."""

    since: datetime | None
    until: datetime


def delivered(connection: Connection, department: str, period: Period) -> list[Row]:
    """Per dataset: batches and rows by fate. rows_read = landed + unchanged + superseded + quarantined + rejected."""
    return _rows(
        connection,
        """
        select dataset, count(*) as batches, sum(rows_read)::bigint as rows_read,
               sum(coalesce(landed, 0))::bigint as landed, sum(coalesce(unchanged, 0))::bigint as unchanged,
               sum(coalesce(superseded, 0))::bigint as superseded,
               sum(coalesce(quarantined, 0))::bigint as quarantined,
               sum(coalesce(rejected, 0))::bigint as rejected, max(landed_at) as last_landed_at
        from ops.batch
        where department = :department and state = any(:closed) and not kind = any(:again)
          and coalesce(landed_at, started_at) < :until
          and (cast(:since as timestamptz) is null or coalesce(landed_at, started_at) >= :since)
        group by dataset order by dataset
        """,
        department, period,
    )  # fmt: skip


def waiting_batches(connection: Connection, department: str, period: Period) -> list[Row]:
    """Batches that were read and have not landed: stopped by the gate or at a change of shape, or under way."""
    return _rows(
        connection,
        """
        select batch_id::text as batch_id, dataset, state, rows_read, started_at
        from ops.batch
        where department = :department and not state = any(:closed) and not state = any(:dropped)
          and started_at < :until
        order by started_at, batch_id
        """,
        department, period,
    )  # fmt: skip


def silence(connection: Connection, department: str, period: Period) -> Row:
    """When the department's last delivery landed, and for how many hours nothing has since.

    Non-working days that lie wholly in the silence are not counted, where the calendar knows them.
    """
    (row,) = _rows(
        connection,
        """
        with heard as (
            select max(landed_at) as at from ops.batch
            where department = :department and state = any(:closed) and not kind = any(:again)
              and landed_at < :until
        ), days as (
            select count(*) as free from reference.calendar_day, heard
            where not is_workday and date > (heard.at at time zone 'Asia/Shanghai')::date
              and date < (cast(:until as timestamptz) at time zone 'Asia/Shanghai')::date
        )
        select heard.at as last_landed_at,
               round((extract(epoch from :until - heard.at) / 3600.0 - 24 * days.free)::numeric, 1)::float8 as hours
        from heard, days
        """,
        department, period,
    )  # fmt: skip
    return row


def rejected(connection: Connection, department: str, period: Period) -> list[Row]:
    """Rejected rows of the period by dataset, reason, field and what became of them since (`state`)."""
    return _rows(
        connection,
        """
        select dataset, reason, "column", state, count(*) as rows, min(created_at) as oldest
        from ops.quarantine
        where department = :department and created_at < :until
          and (cast(:since as timestamptz) is null or created_at >= :since)
        group by 1, 2, 3, 4 order by 5 desc, 1, 2, 3, 4
        """,
        department, period,
    )  # fmt: skip


def rejected_before(connection: Connection, department: str, period: Period) -> int:
    """How many rows were rejected before the period and still wait."""
    return int(
        connection.scalar(
            text(
                "select count(*) from ops.quarantine where department = :department and state = 'open' "
                "and created_at < :since"
            ),
            {"department": department, "since": period.since},
        )
        or 0
    )


def references(connection: Connection, department: str, period: Period, bound: int) -> list[Row]:
    """Where the rows that still wait stand in the source: at most `bound` per dataset, reason and field, in the
    source's own order. Texts are as stored: mask them before anybody reads them."""
    return _rows(
        connection,
        """
        select dataset, reason, "column", quarantine_id, source_file, source_row, record_key
        from (
            select q.*, row_number() over (
                partition by dataset, reason, "column" order by source_file, source_row, quarantine_id
            ) as place
            from ops.quarantine q
            where department = :department and state = 'open' and created_at < :until
              and (cast(:since as timestamptz) is null or created_at >= :since)
        ) numbered
        where place <= :bound
        order by dataset, reason, "column", place
        """,
        department, period, bound=bound,
    )  # fmt: skip


def months(connection: Connection, department: str, period: Period, count: int) -> list[Row]:
    """The last `count` local months before `until` in which something landed, was rejected or was inspected.

    Rows read and quarantined by month of landing; rows rejected in the month that still wait; the month's last
    quality checkpoint with results of the department.
    """
    return _rows(
        connection,
        """
        with landed as (
            select date_trunc('month', coalesce(landed_at, started_at) at time zone 'Asia/Shanghai')::date as month,
                   sum(rows_read)::bigint as rows_read,
                   sum(coalesce(quarantined, 0) + coalesce(rejected, 0))::bigint as refused
            from ops.batch
            where department = :department and state = any(:closed) and not kind = any(:again)
              and coalesce(landed_at, started_at) < :until
            group by 1
        ), waiting as (
            select date_trunc('month', created_at at time zone 'Asia/Shanghai')::date as month, count(*) as waiting
            from ops.quarantine
            where department = :department and state = 'open' and created_at < :until
            group by 1
        ), inspection as (
            select distinct on (1)
                   date_trunc('month', started_at at time zone 'Asia/Shanghai')::date as month, run_id
            from ops.expectation_run run
            where started_at < :until and exists (
                select from ops.expectation_result r where r.run_id = run.run_id and r.department = :department
            )
            order by 1, started_at desc, run_id
        ), inspected as (
            select month, count(*) filter (where state in ('met', 'failed')) as evaluated,
                   count(*) filter (where state = 'failed') as failed,
                   count(*) filter (where state = 'not_evaluated') as not_evaluated
            from inspection join ops.expectation_result using (run_id)
            where department = :department
            group by month
        )
        select month, coalesce(rows_read, 0) as rows_read, coalesce(refused, 0) as refused,
               coalesce(waiting, 0) as waiting,
               round(1 - refused::numeric / nullif(rows_read, 0), 4)::float8 as share_accepted,
               evaluated, failed, not_evaluated
        from landed full join waiting using (month) full join inspected using (month)
        order by month desc limit :count
        """,
        department, period, count=count,
    )[::-1]  # fmt: skip


def unmapped(connection: Connection, department: str, period: Period) -> list[Row]:
    """Source codes that no crosswalk knew when they came, most frequent first."""
    return _rows(
        connection,
        """
        select codelist, source_code, source_name, rows, first_seen, last_seen from ops.unmapped_code
        where department = :department and first_seen < :until
        order by rows desc, codelist, source_code
        """,
        department, period,
    )  # fmt: skip


def _rows(
    connection: Connection, sql: str, department: str, period: Period, **more: Any
) -> list[Row]:
    binds = {"department": department, "since": period.since, "until": period.until, **more}
    states = {"closed": list(CLOSED), "again": list(SENT_AGAIN), "dropped": list(DROPPED)}
    binds |= {name: value for name, value in states.items() if f":{name})" in sql}
    wanted = {name: value for name, value in binds.items() if f":{name}" in sql}
    return [dict(row) for row in connection.execute(text(sql), wanted).mappings()]
