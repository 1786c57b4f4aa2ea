"""Is the log of findings whole? Every way in which a row of it could have been changed, taken out, put in or moved."""

# ruff: noqa: S608 (statements are made of constants of ours)

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from supervision import chain


@dataclass(frozen=True, slots=True)
class Break:
    """Something in the log that cannot have come about by itself. `event_no`: the first event that shows it."""

    kind: str
    what: str
    event_no: int | None = None
    head_no: int | None = None
    finding_id: str | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """How long the log is, its newest head, and what is wrong with it."""

    events: int
    heads: int
    head: str | None
    breaks: tuple[Break, ...]


def verify(connection: Connection, noted_head: str | None = None) -> Verified:
    """Check the whole log: content and order of events, their number at every head, and the findings' states.

    Numbers of events may leave gaps (a transaction that was rolled back uses some up); so what counts is how many
    events there were when each head was written. What no check inside a database can see is a log cut back together
    with its newest heads, runs and findings: for that, note a head's hash elsewhere and give it as `noted_head`.
    """
    events, heads, head = connection.execute(
        text("""
            select
                (select count(*) from supervision.finding_event),
                (select count(*) from supervision.chain_head),
                (select hash from supervision.chain_head order by head_no desc limit 1)
        """)
    ).one()
    breaks = [*_events(connection), *_from_rows(connection)]
    if noted_head is not None and not connection.scalar(
        text("select exists (select from supervision.chain_head where hash = :hash)"),
        {"hash": noted_head},
    ):
        breaks.append(Break("head_unknown", f"no head has the hash {noted_head}"))
    return Verified(events, heads, head, tuple(breaks))


def _events(connection: Connection) -> Iterator[Break]:
    broken = chain.first_broken(connection)
    if broken is not None:
        yield Break("event", "does not continue the event before it", broken)


def _from_rows(connection: Connection) -> Iterator[Break]:
    for kind, (what, sql) in _CHECKS.items():
        for row in connection.execute(text(sql)).mappings():
            found: dict[str, Any] = {"event_no": None, "head_no": None, "finding_id": None, **row}
            yield Break(kind, what, **found)


# What must not be: kind → (what it means, SELECT of the first row that shows it).
_CHECKS = {
    "head": (
        "the head does not continue the head before it, or was changed",
        f"""
        select head_no from (
            select h.*, lag(h.hash, 1, '{chain.GENESIS}') over (order by h.head_no) as expected
            from supervision.chain_head h
        ) h
        where h.previous_hash <> h.expected or h.hash <> {chain.HEAD_HASH}
        order by head_no limit 1
        """,
    ),
    "events_gone": (
        "when this head was written the log ended with another event, or had more or fewer",
        f"""
        with numbered as (
            select event_no, hash, row_number() over (order by event_no) as position from supervision.finding_event
        )
        select h.head_no, h.event_no from supervision.chain_head h
        left join numbered n on n.event_no = h.event_no
        where (h.events, h.event_hash) is distinct from
            (coalesce(n.position, case when h.event_no = 0 then 0 end), coalesce(n.hash, '{chain.GENESIS}'))
        order by h.head_no limit 1
        """,
    ),
    "event_unsealed": (
        "the event came after the last head",
        """
        select min(event_no) as event_no from supervision.finding_event
        where event_no > (select coalesce(max(event_no), 0) from supervision.chain_head)
        having count(*) > 0
        """,
    ),
    "head_gone": (
        "a run since the first head left no head",
        """
        select null as head_no from supervision.run r
        where r.finished_at > (select min(at) from supervision.chain_head)
            and not exists (select from supervision.chain_head h where h.run_id = r.run_id)
        limit 1
        """,
    ),
    "transition": (
        "the event does not start from the state in which the one before it left the finding",
        """
        select event_no, finding_id from (
            select event_no, cast(finding_id as text) as finding_id, state_from,
                lag(state_to) over (partition by finding_id order by event_no) as expected
            from supervision.finding_event
        ) e
        where state_from is distinct from expected
        order by event_no limit 1
        """,
    ),
    "state": (
        "the finding is not in the state in which its last event left it",
        """
        select last.event_no, coalesce(cast(f.finding_id as text), cast(last.finding_id as text)) as finding_id
        from supervision.finding f
        full join (
            select distinct on (finding_id) finding_id, event_no, state_to
            from supervision.finding_event order by finding_id, event_no desc
        ) last on last.finding_id = f.finding_id
        where f.state is distinct from last.state_to
        order by 2 limit 1
        """,
    ),
    "digest": (
        "the finding does not say what it said when a run wrote it",
        """
        select cast(finding_id as text) as finding_id
        from supervision.finding
        where digest <> supervision.finding_digest(
            rule_id, subject, level, facts, limit_value, limit_unit, elapsed
        )
        order by 1 limit 1
        """,
    ),
}
