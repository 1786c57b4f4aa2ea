"""Every written form of a time gives the same instant, and what is no form of a time gives none."""

# ruff: noqa: DTZ001 (naive local times are the subject)
from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.conversions import CONVERSIONS

SHANGHAI = ZoneInfo("Asia/Shanghai")
FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
MOMENTS = st.datetimes(datetime(1955, 1, 1), datetime(2049, 12, 31, 23, 59, 59)).map(
    lambda moment: moment.replace(microsecond=0)
)


def converted(
    values: list[object], name: str = "timestamp", dtype: object = pl.String
) -> list[object]:
    conversion = CONVERSIONS[name]
    frame = pl.DataFrame({"value": pl.Series(values, dtype=dtype)})  # type: ignore[arg-type]
    parsed = frame.select(conversion.parse(pl.col("value"), frame.schema["value"]).alias("value"))
    finished = parsed.select(conversion.finish(pl.col("value"))) if conversion.finish else parsed
    return finished.to_series().to_list()


def as_instant(local: datetime) -> datetime:
    return local.replace(tzinfo=SHANGHAI).astimezone(UTC)


def day_forms(day: date) -> list[str]:
    y, m, d = day.year, day.month, day.day
    forms = [
        f"{y}-{m}-{d}", f"{y}/{m}/{d}", f"{y}.{m}.{d}", f"{y}{m:02}{d:02}", f"{y}年{m}月{d}日",
        f"{y}-{m:02}-{d:02}", f"{y} 年 {m} 月 {d} 日",
    ]  # fmt: skip
    if 1950 <= y <= 2049:
        forms += [
            f"{y % 100:02}/{m}/{d}",
            f"{y % 100:02}-{m:02}-{d:02}",
            f"{y % 100:02}年{m}月{d}日",
        ]
    return forms


def moment_forms(moment: datetime) -> list[str]:
    h, i, s = moment.hour, moment.minute, moment.second
    half, English, hour = ("上午", "AM", h) if h < 12 else ("下午", "PM", h - 12)
    twelve = 12 if hour == 0 else hour
    clocks = [
        f"{h}:{i:02}:{s:02}", f"{h:02}:{i:02}:{s:02}", f"{half}{twelve}:{i:02}:{s:02}",
        f"{half} {h}:{i:02}:{s:02}" if h < 12 or h > 12 else f"{half}{h}:{i:02}:{s:02}",
        f"{twelve}:{i:02}:{s:02} {English}", f"{h}时{i}分{s}秒",
    ]  # fmt: skip
    day = moment.date()
    forms = [f"{written} {clock}" for written in day_forms(day) for clock in clocks]
    forms += [
        moment.strftime("%Y%m%d%H%M%S"), moment.strftime("%Y-%m-%dT%H:%M:%S"),
        moment.strftime("%Y%m%dT%H%M%S"), moment.strftime("%Y-%m-%d %H:%M:%S.000"),
        f"{day.year}年{day.month}月{day.day}日{half}{twelve}:{i:02}:{s:02}",
    ]  # fmt: skip
    serial = (moment - datetime(1899, 12, 30)) / timedelta(days=1)
    return [*forms, f"{serial:.10f}"]


@settings(max_examples=25, deadline=None)
@given(MOMENTS)
def test_every_written_form_of_a_moment_is_the_same_instant(moment: datetime) -> None:
    forms = moment_forms(moment)
    forms += [form.translate(FULL_WIDTH) for form in forms]
    expected = as_instant(moment)
    wrong = {
        form: got
        for form, got in zip(forms, converted(list(forms)), strict=True)
        if got != expected
    }
    assert not wrong


@settings(max_examples=25, deadline=None)
@given(st.dates(date(1955, 1, 1), date(2049, 12, 31)))
def test_every_written_form_of_a_day_is_its_midnight(day: date) -> None:
    forms = [*day_forms(day), str((day - date(1899, 12, 30)).days)]
    assert set(converted(list(forms))) == {as_instant(datetime.combine(day, time()))}
    assert set(converted(list(forms), "date")) == {day}


@settings(max_examples=25, deadline=None)
@given(MOMENTS)
def test_native_values_are_taken_as_they_are(moment: datetime) -> None:
    expected = [as_instant(moment)]
    for unit in ("ms", "us", "ns"):
        assert converted([moment], dtype=pl.Datetime(unit)) == expected
    aware = [as_instant(moment)]
    assert converted(aware, dtype=pl.Datetime("us", "UTC")) == expected  # type: ignore[arg-type]
    assert converted([moment.date()], dtype=pl.Date) == [
        as_instant(datetime.combine(moment.date(), time()))
    ]
    assert converted([moment], "date", pl.Datetime("us")) == [moment.date()]


