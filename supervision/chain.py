"""The life cycle of findings as an append-only, hash-chained log: supervision.finding_event.

Each row's hash covers its own content and the hash of the row before, so that a row changed, removed or slipped in
later breaks the chain from there on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from supervision.preparation import driver

GENESIS = "0" * 64


class FindingEvent(NamedTuple):
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
    finding_id, at, *rest = event
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    content = json.dumps(
        [str(finding_id), moment, *rest], ensure_ascii=False, separators=(",", ":")
    )
    return hashlib.sha256(previous_hash.encode() + content.encode()).hexdigest()


def lock(connection: Connection) -> None:
    """Let one transaction at a time write findings and their events; held until it ends.

    A lock on a table and not an advisory one, because it takes no snapshot: a repeatable-read transaction that waited
    here sees what the one before it wrote, and continues the chain from there.
    """
    connection.execute(text("lock table supervision.run in exclusive mode"))


_APPEND = f"""
    copy supervision.finding_event ({", ".join(FindingEvent._fields)}, previous_hash, hash) from stdin
"""


def append(connection: Connection, events: Sequence[FindingEvent]) -> None:
    """Append the events in their order. The caller holds `lock`.

    The chain is sequential by nature: a loop over the new events only, which are copied as they are linked.
    """
    if not events:
        return
    last = connection.scalar(
        text("select hash from supervision.finding_event order by event_no desc limit 1")
    )
    previous = str(last or GENESIS)
    with driver(connection).cursor() as cursor, cursor.copy(_APPEND) as copy:
        for event in events:
            own = link(previous, event)
            copy.write_row((*event, previous, own))
            previous = own


def seal(connection: Connection, run_id: str | None = None) -> str:
    """Note how far the log has come, in a chain of its own: the last thing that a transaction does that wrote the log.

    Returns the head's hash. Whoever keeps it elsewhere can prove later that the log up to here is the same. The caller
    holds `lock`.
    """
    return str(connection.scalar(_SEAL, {"run_id": run_id, "genesis": GENESIS}))


HEAD_HASH = """encode(sha256(convert_to(concat_ws(
    chr(31), h.previous_hash, to_char(h.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
    coalesce(h.run_id::text, ''), h.events, h.event_no, h.event_hash
), 'UTF8')), 'hex')"""
"""A head's hash in SQL: over the previous head's hash and its own content, times in UTC with microseconds."""

_SEAL = text(f"""
    with last as (
        select events, event_no, event_hash, hash from supervision.chain_head order by head_no desc limit 1
    ), h as (
        select
            clock_timestamp() as at, cast(:run_id as uuid) as run_id,
            coalesce(last.events, 0) + since.events as events, coalesce(newest.event_no, last.event_no, 0) as event_no,
            coalesce(newest.hash, last.event_hash, :genesis) as event_hash,
            coalesce(last.hash, :genesis) as previous_hash
        from (values (1)) one
        left join last on true
        cross join lateral (
            select count(*) as events, max(event_no) as event_no from supervision.finding_event
            where event_no > coalesce(last.event_no, 0)
        ) since
        left join supervision.finding_event newest on newest.event_no = since.event_no
    )
    insert into supervision.chain_head (at, run_id, events, event_no, event_hash, previous_hash, hash)
    select h.at, h.run_id, h.events, h.event_no, h.event_hash, h.previous_hash, {HEAD_HASH} from h
    returning hash
""")  # noqa: S608 (constants of our own)


_ALL = text("""
    select event_no, cast(finding_id as text), at, actor, action, state_from, state_to, reason, previous_hash, hash
    from supervision.finding_event order by event_no
""")


def first_broken(connection: Connection) -> int | None:
    """The number of the first event that does not continue the chain, or None if all do."""
    expected = GENESIS
    with connection.execute(_ALL, execution_options={"stream_results": True}) as rows:
        for event_no, *content, previous_hash, own_hash in rows:
            if previous_hash != expected or own_hash != link(expected, FindingEvent(*content)):
                return int(event_no)
            expected = own_hash
    return None
