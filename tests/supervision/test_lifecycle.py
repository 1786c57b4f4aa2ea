"""The procedure: what is allowed, for whom, by when; and how it goes together with runs of the rules."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import text

import supervision
from hub.core.errors import HubError
from supervision import lifecycle
from supervision.lifecycle import Actor, TransitionRefused, act
from supervision.selection import Selection
from tests.supervision.active import LIMITS

OFFICE = Actor("王科长", "supervision")
LAND = Actor("李主任", "land")
ALL = Selection(department="land")
PROMISED = "timeliness.overdue_promised"
MONDAY = datetime.fromisoformat("2012-11-05 10:00")
SAY = {"reason": "查证属实", "statement": "窗口人员补录"}


@pytest.fixture
def found(world: Any) -> Any:
    """A county with one finding, open."""
    world.land_overdue()
    world.supervise(rules=LIMITS)
    return world


def walk(world: Any, *actions: str, at: datetime = MONDAY) -> None:
    """Take actions one after the other, each by whoever may, with everything said."""
    spec = lifecycle.lifecycle()
    for action in actions:
        actor = OFFICE if spec.actions[action].by == "supervision" else LAND
        act(world.connection, action, actor, ALL, at=at, **SAY)


def row(world: Any) -> Any:
    return world.connection.execute(
        text("select state, judged, respond_by from supervision.finding where rule_id = :rule"),
        {"rule": PROMISED},
    ).one()


@pytest.mark.parametrize(
    ("actions", "state", "respond_by"),
    [
        (["notify"], "notified", date(2012, 11, 12)),
        (["notify", "explain"], "explained", date(2012, 11, 19)),
        (["notify", "appeal"], "appealed", date(2012, 11, 19)),
        (["notify", "explain", "appeal", "dismiss"], "dismissed", None),
        (["notify", "appeal", "uphold"], "upheld", date(2012, 11, 19)),
        (["notify", "explain", "uphold", "remedy"], "remedied", date(2012, 11, 19)),
        (["notify", "explain", "uphold", "remedy", "close"], "closed", None),
        (["withdraw"], "withdrawn", None),
        (["notify", "appeal", "dismiss", "reopen"], "open", None),
    ],
)
def test_each_way_through_the_procedure(
    found: Any, actions: list[str], state: str, respond_by: date | None
) -> None:
    walk(found, *actions)
    assert row(found) == (state, "violation", respond_by)
    assert [action for action, _ in found.events(PROMISED)] == ["opened", *actions]
    assert supervision.verify(found.connection).breaks == ()


def test_deadlines_count_working_days_over_a_holiday(found: Any) -> None:
    """Friday before national day 2012: 1 to 7 October off, Saturday 29 September is worked; Saturday the 6th is not."""
    walk(found, "notify", at=datetime.fromisoformat("2012-09-28 09:00"))
    assert row(found).respond_by == date(2012, 10, 11)


def test_what_is_forbidden_names_the_finding_and_what_is_allowed(found: Any) -> None:
    finding_id = found.connection.scalar(text("select finding_id::text from supervision.finding"))
    with pytest.raises(TransitionRefused) as refusal:
        act(found.connection, "close", OFFICE, Selection(ids=(finding_id[:8],)), reason="x")
    assert finding_id in str(refusal.value)
    assert "from open one may: notify, withdraw" in str(refusal.value)
    assert found.events(PROMISED) == [("opened", "open")]


@pytest.mark.parametrize(
    ("action", "actor", "said", "what"),
    [
        ("notify", LAND, {}, "notify is for supervision, not for land"),
        ("withdraw", OFFICE, {}, "withdraw needs a reason"),
        ("withdraw", OFFICE, {"reason": "  "}, "withdraw needs a reason"),
        ("notify", Actor(" ", "supervision"), {}, "actor's name"),
        ("notify", Actor("hub", "supervision"), {}, "the engine itself"),
        ("erase", OFFICE, {}, "no action 'erase'"),
    ],
)
def test_who_may_and_what_must_be_said(
    found: Any, action: str, actor: Actor, said: dict[str, str], what: str
) -> None:
    with pytest.raises(TransitionRefused, match=what):
        act(found.connection, action, actor, ALL, **said)


def test_another_department_cannot_answer(found: Any) -> None:
    walk(found, "notify")
    with pytest.raises(TransitionRefused, match="explain is for land, not for housing"):
        act(found.connection, "explain", Actor("赵某", "housing"), ALL, statement="x", at=MONDAY)


def test_the_office_decides_without_an_answer_only_when_the_time_for_it_is_over(found: Any) -> None:
    walk(found, "notify")
    assert (
        act(
            found.connection,
            "uphold",
            OFFICE,
            ALL,
            reason="x",
            at=datetime.fromisoformat("2012-11-12 23:00"),
        ).states
        == {}
    )
    act(
        found.connection,
        "uphold",
        OFFICE,
        ALL,
        reason="逾期未说明",
        at=datetime.fromisoformat("2012-11-13 00:01"),
    )
    assert row(found).state == "upheld"


def test_identity_and_phone_numbers_never_land_in_the_log(found: Any) -> None:
    walk(found, "notify")
    statement = "申请人36012119800101123X，电话13807911234，已补正"
    act(found.connection, "explain", LAND, ALL, statement=statement, at=MONDAY)
    logged = json.loads(
        found.connection.scalar(
            text("select reason from supervision.finding_event order by event_no desc limit 1")
        )
    )
    assert logged["text"] == "申请人■■■，电话■■■，已补正"
    assert (logged["office"], logged["respond_by"]) == ("land", "2012-11-19")


def test_many_at_once_by_filter_takes_what_the_action_is_for(world: Any) -> None:
    for name in "ABC":
        world.land_overdue(name)
    world.supervise(rules=LIMITS)
    first = world.connection.scalar(text("select min(finding_id::text) from supervision.finding"))
    act(world.connection, "withdraw", OFFICE, Selection(ids=(first,)), reason="误报")
    step = act(world.connection, "notify", OFFICE, ALL, at=MONDAY)
    assert (len(step.states), step.skipped) == (2, {"withdrawn": 1})
    assert supervision.verify(world.connection).breaks == ()


def test_unknown_ambiguous_and_malformed_ids_are_refused(world: Any) -> None:
    for number in range(20):
        world.land_overdue(f"N{number}")
    world.supervise(rules=LIMITS)
    ids = world.connection.scalars(text("select finding_id::text from supervision.finding")).all()
    shared = next(one[0] for one in ids if sum(other[0] == one[0] for other in ids) > 1)
    for written, what in (
        (shared, "several"),
        ("zzzz", "no finding's id"),
        ("0" * 8, "no finding begins"),
    ):
        with pytest.raises(HubError, match=what):
            act(world.connection, "notify", OFFICE, Selection(ids=(written,)))


def test_an_empty_selection_is_not_everything(found: Any) -> None:
    with pytest.raises(TransitionRefused, match="no finding is named"):
        act(found.connection, "notify", OFFICE, Selection())


def test_corrected_data_withdraw_a_notified_finding_and_its_return_starts_anew(found: Any) -> None:
    walk(found, "notify", "explain")
    found.land_overdue(decided="2012-03-20 09:00")
    found.supervise(rules=LIMITS)
    assert row(found) == ("withdrawn", "compliant", None)
    with pytest.raises(TransitionRefused, match="no longer says so"):
        finding = found.connection.scalar(text("select finding_id::text from supervision.finding"))
        act(found.connection, "reopen", OFFICE, Selection(ids=(finding,)), reason="x")
    found.land_overdue()
    found.supervise(rules=LIMITS)
    assert row(found) == ("open", "violation", None)
    assert supervision.verify(found.connection).breaks == ()


@pytest.mark.parametrize(
    "way",
    [["withdraw"], ["notify", "appeal", "dismiss"], ["notify", "explain", "uphold", "remedy", "close"]],
)  # fmt: skip
def test_what_people_ended_stays_so_until_its_facts_change(found: Any, way: list[str]) -> None:
    walk(found, *way)
    ended = row(found).state
    for full in (False, True):
        found.supervise(full=full, rules=LIMITS)
        assert row(found).state == ended
    found.land_overdue(decided="2012-03-26 09:00")
    found.supervise(rules=LIMITS)
    assert row(found) == ("open", "violation", None)


@pytest.mark.parametrize("way", [["withdraw"], ["notify", "appeal", "dismiss"]])
def test_what_people_ended_lapses_when_the_violation_goes_and_returns_with_it(
    found: Any, way: list[str]
) -> None:
    walk(found, *way)
    ended = row(found).state
    found.land_overdue(decided="2012-03-20 09:00")
    for _ in range(2):
        found.supervise(rules=LIMITS)
    assert row(found) == (ended, "compliant", None)
    found.land_overdue()
    found.supervise(rules=LIMITS)
    assert [e for e in found.events(PROMISED) if e[0] not in way] == [
        ("opened", "open"), ("lapsed", ended), ("reopened", "open"),
    ]  # fmt: skip
    assert supervision.verify(found.connection).breaks == ()


def test_changed_facts_do_not_move_the_procedure_back(found: Any) -> None:
    walk(found, "notify")
    found.land_overdue(decided="2012-03-26 09:00")
    found.supervise(rules=LIMITS)
    assert row(found) == ("notified", "violation", date(2012, 11, 12))
    assert found.events(PROMISED)[-1] == ("updated", "notified")
