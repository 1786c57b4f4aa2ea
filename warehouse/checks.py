"""What the gate and the quality checkpoints said of a department's rows. Read only, JSON-ready rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from warehouse.deliveries import Period

Row = dict[str, Any]


def checkpoint(connection: Connection, department: str, period: Period) -> Row | None:
    """The department's newest quality checkpoint with its results, those of the whole warehouse left out; or None."""
    binds = {"department": department, "until": period.until}
    runs = connection.execute(
        text(
            """
            select run_id::text as run_id, started_at, expectations, evaluated, failed, no_values, not_evaluated
            from ops.expectation_run where department = :department and started_at < :until
            order by started_at desc, run_id limit 1
            """
        ),
        binds,
    ).mappings()
    run = next((dict(row) for row in runs), None)
    if run is None:
        return None
    results = connection.execute(
        text(
            """
            select expectation_id, entity, zh, en, severity, state, rows, unexpected
            from ops.expectation_result
            where run_id = cast(:run_id as uuid) and department = :department
            order by case state when 'not_evaluated' then 0 when 'failed' then 1 else 2 end,
                     severity, unexpected desc, expectation_id
            """
        ),
        binds | {"run_id": run["run_id"]},
    ).mappings()
    return run | {"results": [dict(row) for row in results]}


def gate_checks(connection: Connection, department: str, period: Period) -> list[Row]:
    """What each check of the gate looked at, over the batches of the period: rows judged, failures, and batches in
    which it did not run."""
    found = connection.execute(
        text(
            """
            select o.dataset, o.entity, o."column", o.reason, count(*) as batches, sum(o.rows)::bigint as rows,
                   sum(o.failures)::bigint as failures,
                   count(*) filter (where o.state = 'not_evaluated') as not_evaluated
            from ops.check_outcome o join ops.batch b using (batch_id)
            where o.department = :department and coalesce(b.landed_at, b.started_at) < :until
              and (cast(:since as timestamptz) is null or coalesce(b.landed_at, b.started_at) >= :since)
            group by 1, 2, 3, 4 order by not_evaluated desc, failures desc, 1, 2, 3, 4
            """
        ),
        {"department": department, "since": period.since, "until": period.until},
    )
    return [dict(row) for row in found.mappings()]