@pytest.mark.parametrize(
    "text",
    [
        "2012-02-30", "2011-2-29", "2012-13-1", "2012-0-5", "2012-3-32", "0000-00-00", "0000-01-01", "2012-3",
        "201203", "120305", "2012年3月", "3/5/2012", "5-3-2012", "2012-3-5 25:00", "2012-3-5 24:00:00",
        "2012-3-5 10:60", "2012-3-5 10:10:60", "2012-3-514:30", "2012-3-5 上午13:00", "2012-3-5 14", "14:30",
        "19999", "60001", "4.1E+4", "2012-03-05 14:30 左右", "三月五日", "无", "-", "20120230", "20120305250000",
        "99/99/99", "2012-3-5-6", "+2012-3-5", "12012-3-5",
    ],
)  # fmt: skip
def test_what_is_no_time_is_null(text: str) -> None:
    assert converted([text]) == [None]
    assert converted([text.translate(FULL_WIDTH)]) == [None]


def test_two_digit_years_turn_over_after_49() -> None:
    assert converted(["49/1/1", "50/1/1", "00/1/1", "99/12/31"], "date") == [
        date(2049, 1, 1), date(1950, 1, 1), date(2000, 1, 1), date(1999, 12, 31),
    ]  # fmt: skip


def test_noon_and_midnight() -> None:
    forms = ["2012-3-5 上午12:00", "2012-3-5 下午12:00", "2012-3-5 下午0:30", "2012-3-5 12:00 am"]
    hours = [0, 12, 12, 0]
    minutes = [0, 0, 30, 0]
    assert converted(list(forms)) == [
        as_instant(datetime(2012, 3, 5, h, m)) for h, m in zip(hours, minutes, strict=True)
    ]


def test_sentinels_mean_no_value_but_are_parsed() -> None:
    texts = ["1753-01-01", "1900-1-1 00:00:00", "9999-12-31", "99991231235959", "1753/1/1 0:00"]
    frame = pl.DataFrame({"value": texts})
    conversion = CONVERSIONS["timestamp"]
    parsed = frame.select(conversion.parse(pl.col("value"), pl.String()))
    assert parsed.to_series().null_count() == 0
    assert converted(list(texts)) == [None] * len(texts)
    assert converted(["1753-01-02", "1900-01-02"], "date") == [date(1753, 1, 2), date(1900, 1, 2)]


@settings(max_examples=100, deadline=None)
@given(
    st.datetimes(datetime(1992, 1, 1), datetime(2049, 12, 31)), st.integers(-14 * 60, 14 * 60),
    st.sampled_from([" ", "T"]),
)  # fmt: skip
def test_whatever_the_offset_the_instant_is_kept(local: datetime, minutes: int, sep: str) -> None:
    """To the microsecond, beside times without an offset too."""
    moment = local.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert converted([moment.isoformat(sep), "2012-03-05"])[0] == moment


def test_a_time_that_names_its_offset_is_that_instant() -> None:
    same = ["2012-03-05T14:30:00+08:00", "2012-03-05T06:30:00Z", "2012-03-05T01:30:00-0500"]
    assert set(converted(list(same))) == {datetime(2012, 3, 5, 6, 30, tzinfo=UTC)}


def test_clock_changes_of_1986_to_1991_lose_no_time() -> None:
    skipped, repeated, summer = "1986-05-04 02:30:00", "1986-09-14 01:30:00", "1988-07-01 12:00:00"
    assert converted([skipped, repeated, summer]) == [
        datetime(1986, 5, 3, 18, 30, tzinfo=UTC),
        datetime(1986, 9, 13, 16, 30, tzinfo=UTC),
        datetime(1988, 7, 1, 3, 0, tzinfo=UTC),
    ]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=24) | st.from_regex(r"[0-9]{1,4}[-/.年][0-9]{1,3}[-/.月][0-9]{1,3}.{0,9}"), min_size=1, max_size=6))  # fmt: skip
def test_a_batch_reads_each_text_as_if_it_were_alone(texts: list[str]) -> None:
    parse = CONVERSIONS["timestamp"].parse
    together = pl.DataFrame({"v": texts}).select(parse(pl.col("v"), pl.String())).to_series()
    alone = [
        pl.DataFrame({"v": [text]}).select(parse(pl.col("v"), pl.String())).to_series()
        for text in texts
    ]
    assert together.equals(pl.concat(alone))
