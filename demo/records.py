"""How a department writes times and numbers down: with the precision of its system, in its own style."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from demo.profiles import Precision
from demo.workdays import DAY, WorkCalendar

CLOSING_TIME = time(17, 30)


@dataclass(frozen=True, slots=True)
class Clockface:
    """Turns moments into the times that a system keeps. Rounding is always down, so that no order is reversed."""

    calendar: WorkCalendar
    precision: Precision

    def time(self, moment: int) -> datetime:
        """The moment as the system keeps it."""
        if self.precision == "day":
            return self.calendar.midnights[moment // DAY]
        return self.calendar.time(moment - moment % 60 if self.precision == "minute" else moment)

    def maybe(self, moment: int | None) -> datetime | None:
        """The same; None stays None."""
        return None if moment is None else self.time(moment)

    def due(self, accepted: int, value: int, unit: str) -> datetime:
        """The end of a limit, as the window promised it."""
        day = accepted // DAY
        if unit == "working_day":
            due = self.calendar.days[day + value]
        else:
            due = self.calendar.days[day] + timedelta(days=value)
        return datetime.combine(due, time() if self.precision == "day" else CLOSING_TIME)


# No run of digits is long enough to be taken for a telephone or identity number.
CASE_NUMBERS: dict[str, Callable[[date, int, int], str]] = {
    "public_security": lambda day, serial, daily: f"GA{day:%y}-{serial:06d}",
    "housing": lambda day, serial, daily: f"FC{day:%Y%m%d}-{daily:04d}",
    "industry_commerce": lambda day, serial, daily: f"南工商登〔{day.year}〕{serial:06d}号",
    "civil_affairs": lambda day, serial, daily: f"MZ{day:%y}-{serial:06d}",
    "land_resources": lambda day, serial, daily: f"GT-{day.year}-{serial:06d}",
}
"""Department → case number, from the day of application, the serial of the year and the serial of the day."""
