"""What people ask of the warehouse: totals, open quarantine, drift, last run. Read only, JSON-ready rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, text

Row = dict[str, Any]


def _rows(connection: Connection, sql: str, **binds: Any) -> list[Row]:
    return [dict(row) for row in connection.execute(text(sql), binds).mappings()]


def landed_batches(connection: Connection) -> set[str]:
    """Ids of all landed batches."""
    return {
        row["batch_id"]
        for row in _rows(
            connection, "select batch_id::text as batch_id from ops.batch where state = 'landed'"
        )
    }


def department_totals(connection: Connection, batches: Sequence[str] | None = None) -> list[Row]:
    """Per department: rows by fate, batches, seconds by stage; over the given batches, or all that landed or were rejected."""
    sql = text(
        """
        select department as slug, count(*) as batches,
               sum(rows_read)::bigint as read, sum(landed)::bigint as landed,
               sum(unchanged)::bigint as unchanged, sum(superseded)::bigint as superseded,
               sum(quarantined)::bigint as quarantined, sum(rejected)::bigint as rejected,
               sum((seconds->>'extract')::float8) as extract_s, sum((seconds->>'map')::float8) as map_s,
               sum((seconds->>'gate')::float8) as gate_s, sum((seconds->>'land')::float8) as land_s
        from ops.batch where state in ('landed', 'rejected') and (:everything or batch_id::text = any(:batches))
        group by department order by department
        """
    ).bindparams(bindparam("batches", value=list(batches or ())))
    rows = connection.execute(sql, {"everything": batches is None}).mappings()
    return [dict(row) for row in rows]


def quarantine_counts(connection: Connection) -> list[Row]:
    """Open quarantined rows by department, dataset and reason."""
    return _rows(
        connection,
        """
        select department, dataset, reason, count(*) as rows from ops.quarantine
        where state = 'open' group by 1, 2, 3 order by 1, 2, 4 desc, 3
        """,
    )


def drift(connection: Connection) -> list[Row]:
    """Differences between the sources' shapes and the mappings, newest first."""
    return _rows(
        connection,
        """
        select department, dataset, "column", change, min(message) as message, count(*) as batches,
               max(seen_at) as last_seen
        from ops.drift group by 1, 2, 3, 4 order by last_seen desc, 1, 2, 3
        """,
    )


def unmapped_codes(connection: Connection) -> list[Row]:
    """Source codes without a crosswalk row, most frequent first."""
    return _rows(
        connection,
        "select department, codelist, source_code, source_name, rows, last_seen "
        "from ops.unmapped_code order by rows desc, 1, 2, 3",
    )


def last_run(connection: Connection) -> Row | None:
    """The last supervision run with its totals per rule, or None."""
    runs = _rows(
        connection,
        """
        select run_id::text as run_id, kind, state, as_of, finished_at, findings_hash
        from supervision.run order by started_at desc limit 1
        """,
    )
    if not runs:
        return None
    rules = _rows(
        connection,
        """
        select rule_id as rule, sum(violations)::bigint as violations, sum(compliant)::bigint as compliant,
               sum(not_evaluable)::bigint as not_evaluable
        from supervision.outcome where run_id = cast(:run_id as uuid) group by 1 order by 1
        """,
        run_id=runs[0]["run_id"],
    )
    withheld = _rows(
        connection,
        """
        select department, reason, facts from supervision.statement
        where run_id = cast(:run_id as uuid) and not stated order by department
        """,
        run_id=runs[0]["run_id"],
    )
    return runs[0] | {"rules": rules, "withheld": withheld}


def certificate(connection: Connection, batch_id: str) -> Row | None:
    """One batch's certificate, or None."""
    rows = _rows(
        connection,
        """
        select c.batch_id::text as batch_id, c.department, c.dataset, c.rows_read as read, c.landed,
               c.unchanged, c.superseded, c.quarantined, c.rejected, c.checksum_read, c.checksum_landed,
               c.issued_at, b.raw_object, b.versions, b.kind, b.ledger_no
        from ops.certificate c join ops.batch b using (batch_id) where c.batch_id::text = :batch_id
        """,
        batch_id=batch_id,
    )
    return rows[0] if rows else None


def recent_batches(connection: Connection, limit: int = 10) -> list[Row]:
    """The last batches that landed, or that a steward rejected."""
    return _rows(
        connection,
        """
        select batch_id::text as batch_id, department, dataset, kind, rows_read as read, landed,
               unchanged, superseded, quarantined, rejected, landed_at
        from ops.batch where state in ('landed', 'rejected') order by ledger_no desc limit :limit
        """,
        limit=limit,
    )
