"""Office time: the county's working days in a row, each of them 23,400 seconds long.

A moment is an int, `day * DAY + second`: `day` counts working days from the calendar's first one, `second` counts
office seconds (08:30–12:00 and 14:30–17:30). So later is greater, and working days between two moments are a
subtraction. Working days follow the State Council's notices with their make-up Saturdays (`chinesecalendar`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

from chinese_calendar import is_workday

MORNING, AFTERNOON = 12_600, 10_800
DAY = MORNING + AFTERNOON
OPENING = 8 * 3600 + 1800
LUNCH = 2 * 3600 + 1800

FIRST = date(2011, 12, 1)
LAST = date(2013, 12, 31)


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Working days in order, and the number of each."""

    days: tuple[date, ...]
    midnights: tuple[datetime, ...]
    ordinals: tuple[int, ...]

    def number(self, on: date) -> int:
        """Number of the last working day on or before a date."""
        return self.number_of(on.toordinal())

    def number_of(self, ordinal: int) -> int:
        """The same for a day's ordinal."""
        return bisect_right(self.ordinals, ordinal) - 1

    def on_or_after(self, on: date) -> int:
        """Number of the first working day on or after a date."""
        return bisect_right(self.ordinals, on.toordinal() - 1)

    def time(self, moment: int) -> datetime:
        """The clock's time of a moment, to the second."""
        day, second = divmod(moment, DAY)
        clock = OPENING + second if second < MORNING else OPENING + LUNCH + second
        return self.midnights[day] + timedelta(seconds=clock)

    def date(self, moment: int) -> date:
        """The date of a moment."""
        return self.days[moment // DAY]

    def end(self, as_of: datetime) -> int:
        """The first moment after `as_of`: whatever happens from there on is not known yet."""
        number = self.number(as_of.date())
        if self.days[number] != as_of.date():
            return (number + 1) * DAY
        clock = (as_of - self.midnights[number]).seconds - OPENING
        if clock >= MORNING:
            clock = max(MORNING - 1, clock - LUNCH)
        return number * DAY + min(max(clock + 1, 0), DAY)


@cache
def work_calendar() -> WorkCalendar:
    """The calendar from December 2011 to December 2013."""
    span = (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1))
    days = tuple(day for day in span if is_workday(day))
    return WorkCalendar(
        days,
        tuple(datetime.combine(day, time()) for day in days),
        tuple(day.toordinal() for day in days),
    )


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - timedelta(days=1)).day))


def united_days(spans: Sequence[tuple[int, int]], start: int, end: int) -> int:
    """How many days d with start < d ≤ end lie in one of the spans (from, to], each counted once."""
    total, reached = 0, start
    for first, last in sorted(spans):
        low, high = max(first, reached), min(last, end)
        if high > low:
            total += high - low
            reached = high
    return total
