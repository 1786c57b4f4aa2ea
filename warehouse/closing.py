"""The end of a landing, or of a batch that is rejected: certificate, cursor, and its number in the ledger."""

from __future__ import annotations

import json
from dataclasses import replace

from sqlalchemy import Connection, text

from hub.core.batches import BatchHeader, Certificate, Landing
from hub.core.ledger import LEDGER_LOCK
from warehouse.fates import FATES

_LARGE = 10_000


def close(
    connection: Connection, landing: Landing, certificate: Certificate, seconds: float
) -> None:
    """Write all three for a landing that took so many seconds. Must come last, as `settle`."""
    header = landing.header
    timed = replace(header, seconds=header.seconds | {"land": seconds})
    settle(connection, timed, certificate, "landed")
    _refresh_statistics(connection, landing)


def settle(
    connection: Connection, header: BatchHeader, certificate: Certificate, state: str
) -> None:
    """Write all three. Must come last: the ledger's lock is held from here to the commit, for everybody.

    So ledger numbers become visible in their own order, and who asks for what comes after his last one misses
    nothing.
    """
    binds = {fate: getattr(certificate, fate) for fate in FATES} | {
        "state": state,
        "batch": header.batch_id,
        "department": header.department,
        "dataset": header.dataset,
        "rows_read": certificate.read,
        "checksum_read": certificate.checksum_read,
        "checksum_landed": certificate.checksum_landed,
        "versions": json.dumps(header.versions),
        "seconds": json.dumps(header.seconds),
        "cursor": None if header.cursor is None else json.dumps(header.cursor),
    }
    connection.execute(
        text(
            """
            insert into ops.certificate (batch_id, department, dataset, rows_read, landed, unchanged, superseded,
                quarantined, rejected, checksum_read, checksum_landed, issued_at)
            values (cast(:batch as uuid), :department, :dataset, :rows_read, :landed, :unchanged, :superseded,
                :quarantined, :rejected, :checksum_read, :checksum_landed, now())
            """
        ),
        binds,
    )
    if header.cursor is not None:
        connection.execute(
            text(
                """
                insert into ops.cursor (department, dataset, position, batch_id, moved_at)
                values (:department, :dataset, cast(:cursor as jsonb), cast(:batch as uuid), now())
                on conflict (department, dataset) do update set position = excluded.position,
                    batch_id = excluded.batch_id, moved_at = excluded.moved_at
                """
            ),
            binds,
        )
    connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LEDGER_LOCK})
    connection.execute(
        text(
            """
            update ops.batch set state = :state, landed = :landed, unchanged = :unchanged,
                superseded = :superseded, quarantined = :quarantined, rejected = :rejected, versions = cast(:versions as jsonb),
                seconds = cast(:seconds as jsonb), landed_at = clock_timestamp(),
                ledger_no = (select coalesce(max(ledger_no), 0) + 1 from ops.batch)
            where batch_id = cast(:batch as uuid)
            """
        ),
        binds,
    )


def _refresh_statistics(connection: Connection, landing: Landing) -> None:
    """After a large batch: whoever reads next must not plan for an empty table until the server notices by itself.

    Only when a table has doubled since: the cost of it does not grow with the batch.
    """
    sizes = {f'core."{name}"': frame.height for name, frame in sorted(landing.entities.items())}
    for table, rows in (*sizes.items(), ("ops.record", landing.records.height)):
        if rows >= _LARGE and connection.scalar(text(_DOUBLED), {"name": table}):
            connection.exec_driver_sql(f"analyze {table}")


_DOUBLED = """
    select pg_relation_size(oid) >= 2 * relpages::bigint * current_setting('block_size')::int
    from pg_class where oid = cast(:name as regclass)
"""
