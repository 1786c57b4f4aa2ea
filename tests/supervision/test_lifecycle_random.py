"""Whatever people and runs do in whatever order: only transitions of the graph, an unbroken log, states as logged."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

import supervision
from supervision.lifecycle import SAME, Actor, TransitionRefused, act, lifecycle
from supervision.selection import Selection
from tests.supervision.active import LIMITS, only

PROMISED = only("timeliness.overdue_promised")
GRAPH = lifecycle()
CASE: dict[str, dict[str, Any]] = {
    "yellow": {"decided_at": "2012-03-26 09:00"},
    "later": {"decided_at": "2012-03-27 09:00"},
    "red": {"decided_at": "2012-05-31 09:00"},
    "in time": {"decided_at": "2012-03-20 09:00"},
    "deleted": {"decided_at": "2012-03-27 09:00", "deleted_at": "2012-12-01 09:00"},
    "not evaluable": {"decided_at": "2012-03-27 09:00", "power_code": None},
}
MOVES = st.one_of(
    st.tuples(st.just("act"), st.sampled_from(sorted(GRAPH.actions)), st.integers(0, 3)),
    st.tuples(st.just("land"), st.sampled_from(sorted(CASE)), st.sampled_from("AB")),
    st.tuples(st.just("run"), st.booleans(), st.booleans()),
)


def move(world: Any, kind: str, first: Any, second: Any, at: datetime) -> None:
    if kind == "land":
        columns = {"power_code": "P", "accepted_at": "2012-03-01 09:00"} | CASE[first]
        world.land("case", case_id=second, **columns)
    elif kind == "run":
        rules = LIMITS if second else PROMISED
        world.supervise(full=first, rules=rules)
    else:
        take(world, first, second, at)


def take(world: Any, name: str, which: int, at: datetime) -> None:
    """One action on one finding: taken when the file allows it, refused and without a trace when not."""
    rows = world.connection.execute(
        text("""
            select finding_id::text, state, judged, respond_by,
                (select count(*) from supervision.finding_event) as events
            from supervision.finding order by subject, level
        """)
    ).all()
    if not rows:
        return
    row, action = rows[which % len(rows)], GRAPH.actions[name]
    waits = row.state in action.once_overdue and at.date() <= row.respond_by
    allowed = row.state in action.leaves and row.judged in action.judged and not waits
    actor = Actor("某", "supervision" if action.by == "supervision" else "land")
    try:
        act(
            world.connection,
            name,
            actor,
            Selection(ids=(row.finding_id,)),
            reason="x",
            statement="y",
            at=at,
        )
    except TransitionRefused:
        assert not allowed
    else:
        assert allowed
    state, events = world.connection.execute(
        text("""
            select state, (select count(*) from supervision.finding_event) from supervision.finding
            where finding_id = cast(:id as uuid)
        """),
        {"id": row.finding_id},
    ).one()
    assert (state, events) == (action.to if allowed else row.state, row.events + allowed)


@settings(
    max_examples=30, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(moves=st.lists(MOVES, min_size=5, max_size=25))
def test_any_sequence_stays_in_the_graph_and_leaves_a_whole_log(world: Any, moves: Any) -> None:
    with world.connection.begin_nested() as savepoint:
        at = datetime.fromisoformat("2012-11-05 10:00")
        for name, kind in (("A", "later"), ("B", "red")):
            move(world, "land", kind, name, at)
        world.supervise(rules=LIMITS)
        for kind, first, second in moves:
            at += timedelta(days=4)
            move(world, kind, first, second, at)
        assert supervision.verify(world.connection).breaks == ()
        for actor, action, before, after in world.connection.execute(
            text(
                "select distinct actor = 'hub', action, state_from, state_to from supervision.finding_event"
            )
        ):
            spec = (GRAPH.engine if actor else GRAPH.actions)[action]
            assert before in (spec.leaves or (None,))
            assert after == (before if spec.to == SAME else spec.to)
        savepoint.rollback()
