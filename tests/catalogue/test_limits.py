"""Limits of different units are compared only where the bounds leave no doubt."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from chinese_calendar import is_workday
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.limits import bounds, fits, within_a_day
from catalogue.spec import Limit

UNITS = ("working_day", "calendar_day", "hour", "minute", "month")
LIMITS = st.builds(
    lambda value, unit: Limit(value=value, unit=unit), st.integers(1, 400), st.sampled_from(UNITS)
)


def limit(text: str) -> Limit:
    value, unit = text.split()
    return Limit.model_validate({"value": int(value), "unit": unit})


@pytest.mark.parametrize(
    ("parts", "whole", "expected"),
    [
        (["10 working_day", "10 working_day"], "20 working_day", True),
        (["10 working_day", "11 working_day"], "20 working_day", False),
        (["20 calendar_day"], "20 working_day", True),
        (["25 calendar_day"], "20 working_day", None),
        (["50 calendar_day"], "20 working_day", False),
        (["20 working_day"], "30 calendar_day", None),
        (["1 month"], "30 calendar_day", None),
        (["1 month"], "31 calendar_day", True),
        (["15 minute", "30 minute"], "1 working_day", True),
        (["20 hour", "300 minute"], "1 calendar_day", False),
    ],
)
def test_fits(parts: list[str], whole: str, expected: bool | None) -> None:
    assert fits([limit(part) for part in parts], limit(whole)) is expected


@settings(max_examples=60)
@given(LIMITS, LIMITS)
def test_two_limits_never_both_exceed_each_other(a: Limit, b: Limit) -> None:
    assert not (fits([a], b) is False and fits([b], a) is False)
    assert fits([a], a) is True


def test_working_days_stay_within_their_bounds_in_every_announced_year() -> None:
    day, days = date(2004, 1, 1), []
    while day.year < 2026:
        days += [day] if is_workday(day) else []
        day += timedelta(days=1)
    assert max((b - a).days for a, b in pairwise(days)) == 11
    for n in (1, 2, 3, 5, 10, 20, 45, 90):
        low, high = bounds(Limit(value=n, unit="working_day"))
        taken = [(later - day).days for day, later in zip(days, days[n:], strict=False)]
        assert low <= min(taken)
        assert max(taken) <= high


def test_within_a_day() -> None:
    assert all(map(within_a_day, map(limit, ("1 working_day", "24 hour", "90 minute"))))
    assert not any(map(within_a_day, map(limit, ("2 working_day", "25 hour", "1 month"))))
