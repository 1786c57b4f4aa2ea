"""`ops.pause`: the switch that stops all reading of a department's system, or of all systems."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, text

ALL = "*"


def pause(connection: Connection, department: str, reason: str, actor: str) -> None:
    """Stop the reading of a department (ALL: of every one) before its next query."""
    connection.execute(
        text(
            """
            insert into ops.pause (department, reason, actor, since)
            values (:department, :reason, :actor, now())
            on conflict (department) do update set reason = excluded.reason, actor = excluded.actor,
                since = excluded.since
            """
        ),
        {"department": department, "reason": reason, "actor": actor},
    )


def resume(connection: Connection, department: str) -> bool:
    """Let it be read again. Returns whether it was paused."""
    query = text("delete from ops.pause where department = :department")
    return connection.execute(query, {"department": department}).rowcount > 0


def reason(engine: Engine, department: str) -> str | None:
    """Why the department may not be read now, or None."""
    query = text(
        """
        select format('paused by %s since %s: %s', actor, to_char(since, 'YYYY-MM-DD HH24:MI'), reason)
        from ops.pause where department in (:department, '*') order by since limit 1
        """
    )
    with engine.connect() as connection:
        found: str | None = connection.scalar(query, {"department": department})
        return found


def paused(connection: Connection) -> list[dict[str, Any]]:
    """What is paused: department, reason, actor, since."""
    rows = connection.execute(
        text("select department, reason, actor, since from ops.pause order by since")
    )
    return [dict(row._mapping) for row in rows]
