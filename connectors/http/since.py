"""Asking only for what is new: positions, their text form, and the lag by which a reading overlaps the one before.

A position is the highest value of a time or number field among the rows that were read. A row whose transaction
commits late has a lower value than rows that were already read; the lag is how late that may be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from connectors.settings import Name
from hub.core.settings import TIME_ZONE
from hub.core.specs import Spec

Position = datetime | int
"""An instant, or a number."""

NUMBERS = {"number", "epoch_s", "epoch_ms"}
_LAG = re.compile(r"^(\d+)([smhd]?)$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_BEGINNING = datetime(1, 1, 2, tzinfo=UTC)


def _lag(text: str) -> str:
    if not _LAG.match(text):
        raise ValueError(
            "must be a number, or a number of seconds, minutes, hours or days: 90s, 10m"
        )
    return text


def _form(form: str) -> str:
    if form != "iso" and form not in NUMBERS and "%" not in form:
        raise ValueError(
            "must be iso, epoch_s, epoch_ms, number or a form such as %Y-%m-%d %H:%M:%S"
        )
    return form


class Since(Spec):
    """Rows that are new: `param` asks for rows whose `field` is at or above a value."""

    param: Name
    field: Name
    format: Annotated[str, AfterValidator(_form)] = "iso"
    """Of the field and of the parameter: iso, epoch_s, epoch_ms, number, or a strptime form (local time)."""
    lag: Annotated[str, Field(coerce_numbers_to_str=True), AfterValidator(_lag)]
    """How far before the position the next reading begins."""
    until: Name | None = None
    """Parameter of the upper bound, for reading a range."""

    @model_validator(mode="after")
    def _lag_fits(self) -> Since:
        unit = _LAG.match(self.lag)[2]  # type: ignore[index]
        if bool(unit) == (self.format == "number") and self.lag != "0":
            raise ValueError("lag: a number for format: number, else a time such as 10m")
        return self


def parsed(text: str, form: str) -> Position | None:
    """The position that a text says; None if it says none."""
    try:
        if form in NUMBERS:
            number = int(text)
            if form == "number":
                return number
            return datetime.fromtimestamp(number / (1000 if form == "epoch_ms" else 1), UTC)
        if form == "iso":
            moment = datetime.fromisoformat(text)
        else:
            moment = datetime.strptime(text.strip(), form)  # noqa: DTZ007 (local time, below)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(TIME_ZONE))


def written(position: Position, form: str) -> str:
    """The text of a position as the source wants it."""
    if isinstance(position, int):
        return str(position)
    if form in NUMBERS:
        micros = (position - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        return str(micros // (1_000 if form == "epoch_ms" else 1_000_000))
    local = position.astimezone(ZoneInfo(TIME_ZONE))
    return local.isoformat() if form == "iso" else local.strftime(form)


def saved(position: Position) -> str:
    """The text of a position in the hub's own cursor, exact."""
    return str(position) if isinstance(position, int) else position.isoformat()


def restored(text: str, form: str) -> Position | None:
    """The position that `saved` wrote."""
    return parsed(text, "number" if form == "number" else "iso")


def start(position: Position, since: Since) -> Position:
    """Where a reading begins that goes on from a position."""
    number, unit = _LAG.match(since.lag).groups()  # type: ignore[union-attr]
    if isinstance(position, int):
        return position - int(number)
    lag = timedelta(**{_UNITS[unit or "s"]: int(number)})
    return position - lag if position - _BEGINNING > lag else _BEGINNING


def highest(
    texts: Iterable[str], form: str, now: datetime, before: Position | None
) -> Position | None:
    """The highest position of the texts and of `before`.

    A time in the future does not count: one typing error there would hide all rows until then.
    """
    found = [position for text in texts if (position := parsed(text, form)) is not None]
    plausible = [one for one in found if isinstance(one, int) or one <= now]
    return max([*plausible, *([] if before is None else [before])], default=None)
