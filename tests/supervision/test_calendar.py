"""The legal calendar against the notices, word for word where it matters."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from hub.core.errors import SpecError
from supervision.calendar import FIRST_DAY, LAST_DAY, calendar_frame, calendar_version

HEADER = "date,part,is_workday,reason,source\n"


PERIODS = "periods:\n  - {valid_from: 1990-01-01, morning: 08:30-12:00, afternoon: 14:30-17:30, source: x}\n"


def row(frame: pl.DataFrame, day: date) -> dict[str, Any]:
    return frame.row(by_predicate=pl.col("date") == day, named=True)


def hours_of(day: dict[str, Any]) -> tuple[int | None, ...]:
    return tuple(
        day[name] for name in ("morning_from", "morning_to", "afternoon_from", "afternoon_to")
    )


def rest_days(first: date, last: date) -> list[str]:
    """Days off between two dates, as MM-DD."""
    days = calendar_frame().filter(pl.col("date").is_between(first, last), ~pl.col("is_workday"))
    return [f"{day:%m-%d}" for day in days["date"]]


def test_spring_festival_2012() -> None:
    """国办发明电〔2011〕45号: off 22 to 28 January, work on Saturday 21 and Sunday 29 January."""
    assert rest_days(date(2012, 1, 16), date(2012, 2, 3)) == [
        "01-22", "01-23", "01-24", "01-25", "01-26", "01-27", "01-28",
    ]  # fmt: skip


def test_national_day_2012() -> None:
    """Mid-Autumn and National Day: off 30 September to 7 October, work on Saturday 29 September."""
    assert rest_days(date(2012, 9, 24), date(2012, 10, 12)) == [
        "09-30", "10-01", "10-02", "10-03", "10-04", "10-05", "10-06", "10-07",
    ]  # fmt: skip


def test_extended_spring_festival_2020() -> None:
    """The holiday was prolonged to 2 February in 2020."""
    assert rest_days(date(2020, 1, 20), date(2020, 2, 7)) == [
        "01-24", "01-25", "01-26", "01-27", "01-28", "01-29", "01-30", "01-31", "02-01", "02-02",
    ]  # fmt: skip


def test_working_days_of_2012() -> None:
    """261 weekdays, less 18 that the notices made holidays, plus 6 weekend days made up for."""
    year = calendar_frame().filter(pl.col("date").dt.year() == 2012)
    assert year["is_workday"].sum() == 261 - 18 + 6
    assert set(year["status"]) == {"announced"}


def test_every_day_once_and_the_index_counts_working_days() -> None:
    frame = calendar_frame()
    assert frame["date"].to_list() == [
        FIRST_DAY + timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)
    ]
    assert frame["work_index"].diff().drop_nulls().to_list() == [
        int(works) for works in frame["is_workday"][1:]
    ]
    assert frame["work_index"][0] == int(frame["is_workday"][0])


def test_years_without_a_notice_are_provisional_by_weekday() -> None:
    frame = calendar_frame().filter(pl.col("status") == "provisional")
    years = set(frame["date"].dt.year())
    assert not years & set(range(2004, 2027))
    assert {1990, 2003, 2027, 2035} <= years
    assert (frame["is_workday"] == (frame["date"].dt.weekday() <= 5)).all()


def test_a_local_closure_wins_and_moves_the_index(tmp_path: Path) -> None:
    path = tmp_path / "overrides.csv"
    path.write_text(
        HEADER
        + "2012-06-27,day,false,暴雨停工,洪府办〔2012〕1号\n2030-01-05,day,true,调休,地方通知\n",
        "utf-8",
    )
    changed, plain = calendar_frame(path), calendar_frame()
    day = changed.filter(pl.col("date") == date(2012, 6, 27)).row(0, named=True)
    assert (day["is_workday"], day["status"], day["source"]) == (
        False,
        "announced",
        "洪府办〔2012〕1号",
    )
    later = pl.col("date") == date(2012, 12, 31)
    assert (
        changed.filter(later)["work_index"].item() == plain.filter(later)["work_index"].item() - 1
    )
    assert changed.filter(pl.col("date") == date(2030, 1, 5))["status"].item() == "announced"
    assert calendar_version(path) != calendar_version()


@pytest.mark.parametrize(
    "line",
    [
        "2012-02-30,day,false,x,y",
        "2012-06-27,day,no,x,y",
        "2012-06-27,day,false,x,",
        "1950-01-02,day,false,x,y",
        "2012-06-28,evening,false,x,y",
        "2012-06-27,day,true,x,y",
        "2012-06-26,afternoon,false,x,y",
    ],
)
def test_a_wrong_override_is_named_by_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "overrides.csv"
    path.write_text(
        HEADER + "2012-06-26,morning,false,x,y\n2012-06-27,day,false,x,y\n" + line + "\n", "utf-8"
    )
    with pytest.raises(SpecError) as caught:
        calendar_frame(path)
    assert caught.value.line == 4


def test_national_day_2020_with_mid_autumn() -> None:
    """国办发明电〔2019〕16号: off 1 to 8 October 2020, work on Sunday 27 September and Saturday 10 October."""
    assert rest_days(date(2020, 9, 26), date(2020, 10, 11)) == [
        "09-26", "10-01", "10-02", "10-03", "10-04", "10-05", "10-06", "10-07", "10-08", "10-11",
    ]  # fmt: skip


def test_a_whole_working_day_counts_the_hours_of_its_period(tmp_path: Path) -> None:
    hours = tmp_path / "hours.yml"
    hours.write_text(
        PERIODS + "  - {valid_from: 2012-07-01, morning: 08:00-13:00, source: x}\n", "utf-8"
    )
    frame = calendar_frame(office_hours=hours)
    june, july, sunday = (
        row(frame, day) for day in (date(2012, 6, 29), date(2012, 7, 2), date(2012, 7, 1))
    )
    assert hours_of(june) == (510, 720, 870, 1050)
    assert hours_of(july) == (480, 780, None, None)
    assert hours_of(sunday) == (None, None, None, None)
    assert (june["standard_minutes"], sunday["standard_minutes"]) == (390, 300)
    assert july["minute_index"] - june["minute_index"] == 300
    assert calendar_version(office_hours=hours) != calendar_version()


def test_half_days_change_minutes_and_never_the_count_of_days(tmp_path: Path) -> None:
    path = tmp_path / "overrides.csv"
    path.write_text(
        HEADER + "2012-03-08,afternoon,false,妇女节,x\n2012-03-10,morning,true,周六服务,x\n"
        "2030-03-08,afternoon,false,妇女节,x\n", "utf-8",
    )  # fmt: skip
    changed, plain = calendar_frame(path), calendar_frame()
    assert hours_of(row(changed, date(2012, 3, 8))) == (510, 720, None, None)
    assert hours_of(row(changed, date(2012, 3, 10))) == (510, 720, None, None)
    for name in ("is_workday", "work_index", "status", "standard_minutes"):
        assert (changed[name] == plain[name]).all()
    steps = changed["minute_index"].diff() - plain["minute_index"].diff()
    assert changed.with_columns(steps=steps).filter(pl.col("steps") != 0).select("date", "steps").rows() == [
        (date(2012, 3, 8), -180), (date(2012, 3, 10), 210), (date(2030, 3, 8), -180),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("{valid_from: 1990-01-01, morning: 08:00-12:00, source: x}", "order"),
        ("{valid_from: 2012-01-01, source: x}", "without any hours"),
        ("{valid_from: 2012-01-01, morning: 12:00-08:00, source: x}", "ends before"),
        ("{valid_from: 2012-01-01, morning: 08:00-12:30, afternoon: 12:00-17:00, source: x}", "before the morning"),
        ("{valid_from: 2012-01-01, morning: 8-12, source: x}", "pattern"),
    ],
)  # fmt: skip
def test_wrong_office_hours_are_named_by_their_line(tmp_path: Path, line: str, wrong: str) -> None:
    hours = tmp_path / "hours.yml"
    hours.write_text(PERIODS + f"  - {line}\n", "utf-8")
    with pytest.raises(SpecError, match=wrong) as caught:
        calendar_frame(office_hours=hours)
    assert caught.value.line == 3


def test_office_hours_begin_with_the_calendar(tmp_path: Path) -> None:
    hours = tmp_path / "hours.yml"
    hours.write_text(PERIODS.replace("1990", "1991"), "utf-8")
    with pytest.raises(SpecError, match="1990-01-01"):
        calendar_frame(office_hours=hours)
