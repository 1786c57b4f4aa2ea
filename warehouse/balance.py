"""The balance of the quarantine: every row that was read from a source, and what became of it in the end.

rows read = landed + unchanged + superseded + quarantined (waiting) + rejected by decision. What was read is counted from
the certificates of the batches that read a source. A row that went through the quarantine counts as what became of it
there: as the certificate of its replay, acceptance or correction says, or as superseded by a later reading of its record or
of itself (the log), or as rejected. Both sides come from different tables, so that a row lost between them shows.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

_BALANCE = text(
    """
    with certified as (
        select c.department, c.dataset,
            coalesce(sum(c.rows_read) filter (where b.kind not in ('replay', 'correction', 'rebuild')), 0)::bigint as read,
            coalesce(sum(c.landed), 0)::bigint as landed, coalesce(sum(c.unchanged), 0)::bigint as unchanged,
            coalesce(sum(c.superseded), 0)::bigint as superseded, coalesce(sum(c.rejected), 0)::bigint as rejected
        from ops.certificate c join ops.batch b using (batch_id) where b.kind <> 'rebuild' group by 1, 2
    ), kept as (
        select q.department, q.dataset,
            count(*) filter (where q.state = 'open') as waiting,
            count(*) filter (where q.state = 'rejected') as rejected,
            count(*) filter (where q.state = 'superseded') as superseded,
            count(*) filter (where q.state = 'replayed' and b.kind = 'rebuild') as rebuilt
        from ops.quarantine q left join ops.batch b on b.batch_id = q.replay_batch group by 1, 2
    ), logged as (
        select q.department, q.dataset,
            count(*) filter (where e.action = 'read_again') as read_again,
            count(*) filter (where e.action = 'rebuild' and e.state_from = 'landed') as withdrawn
        from ops.quarantine_event e join ops.quarantine q using (quarantine_id) group by 1, 2
    )
    select department, dataset, coalesce(read, 0) as read,
        coalesce(c.landed, 0) + coalesce(k.rebuilt, 0) - coalesce(l.withdrawn, 0) as landed,
        coalesce(c.unchanged, 0) as unchanged,
        coalesce(c.superseded, 0) + coalesce(k.superseded, 0) + coalesce(l.read_again, 0) as superseded,
        coalesce(k.waiting, 0) as quarantined, coalesce(c.rejected, 0) + coalesce(k.rejected, 0) as rejected
    from certified c full join kept k using (department, dataset) full join logged l using (department, dataset)
    where cast(:department as text) is null or department = :department
    order by 1, 2
    """
)

FATES = ("landed", "unchanged", "superseded", "quarantined", "rejected")


def balance(connection: Connection, department: str | None = None) -> list[dict[str, Any]]:
    """Per department and dataset: rows read, by what became of them, and `balanced`."""
    found = [
        dict(row) for row in connection.execute(_BALANCE, {"department": department}).mappings()
    ]
    return [row | {"balanced": row["read"] == sum(row[fate] for fate in FATES)} for row in found]
