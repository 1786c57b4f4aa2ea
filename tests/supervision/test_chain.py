"""The log of findings is chained: what is changed later shows."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

import supervision
from supervision import chain
from tests.supervision.active import LIMITS


@pytest.fixture
def logged(world: Any) -> Any:
    """A county whose findings have six events."""
    for name in "ABCDEF":
        world.land(
            "case",
            case_id=name,
            power_code="FREE",
            accepted_at="2012-03-01 09:00",
            decided_at="2012-03-12 09:00",
        )
    world.supervise(rules=LIMITS)
    return world


def numbers(world: Any) -> list[int]:
    return list(
        world.connection.scalars(text("select event_no from supervision.finding_event order by 1"))
    )


def test_an_untouched_log_is_whole(logged: Any) -> None:
    assert len(numbers(logged)) == 6
    assert supervision.first_broken(logged.connection) is None


@pytest.mark.parametrize(
    "change",
    [
        "reason = '{}'", "state_to = 'closed'", "state_from = 'open'", "actor = 'someone'", "action = 'closed'",
        "at = at + interval '1 microsecond'", "finding_id = gen_random_uuid()", "hash = repeat('0', 64)",
        "previous_hash = repeat('1', 64)",
    ],
)  # fmt: skip
def test_any_changed_column_breaks_the_chain(logged: Any, change: str) -> None:
    third = numbers(logged)[2]
    logged.connection.execute(
        text(f"update supervision.finding_event set {change} where event_no = {third}")  # noqa: S608
    )
    assert supervision.first_broken(logged.connection) == third


def test_a_removed_event_breaks_the_chain(logged: Any) -> None:
    all_numbers = numbers(logged)
    logged.connection.execute(
        text("delete from supervision.finding_event where event_no = :no"), {"no": all_numbers[2]}
    )
    assert supervision.first_broken(logged.connection) == all_numbers[3]


def test_a_rehashed_event_breaks_the_next(logged: Any) -> None:
    """Whoever changes an event and its own hash would have to rewrite all that follow."""
    third, fourth = numbers(logged)[2:4]
    row = logged.connection.execute(
        text("select finding_id::text, at, actor, action, state_from, state_to, reason, previous_hash "
             "from supervision.finding_event where event_no = :no"), {"no": third},
    ).one()  # fmt: skip
    *content, previous = row
    content[6] = "something else"
    logged.connection.execute(
        text(
            "update supervision.finding_event set reason = :reason, hash = :hash where event_no = :no"
        ),
        {
            "no": third,
            "reason": content[6],
            "hash": chain.link(previous, chain.FindingEvent(*content)),
        },
    )
    assert supervision.first_broken(logged.connection) == fourth
