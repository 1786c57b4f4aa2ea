"""Elapsed time: Polars and SQL against a slow, obvious count of days and minutes one by one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Row, text

from supervision import preparation
from supervision.calendar import calendar_frame
from supervision.elapsed import UNITS, elapsed, unite
from supervision.parameters import CLOCK, FIRST, LAST, Override
from tests.supervision.slow_clock import (
    OFFICE_HOURS,
    OVERRIDES,
    Clock,
    Stops,
    slow_due,
    slow_elapsed,
)  # fmt: skip
from warehouse.reference import replace_calendar

LOCAL = {"started_at": pl.Datetime("us"), "ended_at": pl.Datetime("us")}


@pytest.fixture(scope="module")
def calendar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pl.DataFrame]:
    """The notices, with half days, closures and three timetables."""
    folder = tmp_path_factory.mktemp("calendar")
    (folder / "overrides.csv").write_text(OVERRIDES, "utf-8")
    (folder / "hours.yml").write_text(OFFICE_HOURS, "utf-8")
    yield calendar_frame(folder / "overrides.csv", folder / "hours.yml")


def moment(day: date, minute: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(minutes=minute)


def at(written: str) -> datetime:
    return datetime.fromisoformat(written)


DAYS = st.dates(date(2004, 1, 1), date(2026, 6, 30)) | st.dates(
    date(2012, 2, 25), date(2012, 10, 10)
)
MINUTES = st.integers(0, 1439) | st.sampled_from([0, 510, 720, 800, 870, 1050, 1439])
LENGTHS = {"hour": 20, "minute": 6, "working_day": 40, "calendar_day": 300, "month": 400}


@st.composite
def clocks(draw: st.DrawFn) -> Clock:
    day, unit = draw(DAYS), draw(st.sampled_from(UNITS))
    start = moment(day, draw(MINUTES))
    end = moment(day + timedelta(days=draw(st.integers(-1, LENGTHS[unit]))), draw(MINUTES))
    stops: Stops = []
    for _ in range(draw(st.integers(0, 3))):
        before = stops[-1][1] if stops else None
        begin = moment(day + timedelta(days=draw(st.integers(-4, 25))), draw(MINUTES))
        begin = draw(st.sampled_from([begin, before or begin]))
        until = moment(begin.date() + timedelta(days=draw(st.integers(-1, 12))), draw(MINUTES))
        stops.append((begin, draw(st.sampled_from([until, until, until, None]))))
    flags = st.integers(0, 1)
    return Clock(start, min(end, at("2026-12-31 23:59")), unit, stops, draw(flags), draw(flags))


def frames(given_clocks: list[Clock]) -> tuple[pl.DataFrame, pl.DataFrame]:
    cases = pl.DataFrame(
        [
            (str(no), each.start, each.end, each.unit, each.count_start_day, each.round_up)
            for no, each in enumerate(given_clocks)
        ],
        schema={
            "case_id": pl.String, **LOCAL, "unit": pl.String,
            "count_start_day": pl.Int64, "round_up": pl.Int64,
        },
        orient="row",
    )  # fmt: skip
    stops = pl.DataFrame(
        [(str(no), *stop) for no, clock in enumerate(given_clocks) for stop in clock.stops],
        schema={"case_id": pl.String, **LOCAL},
        orient="row",
    )
    return cases, stops


def fast(given_clocks: list[Clock], calendar: pl.DataFrame) -> list[float | None]:
    result = elapsed(*frames(given_clocks), calendar)
    assert result["case_id"].to_list() == [str(no) for no in range(len(given_clocks))]
    return result["elapsed"].to_list()


def test_polars_counts_like_the_slow_loop(calendar: pl.DataFrame) -> None:
    @settings(max_examples=40, deadline=None, derandomize=True, database=None)
    @given(st.lists(clocks(), min_size=1, max_size=10))
    def check(given_clocks: list[Clock]) -> None:
        assert fast(given_clocks, calendar) == [slow_elapsed(clock) for clock in given_clocks]

    check()


def test_all_pairs_of_a_year_with_holidays() -> None:
    """Every start of 2012 against ends up to four weeks later, without stops."""
    given_clocks = [
        Clock(at(f"{start} 09:00"), at(f"{start + timedelta(days=length)} 09:00"), "working_day", [])
        for start in (date(2013, 1, 1) + timedelta(days=n) for n in range(330))
        for length in range(0, 28, 3)
    ]  # fmt: skip
    counted = fast(given_clocks, calendar_frame())
    assert counted == [slow_elapsed(clock) for clock in given_clocks]


def test_what_cannot_be_counted_is_null() -> None:
    noon, later = at("2012-03-01 12:00"), at("2012-03-01 11:59")
    nothing = [
        Clock(at("2012-03-02 09:00"), at("2012-03-01 09:00"), "working_day", []),
        Clock(at("2012-03-01 09:00"), at("2102-03-01 09:00"), "working_day", []),
        Clock(at("2012-03-01 09:00"), at("2012-03-02 09:00"), "week", []),
        Clock(noon, later, "hour", []),
        Clock(noon, later, "minute", []),
    ]
    assert fast(nothing, calendar_frame()) == [None] * 5
    assert fast([Clock(noon, later, "working_day", [])], calendar_frame()) == [0]


def test_stops_that_overlap_or_touch_are_one_span() -> None:
    stops: Stops = [
        (at("2012-03-05 09:00"), at("2012-03-07 09:00")),
        (at("2012-03-06 09:00"), at("2012-03-08 09:00")),
        (at("2012-03-08 09:00"), at("2012-03-08 10:00")),
        (at("2012-02-01 09:00"), at("2012-03-02 09:00")),
        (at("2012-03-28 09:00"), None),
        (at("2012-03-20 09:00"), at("2012-03-10 09:00")),
        (at("2012-04-20 09:00"), None),
    ]
    clock = Clock(at("2012-03-01 09:00"), at("2012-03-30 09:00"), "calendar_day", stops)
    assert sorted(unite(*frames([clock])).select("started_at", "ended_at").rows()) == [
        (stops[3][0], stops[3][1]), (stops[0][0], stops[2][1]), (stops[4][0], clock.end),
    ]  # fmt: skip
    assert fast([clock], calendar_frame()) == [29 - 6] == [slow_elapsed(clock)]


def department(clock: Clock) -> str:
    return f"d{clock.count_start_day}{clock.round_up}"


PARAMETERS = [
    Override(CLOCK, name, f"d{start_day}{rounding}", "", "", 1.0, FIRST, LAST)
    for start_day in (0, 1)
    for rounding in (0, 1)
    for name, on in (("count_start_day", start_day), ("round_up", rounding))
    if on
]


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
    lineage = "dataset, record_key, source_version, batch_id, raw_row, row_hash, landed_at"
    values = "'d', 'x', 0, gen_random_uuid(), 0, 'x', now()"
    run(
        text(f"""
            insert into core."case" ({lineage}, department, case_id, source_case_no, power_code, accepted_at, decided_at)
            values ({values}, :department, :id, 'x', :unit, :start, :end)
        """),  # noqa: S608 (constants)
        [
            {"id": case_id, "unit": clock.unit, "start": clock.start, "end": clock.end,
             "department": department(clock)}
            for case_id, clock in zip(ids, given_clocks, strict=True)
        ],
    )  # fmt: skip
    stops = [
        {"id": case_id, "no": no, "start": begin, "end": until}
        for case_id, clock in zip(ids, given_clocks, strict=True)
        for no, (begin, until) in enumerate(clock.stops)
    ]
    if stops:
        run(
            text(f"""
                insert into core.clock_stop ({lineage}, department, case_id, stop_no, kind, started_at, ended_at)
                values ({values}, 'd', :id, :no, 'other', :start, :end)
            """),  # noqa: S608 (constants)
            stops,
        )
    return ids


def clock_rows(connection: Connection, given_clocks: list[Clock], limit: int) -> list[Row]:
    with connection.begin_nested() as savepoint:
        ids = load(connection, given_clocks, limit)
        preparation.begin(connection, datetime(2026, 12, 31, 23, 59, 59))  # noqa: DTZ001
        preparation.take(connection, ids)
        preparation.gather(connection, PARAMETERS)
        rows = {
            str(row.case_id): row for row in connection.execute(text("select * from clock")).all()
        }
        savepoint.rollback()
    return [rows[case_id] for case_id in ids]


def test_sql_counts_like_polars_and_its_due_dates_like_the_slow_loop(
    connection: Connection, calendar: pl.DataFrame
) -> None:
    replace_calendar(connection, calendar)
    connection.exec_driver_sql("analyze reference.calendar_day")

    @settings(
        max_examples=6, deadline=None, derandomize=True, database=None, phases=[Phase.generate]
    )
    @given(st.lists(clocks(), min_size=15, max_size=40), st.integers(1, 15))
    def check(given_clocks: list[Clock], limit: int) -> None:
        rows = clock_rows(connection, given_clocks, limit)
        for clock, row, counted in zip(
            given_clocks, rows, fast(given_clocks, calendar), strict=True
        ):
            if counted is None:
                assert row.promised_reason == row.statutory_reason == "decided_before_accepted"
                assert row.promised_elapsed is None
                continue
            assert (float(row.promised_elapsed), float(row.statutory_elapsed)) == (counted, counted)
            if clock.start.year < 2023:
                assert row.promised_due_on == slow_due(clock, limit), clock
                assert row.statutory_due_on == slow_due(clock, 2 * limit), clock

    check()
