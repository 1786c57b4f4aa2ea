"""What the gate and the quality checkpoints said of a department's rows. Read only, JSON-ready rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from warehouse.deliveries import Period

Row = dict[str, Any]


def checkpoint(connection: Connection, department: str, period: Period) -> Row | None:
    """The newest quality checkpoint that has results of the department's rows, be it its own or that of the whole
    warehouse: `run_id`, `started_at` and `results`, the worst first. None when there was none before `until`."""
    results = connection.execute(
        text(
            """
            with newest as (
                select run_id, started_at from ops.expectation_run run
                where started_at < :until and exists (
                    select from ops.expectation_result r where r.run_id = run.run_id and r.department = :department
                )
                order by started_at desc, run_id limit 1
            )
            select n.run_id::text as run_id, n.started_at, r.expectation_id, r.entity, r.zh, r.en, r.severity,
                   r.state, r.rows, r.unexpected, r.error
            from newest n join ops.expectation_result r on r.run_id = n.run_id and r.department = :department
            order by case r.state when 'not_evaluated' then 0 when 'failed' then 1 else 2 end,
                     case r.severity when 'critical' then 0 when 'warning' then 1 else 2 end,
                     r.unexpected desc, r.expectation_id
            """
        ),
        {"department": department, "until": period.until},
    ).mappings()
    rows = [dict(row) for row in results]
    if not rows:
        return None
    run = {name: rows[0][name] for name in ("run_id", "started_at")}
    return run | {"results": [{k: v for k, v in row.items() if k not in run} for row in rows]}


def statement(connection: Connection, department: str) -> Row | None:
    """Whether the last complete supervision run states anything of the department: `stated`, `reason`, `as_of`."""
    found = connection.execute(
        text(
            """
            select s.stated, s.reason, r.as_of
            from supervision.statement s
            join (
                select run_id, as_of from supervision.run where state = 'complete' order by started_at desc limit 1
            ) r on r.run_id = s.run_id
            where s.department = :department
            """
        ),
        {"department": department},
    ).mappings()
    return next((dict(row) for row in found), None)


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
