"""Elapsed time: Polars and SQL against a slow, obvious count of days one by one."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from supervision import preparation
from supervision.calendar import calendar_frame
from supervision.elapsed import UNITS, elapsed

CALENDAR = calendar_frame()
WORKDAYS = set(CALENDAR.filter("is_workday")["date"])
ONE_DAY = timedelta(days=1)
Stops = list[tuple[date, date | None]]
Clock = tuple[date, date, str, Stops]


def month_later(start: date, months: int) -> date:
    """The same day so many months later, or the last day of that month."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    for day in range(start.day, 27, -1):
        try:
            return date(year, month + 1, day)
        except ValueError:
            continue
    return date(year, month + 1, min(start.day, 28))


def counted_days(start: date, end: date, stops: Stops) -> list[date]:
    """The days after the start up to the end that no stop takes out."""
    days = []
    day = start + ONE_DAY
    while day <= end:
        if not any(begin < day and (until is None or day <= until) for begin, until in stops):
            days.append(day)
        day += ONE_DAY
    return days


def slow_elapsed(start: date, end: date, unit: str, stops: Stops) -> int | None:
    """Day by day."""
    if end < start:
        return None
    days = counted_days(start, end, stops)
    if unit == "working_day":
        return sum(day in WORKDAYS for day in days)
    if unit == "calendar_day":
        return len(days)
    months = 0
    while month_later(start, months) < start + timedelta(days=len(days)):
        months += 1
    return months


def slow_due(start: date, limit: int, unit: str, stops: Stops) -> date:
    """The day on which the limit is reached."""
    if unit == "month":
        limit = (month_later(start, limit) - start).days
    day = start
    while limit > 0:
        day += ONE_DAY
        counts = unit != "working_day" or day in WORKDAYS
        stopped = any(begin < day and (until is None or day <= until) for begin, until in stops)
        limit -= counts and not stopped
    return day


START = st.dates(date(2004, 1, 1), date(2026, 6, 30))
LENGTH = st.integers(-3, 70) | st.integers(70, 400)


@st.composite
def clocks(draw: st.DrawFn) -> Clock:
    start = draw(START)
    end = min(start + timedelta(days=draw(LENGTH)), date(2026, 12, 31))
    stops: Stops = []
    for _ in range(draw(st.integers(0, 3))):
        begin = start + timedelta(days=draw(st.integers(-5, 60)))
        until = draw(
            st.none() | st.integers(-2, 25).map(lambda n, at=begin: at + timedelta(days=n))
        )
        stops.append((begin, until))
    return start, end, draw(st.sampled_from(UNITS)), stops


def frames(given_clocks: list[Clock]) -> tuple[pl.DataFrame, pl.DataFrame]:
    cases = pl.DataFrame(
        [(str(no), start, end, unit) for no, (start, end, unit, _) in enumerate(given_clocks)],
        schema={"case_id": pl.String, "start_on": pl.Date, "end_on": pl.Date, "unit": pl.String},
        orient="row",
    )
    stops = pl.DataFrame(
        [(str(no), *stop) for no, clock in enumerate(given_clocks) for stop in clock[3]],
        schema={"case_id": pl.String, "started_on": pl.Date, "ended_on": pl.Date},
        orient="row",
    )
    return cases, stops


def fast(given_clocks: list[Clock]) -> pl.DataFrame:
    return elapsed(*frames(given_clocks), CALENDAR)


@settings(max_examples=60, deadline=None)
@given(st.lists(clocks(), min_size=1, max_size=12))
def test_polars_counts_like_the_slow_loop(given_clocks: list[Clock]) -> None:
    result = fast(given_clocks)
    assert result["case_id"].to_list() == [str(no) for no in range(len(given_clocks))]
    assert result["elapsed"].to_list() == [slow_elapsed(*clock) for clock in given_clocks]


def test_all_pairs_of_a_year_with_holidays() -> None:
    """Every start of 2012 against ends up to four weeks later, without stops."""
    given_clocks: list[Clock] = [
        (start, start + timedelta(days=length), "working_day", [])
        for start in (date(2012, 1, 1) + timedelta(days=n) for n in range(340))
        for length in range(0, 28, 3)
    ]
    assert fast(given_clocks)["elapsed"].to_list() == [
        slow_elapsed(*clock) for clock in given_clocks
    ]


def test_over_the_spring_festival_and_national_day_2012() -> None:
    """Friday 20 January to Monday 30 January: the make-up days 21 and 29, and the 30th. National Day likewise."""
    spring = (date(2012, 1, 20), date(2012, 1, 30), "working_day", [])
    national = (date(2012, 9, 28), date(2012, 10, 8), "working_day", [])
    only_holidays = (date(2012, 9, 29), date(2012, 10, 7), "working_day", [])
    assert fast([spring, national, only_holidays])["elapsed"].to_list() == [3, 2, 0]


