"""What stewards ask of the quarantine, and the steps that they take with its rows. Functions work in the caller's transaction."""

# ruff: noqa: S608 (statements are made of our own conditions; values are binds)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from hub.core.batches import Step

Row = dict[str, Any]
STATES = ("open", "replayed", "accepted", "corrected", "superseded", "rejected")

CHOSEN_SCHEMA: dict[str, pl.DataType] = {
    "quarantine_id": pl.Int64(),
    "department": pl.String(),
    "dataset": pl.String(),
    "batch_id": pl.String(),
    "raw_object": pl.String(),
    "raw_row": pl.Int64(),
    "reason": pl.String(),
    "state": pl.String(),
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which quarantined rows are meant; every condition that is given must hold. `state`: None for any.

    `assignee`: '-' for rows that nobody works on. `older_than`: days since the row came.
    """

    ids: tuple[int, ...] = ()
    department: str | None = None
    dataset: str | None = None
    reason: str | None = None
    assignee: str | None = None
    state: str | None = "open"
    older_than: int | None = None

    @property
    def narrows(self) -> bool:
        """Whether it names anything at all beside the state."""
        return any((self.ids, self.department, self.dataset, self.reason, self.assignee)) or (
            self.older_than is not None
        )


_WHERE = """
    (cardinality(cast(:ids as bigint[])) = 0 or quarantine_id = any(cast(:ids as bigint[])))
    and (cast(:department as text) is null or department = :department)
    and (cast(:dataset as text) is null or dataset = :dataset)
    and (cast(:reason as text) is null or reason = :reason)
    and (cast(:assignee as text) is null or coalesce(assignee, '-') = :assignee)
    and (cast(:state as text) is null or state = :state)
    and (cast(:older_than as integer) is null or created_at < now() - make_interval(days => :older_than))
"""


def counts(connection: Connection, chosen: Selection) -> list[Row]:
    """Rows by department, dataset, reason and state, with the first day on which one of them came."""
    return _rows(
        connection,
        f"""
        select department, dataset, reason, state, count(*) as rows, count(assignee) as assigned, min(created_at) as oldest
        from ops.quarantine where {_WHERE} group by 1, 2, 3, 4 order by 1, 2, 5 desc, 3, 4
        """,
        chosen,
    )


def rows(connection: Connection, chosen: Selection, limit: int | None = None) -> list[Row]:
    """The first rows: where each came from, why it was rejected, who works on it."""
    return _rows(
        connection,
        f"""
        select quarantine_id, department, dataset, reason, "column", message, source_file, source_row, state, assignee,
               created_at, extract(day from now() - created_at)::int as days
        from ops.quarantine where {_WHERE} order by quarantine_id limit :limit
        """,
        chosen, limit=limit,
    )  # fmt: skip


def chosen_rows(connection: Connection, chosen: Selection) -> pl.DataFrame:
    """All rows of the selection in CHOSEN_SCHEMA, oldest first."""
    found = connection.execute(
        text(
            f"""
            select quarantine_id, department, dataset, batch_id::text, raw_object, raw_row, reason, state
            from ops.quarantine where {_WHERE} order by quarantine_id
            """
        ),
        _binds(chosen),
    )
    return pl.DataFrame([tuple(row) for row in found], schema=CHOSEN_SCHEMA, orient="row")


def masked_rows(connection: Connection, chosen: Selection) -> list[Row]:
    """The rows as people may read them: id, dataset, reason, column, message, place, raw_masked, and `stamp`, which
    changes when another reading takes the row's place."""
    return _rows(
        connection,
        f"""
        select quarantine_id, department, dataset, state, reason, "column", message, source_file, source_row, record_key,
               batch_id::text as batch_id, raw_object, raw_row, raw_masked,
               substr(md5(coalesce((raw_masked - '_row')::text, '')), 1, 12) as stamp
        from ops.quarantine where {_WHERE} order by department, dataset, quarantine_id
        """,
        chosen,
    )


def row(connection: Connection, quarantine_id: int) -> Row | None:
    """One row with its masked fields, or None."""
    found = _rows(
        connection,
        f"""
        select quarantine_id, department, dataset, state, reason, "column", message, source_file, source_row, record_key,
               batch_id::text as batch_id, raw_object, raw_row, raw_masked, versions, created_at, assignee, waived,
               replay_batch::text as replay_batch
        from ops.quarantine where {_WHERE}
        """,
        Selection(ids=(quarantine_id,), state=None),
    )
    return found[0] if found else None


def history(connection: Connection, quarantine_id: int) -> list[Row]:
    """The row's steps in order."""
    found = connection.execute(
        text(
            """
            select event_no, at, actor, action, state_from, state_to, note, batch_id::text as batch_id, outcome
            from ops.quarantine_event where quarantine_id = :quarantine_id order by event_no
            """
        ),
        {"quarantine_id": quarantine_id},
    )
    return [dict(event) for event in found.mappings()]


def take(
    connection: Connection,
    ids: Sequence[int],
    step: Step,
    state: str | None = None,
    assignee: str | None = None,
    outcome: str | None = None,
) -> int:
    """Take a step with rows and log it: a new state (only of open rows), somebody who works on them, or just words.

    Returns with how many rows it was taken; of the others nothing changed.
    """
    found = connection.execute(
        text(
            """
            with before as (
                select quarantine_id, state from ops.quarantine
                where quarantine_id = any(cast(:ids as bigint[])) and (cast(:state as text) is null or state = 'open')
                order by quarantine_id for update
            ), after as (
                update ops.quarantine q
                set state = coalesce(:state, q.state), assignee = nullif(coalesce(:assignee, q.assignee), '')
                from before where q.quarantine_id = before.quarantine_id
                returning q.quarantine_id, q.state
            )
            insert into ops.quarantine_event (quarantine_id, at, actor, action, state_from, state_to, note, outcome)
            select quarantine_id, now(), :actor, :action, before.state, after.state, :note, :outcome
            from before join after using (quarantine_id) order by 1
            """
        ),
        {"ids": list(ids), "state": state, "assignee": assignee, "outcome": outcome} | asdict(step),
    )
    return found.rowcount


def _rows(connection: Connection, sql: str, chosen: Selection, **binds: Any) -> list[Row]:
    found = connection.execute(text(sql), _binds(chosen) | binds).mappings()
    return [dict(row) for row in found]


def _binds(chosen: Selection) -> dict[str, Any]:
    return asdict(chosen) | {"ids": list(chosen.ids)}
