"""Values of key and cursor columns: as JSON that restores them exactly, and a lag before one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from connectors.database.settings import seconds
from hub.core.settings import TIME_ZONE

_FORMS = (
    "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S", "%Y%m%d%H%M%S", "%Y-%m-%d", "%Y/%m/%d", "%Y%m%d",
)  # fmt: skip
"""Times as texts whose order is that of time."""


def to_json(values: Sequence[Any]) -> list[Any]:
    """Integers and texts as they are, the others under the name of their kind. Raises TypeError for other kinds."""
    return [_to_json(value) for value in values]


def _to_json(value: Any) -> Any:
    if value is None or isinstance(value, int | str):
        return value
    if isinstance(value, datetime):
        return {"timestamp": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, float):
        return {"float": value.hex()}
    raise TypeError(f"a {type(value).__name__} cannot be a position")


_KINDS: dict[str, Callable[[str], Any]] = {
    "timestamp": datetime.fromisoformat, "date": date.fromisoformat, "decimal": Decimal, "float": float.fromhex,
}  # fmt: skip


def from_json(saved: Sequence[Any]) -> list[Any]:
    """What `to_json` was given."""
    values = []
    for value in saved:
        if isinstance(value, dict):
            ((kind, text),) = value.items()
            values.append(_KINDS[kind](text))
        else:
            values.append(value)
    return values


def before(value: Any, lag: int | str) -> Any:
    """The value a lag earlier. Raises TypeError if lag and value are not of one kind."""
    if isinstance(lag, int):
        if isinstance(value, bool) or not isinstance(value, int | Decimal | float):
            raise TypeError("its lag must be a time such as 15m")
        return value - lag
    delta = timedelta(seconds=seconds(lag))
    if isinstance(value, str):
        moment, form = _read(value)
        return _earlier(moment, delta).strftime(form)[: len(value)]
    if isinstance(value, datetime):
        return _earlier(value, delta)
    if isinstance(value, date):
        days = -(-delta // timedelta(days=1))
        return date.fromordinal(max(value.toordinal() - days, 1))
    raise TypeError("its lag must be a whole number")


def _earlier(value: datetime, delta: timedelta) -> datetime:
    try:
        return value - delta
    except OverflowError:
        return datetime.min.replace(tzinfo=value.tzinfo)


def _read(text: str) -> tuple[datetime, str]:
    for form in _FORMS:
        try:
            moment = datetime.strptime(text, form)  # noqa: DTZ007 - as local as the text is
        except ValueError:
            continue
        if moment.strftime(form)[: len(text)] == text:
            return moment, form
    raise TypeError("it holds texts that are no times in one form whose order is that of time")


def at_clock(clock: datetime, kind: pa.DataType, example: Any) -> Any:
    """A moment as a value of a column of that kind, or of texts such as `example`; None if that is no time."""
    local = clock.astimezone(ZoneInfo(TIME_ZONE)).replace(tzinfo=None)
    if pa.types.is_timestamp(kind):
        return clock if kind.tz else local
    if pa.types.is_date(kind):
        return local.date()
    if isinstance(example, str):
        try:
            return local.strftime(_read(example)[1])
        except TypeError:
            return None
    return None


def parsed(text: str, kind: pa.DataType) -> Any:
    """A bound of a range as a value of a column. Raises ValueError."""
    if pa.types.is_integer(kind):
        return int(text)
    if pa.types.is_decimal(kind):
        return Decimal(text)
    if pa.types.is_date(kind):
        return date.fromisoformat(text)
    if pa.types.is_timestamp(kind):
        moment = datetime.fromisoformat(text)
        if kind.tz and not moment.tzinfo:
            return moment.replace(tzinfo=ZoneInfo(TIME_ZONE))
        return moment if kind.tz else moment.replace(tzinfo=None)
    return text
