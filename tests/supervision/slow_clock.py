"""The clock, slowly and obviously: day by day, minute by minute. Reads the notices and a literal timetable, nothing of ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import islice, takewhile

from chinese_calendar import is_workday

OFFICE_HOURS = """
periods:
  - {valid_from: 1990-01-01, morning: 08:30-12:00, afternoon: 14:30-17:30, source: x}
  - {valid_from: 2012-07-01, morning: 08:00-12:00, afternoon: 15:00-18:00, source: x}
  - {valid_from: 2012-10-01, morning: 09:00-13:00, source: x}
"""
OVERRIDES = """date,part,is_workday,reason,source
2012-03-08,afternoon,false,half day,x
2012-03-10,morning,true,service on a Saturday,x
2012-03-12,day,false,closed,x
2012-06-16,day,true,open Saturday,x
"""
ONE_DAY, ONE_MINUTE = timedelta(days=1), timedelta(minutes=1)
Stops = list[tuple[datetime, datetime | None]]


@dataclass(frozen=True)
class Clock:
    """One clock of the tests."""

    start: datetime
    end: datetime
    unit: str
    stops: Stops
    count_start_day: int = 0
    round_up: int = 0


def works(day: date) -> bool:
    closed, opened = day == date(2012, 3, 12), day == date(2012, 6, 16)
    return opened or (not closed and is_workday(day))


def timetable(day: date) -> list[tuple[time, time]]:
    """The hours of a whole day under the rules then in force."""
    if day >= date(2012, 10, 1):
        return [(time(9), time(13))]
    if day >= date(2012, 7, 1):
        return [(time(8), time(12)), (time(15), time(18))]
    return [(time(8, 30), time(12)), (time(14, 30), time(17, 30))]


@cache
def open_minutes(day: date, plain: bool = False) -> list[datetime]:
    """Every minute at which the office is open; `plain`: as on a whole working day."""
    hours = timetable(day) if works(day) or plain else []
    if day == date(2012, 3, 8) and not plain:
        hours = hours[:1]
    if day == date(2012, 3, 10) and not plain:
        hours = timetable(day)[:1]
    minutes = []
    for opens, closes in hours:
        at = datetime.combine(day, opens)
        while at < datetime.combine(day, closes):
            minutes.append(at)
            at += ONE_MINUTE
    return minutes


def real_stops(clock: Clock) -> list[tuple[datetime, datetime]]:
    """Only what has happened by the clock's end holds it."""
    ended = [(begin, clock.end if until is None else until) for begin, until in clock.stops]
    return [
        (begin, min(until, clock.end)) for begin, until in ended if begin <= min(until, clock.end)
    ]


def counts(day: date, clock: Clock) -> bool:
    stopped = any(begin.date() < day <= until.date() for begin, until in real_stops(clock))
    return not stopped and (clock.unit != "working_day" or works(day))


def counted_minutes(clock: Clock) -> Iterator[datetime]:
    """The open minutes that the clock counts, one after the other, without end."""
    start, stops = clock.start, real_stops(clock)
    if clock.unit == "working_day" and not clock.count_start_day:
        start = datetime.combine(start.date() + ONE_DAY, time())
    day = start.date()
    while True:
        for at in open_minutes(day):
            if start <= at and not any(begin <= at < end for begin, end in stops):
                yield at
        day += ONE_DAY


def minutes_spent(clock: Clock) -> int:
    return sum(1 for _ in takewhile(lambda at: at < clock.end, counted_minutes(clock)))


def month_end(start: date, months: int, count_start_day: int) -> date:
    """The last day of a limit in months, searched from the last day of its month backwards."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = date(year + (month == 11), (month + 1) % 12 + 1, 1) - ONE_DAY
    if day.day < start.day:
        return day
    while day.day > start.day:
        day -= ONE_DAY
    return day - ONE_DAY if count_start_day else day


def first_day(clock: Clock) -> date:
    return clock.start.date() + (timedelta() if clock.count_start_day else ONE_DAY)


def slow_elapsed(clock: Clock) -> float | None:
    exact = clock.unit in ("hour", "minute")
    if clock.end.date() < clock.start.date() or (exact and clock.end < clock.start):
        return None
    if exact:
        minutes = minutes_spent(clock)
        return round(minutes / 60, 4) if clock.unit == "hour" else minutes
    if clock.unit == "working_day" and clock.round_up:
        whole = len(open_minutes(clock.start.date(), plain=True))
        minutes, days = minutes_spent(clock), 0
        while days * whole < minutes:
            days += 1
        return days
    day, days = first_day(clock), 0
    while day <= clock.end.date():
        days += counts(day, clock)
        day += ONE_DAY
    if clock.unit != "month":
        return days
    reached, months = first_day(clock) + timedelta(days=days - 1), 0
    while month_end(clock.start.date(), months, clock.count_start_day) < reached:
        months += 1
    return months


def slow_due(clock: Clock, limit: int) -> date:
    """The day on which the limit runs out; stops hold up to the clock's end."""
    factor = {"hour": 60, "minute": 1}.get(clock.unit)
    if clock.unit == "working_day" and clock.round_up:
        factor = len(open_minutes(clock.start.date(), plain=True))
    if factor:
        return next(islice(counted_minutes(clock), limit * factor - 1, None)).date()
    day = first_day(clock) - ONE_DAY
    if clock.unit == "month":
        limit = (month_end(clock.start.date(), limit, clock.count_start_day) - day).days
    while limit > 0:
        day += ONE_DAY
        limit -= counts(day, clock)
    return day
