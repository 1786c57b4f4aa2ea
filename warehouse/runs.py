"""`ops.run`: what each extraction met, so that a refused file is seen by people and not only by a log."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text


def record_extraction(
    connection: Connection,
    department: str,
    started_at: datetime,
    refused: Sequence[str],
    summary: Mapping[str, Any],
) -> None:
    """Note that a department was read, what its system refused (complete, or partial), and a summary."""
    connection.execute(
        text(
            """
            insert into ops.run (run_id, kind, department, started_at, finished_at, state, summary)
            values (:run_id, 'extract', :department, :started_at, clock_timestamp(), :state,
                    cast(:summary as jsonb))
            """
        ),
        {
            "run_id": str(uuid.uuid4()),
            "department": department,
            "started_at": started_at,
            "state": "partial" if refused else "complete",
            "summary": json.dumps({"refused": list(refused), **summary}, ensure_ascii=False),
        },
    )


def loads(connection: Connection) -> list[dict[str, Any]]:
    """The load that the last extraction put on each department's system; `closed`: why it broke off, or null."""
    rows = connection.execute(
        text(
            """
            select distinct on (department) department, started_at, summary ->> 'closed' as closed,
                   summary -> 'load' as load
            from ops.run where kind = 'extract' order by department, started_at desc
            """
        )
    )
    return [
        {
            "department": row.department,
            "started_at": row.started_at,
            "closed": row.closed,
            **(row.load or {}),
        }
        for row in rows
    ]


def record_sweep(
    connection: Connection,
    department: str,
    dataset: str,
    started_at: datetime,
    summary: Mapping[str, Any],
) -> None:
    """Note that the keys of a dataset were compared with the source."""
    connection.execute(
        text(
            """
            insert into ops.run (run_id, kind, department, started_at, finished_at, state, summary)
            values (:run_id, 'sweep', :department, :started_at, clock_timestamp(), 'complete',
                    cast(:summary as jsonb))
            """
        ),
        {
            "run_id": str(uuid.uuid4()),
            "department": department,
            "started_at": started_at,
            "summary": json.dumps({"dataset": dataset, **summary}, ensure_ascii=False),
        },
    )


def sweep_age(connection: Connection, department: str, dataset: str) -> float | None:
    """Seconds since the last sweep of the dataset began, or None if there was none."""
    query = text(
        """
        select extract(epoch from clock_timestamp() - max(started_at)) from ops.run
        where kind = 'sweep' and department = :department and summary ->> 'dataset' = :dataset
        """
    )
    age = connection.scalar(query, {"department": department, "dataset": dataset})
    return None if age is None else float(age)


def refusals(connection: Connection, department: str | None = None) -> dict[str, list[str]]:
    """Department → what its system refused in the last extraction; departments without refusals are left out."""
    rows = connection.execute(
        text(
            """
            select distinct on (department) department, summary -> 'refused' as refused from ops.run
            where kind = 'extract' and (cast(:department as text) is null or department = :department)
            order by department, started_at desc
            """
        ),
        {"department": department},
    )
    return {name: refused for name, refused in rows if refused}
