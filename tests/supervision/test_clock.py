"""The clock in the warehouse: provisional years, stable facts, and published holidays."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import sqlglot
from sqlalchemy import Connection, Row, text

from supervision import preparation
from supervision.calendar import calendar_frame
from supervision.elapsed import elapsed
from tests.supervision.conftest import World
from tests.supervision.slow_clock import Clock, Stops
from tests.supervision.test_elapsed import at, fast, frames

SQL = sorted((preparation.FOLDER / "working").glob("clock*.sql"))


def clock_of(connection: Connection, as_of: str = "2012-12-31 23:59:59") -> Row:
    """The clock of the only case."""
    with connection.begin_nested() as savepoint:
        preparation.begin(connection, datetime.fromisoformat(as_of))
        preparation.take_all(connection)
        preparation.gather(connection)
        row = connection.execute(text("select * from clock")).one()
        savepoint.rollback()
    return row


HOLIDAYS = [
    # 国办发明电〔2011〕45号: off 22 to 28 January 2012, work on Saturday 21 and Sunday 29.
    ("2012-01-20", "2012-01-30", 3),
    # The same notice: Mid-Autumn and National Day, off 30 September to 7 October 2012, work on Saturday 29.
    ("2012-09-28", "2012-10-08", 2),
    ("2012-09-29", "2012-10-07", 0),
    # 国办发明电〔2020〕1号: the Spring Festival of 2020 prolonged to 2 February, work from the 3rd.
    ("2020-01-23", "2020-02-03", 1),
    ("2020-01-23", "2020-02-02", 0),
    # 国办发明电〔2019〕16号: off 1 to 8 October 2020, work on Saturday 10 October.
    ("2020-09-30", "2020-10-10", 2),
]


@pytest.mark.parametrize(("start", "end", "days"), HOLIDAYS)
def test_working_days_over_published_holidays(start: str, end: str, days: int) -> None:
    clock = Clock(at(f"{start} 09:00"), at(f"{end} 16:00"), "working_day", [])
    assert fast([clock], calendar_frame()) == [days]


def test_hours_over_a_holiday_are_those_of_the_offices() -> None:
    """From 11:00 before National Day 2012: one hour to lunch, three after it, six and a half on the make-up Saturday."""
    clock = Clock(at("2012-09-28 11:00"), at("2012-10-08 08:31:30"), "minute", [])
    assert fast([clock], calendar_frame()) == [60 + 180 + 390 + 1.5]


STOPS: list[tuple[str, Stops, float]] = [
    ("closed", [(at("2012-03-05 09:00"), at("2012-03-07 09:00"))], 18),
    ("open", [(at("2012-03-20 09:00"), None)], 13),
    ("touching", [(at("2012-03-05 09:00"), at("2012-03-06 09:00")), (at("2012-03-06 09:00"), at("2012-03-07 09:00"))], 18),
    ("overlapping", [(at("2012-03-05 09:00"), at("2012-03-07 09:00")), (at("2012-03-06 09:00"), at("2012-03-08 09:00"))], 17),
    ("inside another", [(at("2012-03-05 09:00"), at("2012-03-09 09:00")), (at("2012-03-06 09:00"), at("2012-03-07 09:00"))], 16),
    ("starting on a day off", [(at("2012-03-10 09:00"), at("2012-03-13 09:00"))], 18),
    ("only days off", [(at("2012-03-09 09:00"), at("2012-03-11 09:00"))], 20),
    ("starting before acceptance", [(at("2012-02-01 09:00"), at("2012-03-05 09:00"))], 18),
    ("over before acceptance", [(at("2012-02-01 09:00"), at("2012-02-28 09:00"))], 20),
    ("ended before it started", [(at("2012-03-07 09:00"), at("2012-03-05 09:00"))], 20),
    ("after the end", [(at("2012-04-07 09:00"), None)], 20),
    ("within one day", [(at("2012-03-07 09:00"), at("2012-03-07 17:00"))], 20),
]  # fmt: skip


@pytest.mark.parametrize(
    ("stops", "days"), [case[1:] for case in STOPS], ids=[case[0] for case in STOPS]
)
def test_a_stop_takes_out_the_working_days_after_its_start(stops: Stops, days: float) -> None:
    """Twenty working days, from Thursday 1 to Thursday 29 March 2012."""
    clock = Clock(at("2012-03-01 09:00"), at("2012-03-29 09:00"), "working_day", stops)
    assert fast([clock], calendar_frame()) == [days]


@pytest.mark.parametrize(
    ("accepted", "decided", "provisional"),
    [
        ("2026-11-02", "2026-11-03", False),
        ("2026-12-30", "2026-12-31", True),
        ("2026-11-02", "2027-01-01", True),
        ("2003-12-31", "2004-01-05", True),
        ("2004-01-01", "2004-01-05", False),
    ],
)
def test_a_clock_is_provisional_when_any_of_its_days_or_its_due_date_is(
    world: World, accepted: str, decided: str, provisional: bool
) -> None:
    world.connection.execute(
        text("update catalogue.power set effective_from = '1990-01-01' where version = 1")
    )
    world.land(
        "case", case_id="A", power_code="FREE", accepted_at=f"{accepted} 09:00",
        decided_at=f"{decided} 09:00",
    )  # fmt: skip
    row = clock_of(world.connection)
    assert (row.is_provisional, row.promised_is_provisional) == (provisional, provisional)


def test_the_stops_of_a_clock_do_not_change_while_one_is_open(world: World) -> None:
    world.land("case", case_id="A", power_code="FREE", accepted_at="2012-03-01 09:00")
    world.land("clock_stop", case_id="A", stop_no=1, kind="hearing", started_at="2012-03-05 10:00")
    first, later = (clock_of(world.connection, f"2012-03-{day} 12:00") for day in (12, 20))
    assert first.stops == later.stops == [{"kind": "hearing", "from": "2012-03-05", "to": None}]
    assert (first.promised_elapsed, later.promised_elapsed) == (2, 2)
    assert (first.stopped_days, later.stopped_days) == (7, 15)


def test_a_case_without_stops_carries_none(world: World) -> None:
    world.land("case", case_id="A", power_code="FREE", accepted_at="2012-03-01 09:00")
    row = clock_of(world.connection)
    assert (row.stops, row.stopped_days, row.stopped_working_days) == (None, 0, 0)


@pytest.mark.parametrize("path", SQL, ids=[path.stem for path in SQL])
def test_the_clock_can_be_carried_to_another_engine(path: Path) -> None:
    (carried,) = sqlglot.transpile(path.read_text("utf-8"), read="postgres", write="spark")
    assert "RANGE_AGG" not in carried and "MAKE_INTERVAL" not in carried


def test_parameters_do_not_touch_what_they_are_not_for() -> None:
    """Hours count from the moment, and calendar days have no parts, whatever the parameters say."""
    start, end = at("2012-03-01 11:00"), at("2012-03-02 10:00")
    for unit, expected in (("hour", [5.5] * 4), ("calendar_day", [1, 1, 2, 2])):
        clocks = [
            Clock(start, end, unit, [], first, rounding) for first in (0, 1) for rounding in (0, 1)
        ]
        result = elapsed(*frames(clocks), calendar_frame())
        assert result["elapsed"].to_list() == expected
