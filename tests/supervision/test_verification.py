"""A log that was changed, cut, moved or added to is found out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, text

from supervision import chain
from supervision.lifecycle import Actor, act
from supervision.selection import Selection
from supervision.verification import verify
from tests.supervision.active import LIMITS


@pytest.fixture
def logged(world: Any) -> Any:
    """Four findings: opened, then notified, then seen by another run."""
    for name in "ABCD":
        world.land_overdue(name)
    world.supervise(rules=LIMITS)
    act(world.connection, "notify", Actor("王科长", "supervision"), Selection(department="land"))
    world.supervise(rules=LIMITS)
    return world


def numbers(world: Any) -> list[int]:
    return list(
        world.connection.scalars(text("select event_no from supervision.finding_event order by 1"))
    )


def run(world: Any, sql: str, **binds: Any) -> None:
    world.connection.execute(text(sql), binds)


def kinds(world: Any, head: str | None = None) -> set[str]:
    return {found.kind for found in verify(world.connection, head).breaks}


def test_an_untouched_log_is_whole(logged: Any) -> None:
    found = verify(logged.connection)
    assert (found.events, found.heads, found.breaks) == (8, 3, ())
    assert kinds(logged, found.head) == set()


def test_numbers_left_out_by_a_rollback_are_no_break(logged: Any) -> None:
    with logged.connection.begin_nested() as savepoint:
        act(
            logged.connection,
            "withdraw",
            Actor("王", "supervision"),
            Selection(state="notified"),
            reason="x",
        )
        savepoint.rollback()
    logged.land_overdue("E")
    logged.supervise(rules=LIMITS)
    assert numbers(logged)[-1] - numbers(logged)[-2] == 5
    assert kinds(logged) == set()


@pytest.mark.parametrize("position", [0, 3, -1])
def test_a_removed_event_is_missed(logged: Any, position: int) -> None:
    run(
        logged,
        "delete from supervision.finding_event where event_no = :no",
        no=numbers(logged)[position],
    )
    found = kinds(logged)
    assert "events_gone" in found
    assert ("event" in found) == (position != -1)


def test_the_last_events_removed_with_their_head_are_missed_by_the_states(logged: Any) -> None:
    run(logged, "delete from supervision.finding_event where event_no > :no", no=numbers(logged)[3])
    run(
        logged,
        "delete from supervision.chain_head where head_no > (select min(head_no) from supervision.chain_head)",
    )
    assert kinds(logged) == {"head_gone", "state"}


def test_even_a_log_cut_back_cleanly_lacks_a_head_that_was_noted(logged: Any) -> None:
    noted = verify(logged.connection).head
    run(logged, "delete from supervision.chain_head where hash = :hash", hash=noted)
    run(
        logged,
        "delete from supervision.run where finished_at = (select max(finished_at) from supervision.run)",
    )
    assert kinds(logged) == set()
    assert kinds(logged, noted) == {"head_unknown"}


def test_events_that_changed_places_are_found(logged: Any) -> None:
    second, third = numbers(logged)[1:3]
    for old, new in ((second, -1), (third, second), (-1, third)):
        run(
            logged,
            "update supervision.finding_event set event_no = :new where event_no = :old",
            old=old,
            new=new,
        )
    assert verify(logged.connection).breaks[0].event_no == second


def test_an_event_put_in_is_found_even_when_it_continues_the_chain(logged: Any) -> None:
    finding_id = logged.connection.scalar(
        text("select min(finding_id::text) from supervision.finding")
    )
    event = chain.FindingEvent(
        finding_id, datetime.now(UTC), "x", "close", "notified", "closed", None
    )
    chain.append(logged.connection, [event])
    assert kinds(logged) == {"event_unsealed", "state"}


@pytest.mark.parametrize(
    "change",
    [
        "events = events - 1",
        "event_hash = repeat('1', 64)",
        "at = at + interval '1 second'",
        "run_id = null",
    ],
)
def test_a_changed_head_is_found(logged: Any, change: str) -> None:
    first = "head_no = (select min(head_no) from supervision.chain_head)"
    run(logged, f"update supervision.chain_head set {change} where {first}")  # noqa: S608
    assert "head" in kinds(logged)


def test_a_state_changed_past_the_log_is_found(logged: Any) -> None:
    run(
        logged,
        "update supervision.finding set state = 'closed' where subject = (select min(subject) from supervision.finding)",
    )
    assert kinds(logged) == {"state"}


def test_what_a_finding_says_changed_past_the_runs_is_found(logged: Any) -> None:
    first = "subject = (select min(subject) from supervision.finding)"
    run(logged, f"update supervision.finding set elapsed = elapsed - 1 where {first}")  # noqa: S608
    assert kinds(logged) == {"digest"}


def test_two_transactions_cannot_continue_the_same_event(logged: Any) -> None:
    with pytest.raises(Exception, match="finding_event_previous_hash_key"):
        run(
            logged,
            """insert into supervision.finding_event (finding_id, at, actor, action, state_to, previous_hash, hash)
            select finding_id, at, 'x', 'x', 'x', previous_hash, 'x' from supervision.finding_event limit 1""",
        )


def test_whoever_waited_for_the_lock_continues_from_what_was_written_meanwhile(
    database: Engine,
) -> None:
    """A run reads one snapshot of the warehouse; it must not be older than the lock."""

    def write(connection: Connection) -> None:
        event = chain.FindingEvent(
            str(uuid4()), datetime.now(UTC), "hub", "opened", None, "open", None
        )
        chain.append(connection, [event])
        chain.seal(connection)

    def run_of_the_rules() -> None:
        still = database.execution_options(isolation_level="REPEATABLE READ")
        with still.begin() as connection:
            chain.lock(connection)
            write(connection)

    waiting = text(
        "select count(*) from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())"
    )
    with ThreadPoolExecutor(1) as pool, database.begin() as connection:
        chain.lock(connection)
        second = pool.submit(run_of_the_rules)
        with database.connect() as watching:
            while not second.done() and not watching.scalar(waiting):
                pass
        assert not second.done()
        write(connection)
        connection.commit()
        second.result(timeout=60)
    with database.connect() as connection:
        found = verify(connection)
    assert (found.events, found.heads, {one.kind for one in found.breaks}) == (2, 2, {"state"})
