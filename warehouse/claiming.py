"""The beginning of a landing: the department's lock, and whether this batch may land now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from hub.core.batches import BatchHeader
from hub.core.errors import LandingError
from warehouse.ledger import start_batch


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch that may land. `arrived_at`: when its raw object was read first (aware)."""

    arrived_at: datetime


def claim(connection: Connection, header: BatchHeader, decided: bool = False) -> Claim | None:
    """Take the department's lock to the end of the transaction; None if the batch has landed or was rejected already.

    A batch that the ledger does not know is entered. Raises LandingError for a batch that was abandoned, for one
    before which another batch of the dataset was read that has not landed (the cursor would pass over its rows), and
    for one that the gate stopped, unless a steward has `decided`; a decision about any other batch is refused.
    """
    connection.execute(
        text("select pg_advisory_xact_lock(hashtextextended('hub landing ' || :department, 0))"),
        {"department": header.department},
    )
    state = _state(connection, header)
    if state is None:
        start_batch(connection, header, [])
    if state in ("landed", "rejected"):
        return None
    where = f"{header.department}/{header.dataset}, batch {header.batch_id}"
    if state == "abandoned":
        raise LandingError(
            "a later run reads these rows again", where=where, remedy="nothing to do; land that run"
        )
    if (state == "stopped") != decided:
        what = (
            "the gate stopped it"
            if state == "stopped"
            else "it is not stopped, so nothing is to be decided"
        )
        raise LandingError(what, where=where, remedy=f"hub gate show {header.batch_id}")
    if header.kind == "replay":
        return Claim(_arrival_of_origin(connection, header))
    if header.kind != "extract":
        return Claim(_started_at(connection, header))
    if earlier := _waiting_before(connection, header):
        raise LandingError(
            f"batch {earlier} was read before and has not landed", where=where,
            remedy="land it first, decide about it (hub gate list), or run the department again",
        )  # fmt: skip
    return Claim(_started_at(connection, header))


def _state(connection: Connection, header: BatchHeader) -> str | None:
    query = text("select state from ops.batch where batch_id = cast(:batch as uuid) for update")
    found: str | None = connection.scalar(query, {"batch": header.batch_id})
    return found


def _started_at(connection: Connection, header: BatchHeader) -> datetime:
    query = text("select started_at from ops.batch where batch_id = cast(:batch as uuid)")
    found: datetime = connection.execute(query, {"batch": header.batch_id}).scalar_one()
    return found


def _arrival_of_origin(connection: Connection, header: BatchHeader) -> datetime:
    query = text(
        """
        select min(started_at) from ops.batch
        where department = :department and dataset = :dataset and raw_object = :raw_object
          and kind <> 'replay' and state = 'landed'
        """
    )
    found: datetime | None = connection.scalar(
        query,
        {
            "department": header.department,
            "dataset": header.dataset,
            "raw_object": header.raw_object,
        },
    )
    if found is None:
        raise LandingError(
            "no landed batch has this raw object, so nothing of it can be replayed",
            where=f"{header.department}/{header.dataset}, {header.raw_object}",
        )
    return found


def _waiting_before(connection: Connection, header: BatchHeader) -> str | None:
    query = text(
        """
        select earlier.batch_id::text from ops.batch earlier, ops.batch this
        where this.batch_id = cast(:batch as uuid) and earlier.department = this.department
          and earlier.dataset = this.dataset and earlier.kind = 'extract'
          and earlier.state in ('extracted', 'mapped', 'failed', 'stopped') and earlier.started_at < this.started_at
        order by earlier.started_at limit 1
        """
    )
    found: str | None = connection.scalar(query, {"batch": header.batch_id})
    return found