def test_stops_are_united_clipped_and_count_what_they_take_out() -> None:
    overlapping: Stops = [
        (date(2012, 3, 5), date(2012, 3, 7)), (date(2012, 3, 6), date(2012, 3, 8)),
        (date(2012, 2, 1), date(2012, 3, 2)), (date(2012, 3, 28), None),
        (date(2012, 3, 20), date(2012, 3, 10)),
    ]  # fmt: skip
    clock = (date(2012, 3, 1), date(2012, 3, 30), "calendar_day", overlapping)
    row = fast([clock]).row(0, named=True)
    assert row["stopped"] == 3 + 1 + 2
    assert row["elapsed"] == 29 - 6 == slow_elapsed(*clock)


def test_what_cannot_be_counted_is_null() -> None:
    nothing: list[Clock] = [
        (date(2012, 3, 2), date(2012, 3, 1), "working_day", []),
        (date(2012, 3, 1), date(2102, 3, 1), "working_day", []),
        (date(2012, 3, 1), date(2012, 3, 2), "hour", []),
    ]
    assert fast(nothing)["elapsed"].to_list() == [None, None, None]


def local(day: date, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001 (the session's time zone is local)


def load(connection: Connection, given_clocks: list[Clock], limit: int) -> list[str]:
    """Cases with one power per unit, promised and statutory limits crosswise; returns the case ids."""
    ids = [str(uuid.uuid4()) for _ in given_clocks]
    run = connection.execute
    run(text("set local timezone = 'Asia/Shanghai'"))
    for unit in UNITS:
        run(
            text("""
                insert into catalogue.power (power_code, version, effective_from, name, type, body_code, charges,
                    on_platform, promised_value, promised_unit, statutory_value, statutory_unit)
                values (:unit, 1, '1990-01-01', 'x', 'XK', 'x', false, true, :limit, :unit, 2 * :limit, :unit)
            """),
            {"unit": unit, "limit": limit},
        )
    lineage = (
        "department, dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at"
    )
    values = "'d', 'd', 'x', 0, gen_random_uuid(), 0, 'x', now()"
    run(
        text(f"""
            insert into core."case" ({lineage}, case_id, source_case_no, power_code, accepted_at, decided_at)
            values ({values}, :id, 'x', :unit, :start, :end)
        """),  # noqa: S608 (constants)
        [
            {"id": case_id, "unit": unit, "start": local(start), "end": local(end)}
            for case_id, (start, end, unit, _) in zip(ids, given_clocks, strict=True)
        ],
    )
    stops = [
        {"id": case_id, "no": no, "start": local(begin), "end": until and local(until, 17)}
        for case_id, clock in zip(ids, given_clocks, strict=True)
        for no, (begin, until) in enumerate(clock[3])
    ]
    if stops:
        run(
            text(f"""
                insert into core.clock_stop ({lineage}, case_id, stop_no, kind, started_at, ended_at)
                values ({values}, :id, :no, 'other', :start, :end)
            """),  # noqa: S608 (constants)
            stops,
        )
    return ids


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(clocks(), min_size=10, max_size=40), st.integers(1, 20))
def test_sql_counts_like_polars_and_its_due_dates_like_the_slow_loop(
    connection: Connection, given_clocks: list[Clock], limit: int
) -> None:
    with connection.begin_nested() as savepoint:
        ids = load(connection, given_clocks, limit)
        preparation.begin(connection, datetime(2026, 12, 31, 23, 59, 59))  # noqa: DTZ001
        preparation.take(connection, ids)
        preparation.gather(connection)
        rows = {
            str(row.case_id): row for row in connection.execute(text("select * from clock")).all()
        }
        savepoint.rollback()
    for case_id, (start, end, unit, stops), counted in zip(
        ids, given_clocks, fast(given_clocks)["elapsed"].to_list(), strict=True
    ):
        row = rows[case_id]
        if counted is None:
            assert row.promised_reason == row.statutory_reason == "decided_before_accepted"
            continue
        assert (row.promised_elapsed, row.statutory_elapsed) == (counted, counted)
        known = [(begin, end if until is None else until) for begin, until in stops]
        inside = [(begin, min(until, end)) for begin, until in known]
        months_inside = unit != "month" or limit <= 12
        if months_inside and start.year < 2024:
            assert row.promised_due_on == slow_due(start, limit, unit, inside)
            if unit != "month":
                assert row.statutory_due_on == slow_due(start, 2 * limit, unit, inside)
