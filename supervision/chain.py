"""The life cycle of findings as an append-only, hash-chained log: supervision.finding_event.

Each row's hash covers its own content and the hash of the row before, so that a row changed, removed or slipped in
later breaks the chain from there on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, text

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class FindingEvent:
    """One transition. `actor` is `hub` for the engine itself; `reason` says why, or holds the facts found."""

    finding_id: str
    at: datetime
    actor: str
    action: str
    state_from: str | None
    state_to: str
    reason: str | None


def link(previous_hash: str, event: FindingEvent) -> str:
    """SHA-256 over the previous hash and the event's content as JSON, times in UTC with microseconds."""
    finding_id, at, *rest = astuple(event)
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    content = json.dumps(
        [str(finding_id), moment, *rest], ensure_ascii=False, separators=(",", ":")
    )
    return hashlib.sha256(previous_hash.encode() + content.encode()).hexdigest()


def lock(connection: Connection) -> None:
    """Let one transaction at a time write findings and their events; held until it ends."""
    connection.execute(text("select pg_advisory_xact_lock(hashtextextended('hub supervision', 0))"))


_APPEND = text("""
    insert into supervision.finding_event
        (finding_id, at, actor, action, state_from, state_to, reason, previous_hash, hash)
    select e.finding_id, e.at, e.actor, e.action, e.state_from, e.state_to, e.reason, e.previous_hash, e.hash
    from unnest(
        cast(:finding_id as uuid[]), cast(:at as timestamptz[]), cast(:actor as text[]), cast(:action as text[]),
        cast(:state_from as text[]), cast(:state_to as text[]), cast(:reason as text[]),
        cast(:previous_hash as text[]), cast(:hash as text[])
    ) with ordinality as e
        (finding_id, at, actor, action, state_from, state_to, reason, previous_hash, hash, position)
    order by e.position
""")


def append(connection: Connection, events: Sequence[FindingEvent]) -> None:
    """Append the events in their order. The caller holds `lock`.

    The chain is sequential by nature: a loop over the new events only, inserted in one statement.
    """
    if not events:
        return
    last = connection.scalar(
        text("select hash from supervision.finding_event order by event_no desc limit 1")
    )
    hashes = [str(last or GENESIS)]
    for event in events:
        hashes.append(link(hashes[-1], event))
    fields = zip(*map(astuple, events), strict=True)
    names = ("finding_id", "at", "actor", "action", "state_from", "state_to", "reason")
    columns = {name: list(values) for name, values in zip(names, fields, strict=True)}
    connection.execute(_APPEND, columns | {"previous_hash": hashes[:-1], "hash": hashes[1:]})


_ALL = text("""
    select event_no, cast(finding_id as text), at, actor, action, state_from, state_to, reason, previous_hash, hash
    from supervision.finding_event order by event_no
""")


def first_broken(connection: Connection) -> int | None:
    """The number of the first event that does not continue the chain, or None if all do."""
    expected = GENESIS
    with connection.execution_options(stream_results=True).execute(_ALL) as rows:
        for event_no, *content, previous_hash, own_hash in rows:
            if previous_hash != expected or own_hash != link(expected, FindingEvent(*content)):
                return int(event_no)
            expected = own_hash
    return None
