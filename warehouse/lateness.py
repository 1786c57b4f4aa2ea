"""How long after the fact a department's cases were told of. Read only, JSON-ready rows.

A case is told of when it was reported (`reported_at`, as the supervision of late reports judges it) or, in systems
that note no such time, when it landed. Elapsed is counted from the last thing that the report tells of: the latest
of decision, closing and delivery; else the acceptance; else the application.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from warehouse.deliveries import Period

Row = dict[str, Any]
REPORTED, LANDED = "reported_at", "landed_at"

_TOLD = """
    with told as (
        select c.*, case when :by_report then c.reported_at else c.landed_at end as told_at
        from core."case" c
        where department = :department and deleted_at is null
    ), timed as (
        select told_at, landed_at, dataset, coalesce(
            greatest(
                case when decided_at <= told_at then decided_at end,
                case when closed_at <= told_at then closed_at end,
                case when delivered_at <= told_at then delivered_at end
            ),
            case when accepted_at <= told_at then accepted_at end,
            case when applied_at <= told_at then applied_at end
        ) as happened_at
        from told
    )
"""

_BY_MONTH = """
    , first as (
        select dataset, min(landed_at) as at from ops.batch
        where department = :department and state = 'landed' group by dataset
    ), judged as (
        select date_trunc('month', happened_at at time zone 'Asia/Shanghai')::date as month,
               case when :by_report or happened_at >= first.at
                    then extract(epoch from told_at - happened_at) / 3600.0 end as hours
        from timed left join first using (dataset)
        where happened_at < :until and (cast(:since as timestamptz) is null or happened_at >= :since)
    ), spread as (
        select month, (select count(*) from unnest(cast(:bounds as float8[])) b where hours > b) as place,
               count(*) as cases
        from judged where hours is not null group by 1, 2
    )
    select month, count(*) as cases, count(hours) as timed, count(*) filter (where hours > :limit) as late,
           round((percentile_cont(0.5) within group (order by hours))::numeric, 1)::float8 as median_hours,
           round((percentile_cont(0.9) within group (order by hours))::numeric, 1)::float8 as p90_hours,
           coalesce((select jsonb_object_agg(place, s.cases) from spread s where s.month = judged.month), '{}') as within
    from judged group by month order by month
"""
_UNTIMED = """
    select count(*) from timed
    where happened_at is null and landed_at < :until
      and (cast(:since as timestamptz) is null or landed_at >= :since)
"""


def basis(connection: Connection, department: str) -> str:
    """REPORTED if any of the department's cases says when it was reported, else LANDED."""
    says = connection.scalar(
        text(
            'select exists (select 1 from core."case" where department = :department '
            "and deleted_at is null and reported_at is not null)"
        ),
        {"department": department},
    )
    return REPORTED if says else LANDED


def by_month(
    connection: Connection,
    department: str,
    period: Period,
    told: str,
    limit: float,
    bounds: Sequence[float],
) -> list[Row]:
    """Per local month of the event: `cases`, of these `timed`, `late` (over `limit` hours), median and 90th percentile
    in hours, and `within`: how many took up to each of `bounds` hours, and longer.

    By landing, what happened before the dataset's first delivery is history and not timed.
    """
    found = connection.execute(
        text(f"{_TOLD}{_BY_MONTH}"),
        {
            "department": department, "since": period.since, "until": period.until, "limit": limit,
            "by_report": told == REPORTED, "bounds": list(bounds),
        },
    ).mappings()  # fmt: skip
    return [
        {**row, "within": [row["within"].get(str(place), 0) for place in range(len(bounds) + 1)]}
        for row in found
    ]


def untimed(connection: Connection, department: str, period: Period, told: str) -> int:
    """How many cases that landed last in the period tell nothing that happened before they were told of."""
    binds = {
        "department": department, "since": period.since, "until": period.until, "by_report": told == REPORTED,
    }  # fmt: skip
    return int(connection.scalar(text(f"{_TOLD}{_UNTIMED}"), binds) or 0)
