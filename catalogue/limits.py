"""Comparing limits. Equal units are compared as they are; different units only by bounds that always hold.

Bounds in calendar days: a calendar day is one; n working days take at least n and at most 2n + 9, which no stretch of
the calendars announced since 2004 exceeds (its longest run of days off, the spring of 2020, meets it); a month has 28
to 31; hours and minutes are parts of a day. Where the bounds overlap the limits are not comparable, and we say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from catalogue.spec import Limit

Bounds = tuple[Fraction, Fraction]


def bounds(limit: Limit) -> Bounds:
    """Fewest and most calendar days that a limit may take."""
    n = Fraction(limit.value)
    match limit.unit:
        case "minute":
            return n / 1440, n / 1440
        case "hour":
            return n / 24, n / 24
        case "calendar_day":
            return n, n
        case "working_day":
            return n, 2 * n + 9
        case "month":
            return 28 * n, 31 * n


def fits(parts: Sequence[Limit], whole: Limit) -> bool | None:
    """Whether the parts together stay within the whole; None where their units are not comparable."""
    if all(part.unit == whole.unit for part in parts):
        return sum(part.value for part in parts) <= whole.value
    each = [bounds(part) for part in parts]
    low, high = bounds(whole)
    if sum(most for _, most in each) <= low:
        return True
    return False if sum(least for least, _ in each) > high else None


def within_a_day(limit: Limit) -> bool:
    """Whether a limit asks for no more than one day."""
    return bounds(limit)[0] <= 1
