"""Hostile values, and whether what was read is the same value."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

BEIJING = timezone(timedelta(hours=8))

INTEGERS_38 = (10**38 - 1, 1 - 10**38, 12345678901234567890123456789012345678, 0, None)
INTEGERS_19 = (2**53 + 1, 2**63 - 1, -(2**63) + 1, 9007199254740993, 3601210000000000001, None)
DECIMALS = tuple(
    map(
        Decimal, ("99999999999999.9999", "-99999999999999.9999", "0.0001", "0.1", "1234567890.1000")
    )
)
DATES = (
    date(1, 1, 1),
    date(9999, 12, 31),
    date(1582, 10, 10),
    date(1900, 1, 1),
    date(2012, 2, 29),
    None,
)
TIMESTAMPS = (
    datetime(1753, 1, 1), datetime(9999, 12, 31, 23, 59, 59), datetime(1900, 1, 1),
    datetime(2012, 3, 5, 14, 30, 0, 123456), datetime(1986, 5, 4, 0, 30), None,
)  # fmt: skip
ZONED = (
    datetime(2012, 3, 5, 14, 30, tzinfo=BEIJING), datetime(2012, 3, 5, 23, 59, 59, 999999, UTC),
    datetime(1988, 7, 1, 1, 30, tzinfo=timezone(timedelta(hours=-5, minutes=-30))), None,
)  # fmt: skip
PADDED = ("张三", "ABCDEF", " A", "欧阳锋锋锋锋", "A B")
RARE = (
    "😀", "𠮷野家", "㐂", "\ue000", "龥䶮", "é ü ß", "\u3000全角　空格", "Ａ１２", "‘’“”…—", "a'b''c", 'say "x"', "a\\b\\n",
    "100% _ ?:name %(x)s {y} $1", "a|b,c;d", "<a>&amp;</a>", "NULL", "null", "None", "0012", "1e5", "-", "true",
)  # fmt: skip


def same(expected: Any, got: Any) -> bool:
    """Whether a value survived. Numbers and times may come as exact text; a float is never exact."""
    if expected is None or isinstance(got, float):
        return expected is None and got is None
    if isinstance(expected, bool | str):
        return type(got) is type(expected) and got == expected
    if isinstance(expected, int | Decimal):
        return _same_number(Decimal(expected), got)
    if isinstance(expected, datetime):
        return _same_moment(expected, got)
    return _same_moment(datetime(expected.year, expected.month, expected.day), got)


def _same_number(expected: Decimal, got: Any) -> bool:
    if isinstance(got, bool) or not isinstance(got, int | Decimal | str):
        return False
    try:
        return Decimal(got) == expected
    except InvalidOperation:
        return False


def _same_moment(expected: datetime, got: Any) -> bool:
    if isinstance(got, str):
        try:
            got = datetime.fromisoformat(got)
        except ValueError:
            return False
    elif isinstance(got, date) and not isinstance(got, datetime):
        got = datetime(got.year, got.month, got.day)
    if not isinstance(got, datetime) or (got.tzinfo is None) != (expected.tzinfo is None):
        return False
    return got == expected
