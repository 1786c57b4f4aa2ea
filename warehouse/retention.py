"""What the ledger knows about raw objects: who refers to them, who still needs them, which were removed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

# Batches that have landed, were given up or rejected; the others may still need their raw object. What a replay needs is held by
# the quarantined rows themselves.
_OVER = "(state in ('landed', 'abandoned', 'rejected') or kind = 'replay')"


@dataclass(frozen=True, slots=True)
class Reference:
    """A raw object of the ledger: when it was read last (aware), and whether all its batches are over."""

    read_at: datetime
    over: bool


def references(connection: Connection, department: str) -> dict[str, Reference]:
    """Raw object → what the ledger says of it, for all batches of a department."""
    query = text(
        f"select raw_object, max(started_at) as read_at, bool_and({_OVER}) as over "  # noqa: S608 (our own condition)
        "from ops.batch where department = :department group by raw_object"
    )
    rows = connection.execute(query, {"department": department})
    return {row.raw_object: Reference(row.read_at, row.over) for row in rows}


def quarantined(connection: Connection, department: str) -> set[str]:
    """The raw objects that open quarantined rows of a department lie in."""
    return _names(
        connection,
        "select distinct raw_object from ops.quarantine where department = :department and state = 'open'",
        department=department,
    )


def last_images(connection: Connection, department: str, datasets: Collection[str]) -> set[str]:
    """The raw objects that hold the last image of a living record of these datasets."""
    return _names(
        connection,
        """
        select distinct b.raw_object from ops.record r join ops.batch b using (batch_id)
        where r.department = :department and r.dataset = any(:datasets) and not r.deleted
        """,
        department=department, datasets=list(datasets),
    )  # fmt: skip


def note_removed(connection: Connection, department: str, names: Iterable[str]) -> None:
    """Note of all batches of these raw objects that the objects are removed."""
    connection.execute(
        text(
            "update ops.batch set raw_removed_at = now() "
            "where department = :department and raw_object = any(:names) and raw_removed_at is null"
        ),
        {"department": department, "names": list(names)},
    )


def removed_at(connection: Connection, department: str, name: str) -> datetime | None:
    """When a raw object was removed under a retention, or None."""
    query = text(
        "select max(raw_removed_at) from ops.batch where department = :department and raw_object = :name"
    )
    found: datetime | None = connection.scalar(query, {"department": department, "name": name})
    return found


def over(connection: Connection, batch_ids: Collection[str]) -> set[str]:
    """Those of the batches that have landed, were given up or rejected."""
    return _names(
        connection,
        f"select batch_id::text from ops.batch where batch_id::text = any(:ids) and {_OVER}",  # noqa: S608
        ids=list(batch_ids),
    )


def _names(connection: Connection, query: str, **binds: Any) -> set[str]:
    return set(connection.scalars(text(query), binds))
