"""Keeping to what a source agreed to bear: rows and bytes per second, daily windows, and a switch that stops all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.core.batches import CHUNK_ROWS
from hub.core.errors import SourceClosed
from hub.core.settings import TIME_ZONE
from hub.core.specs import Protection

SECONDS_OF_ROWS: float = 10
"""Where a rate is agreed, one chunk holds at most what the source gives in that time."""
FIRST_ROWS = 1_000
"""Where bytes are limited, the first chunk tells how wide rows are."""


@dataclass(slots=True)
class Load:
    """The load that was put on a source: what was taken, seconds the source was busy, seconds we held back."""

    queries: int = 0
    rows: int = 0
    bytes: int = 0
    seconds: float = 0.0
    waited: float = 0.0


def _local_now() -> datetime:
    return datetime.now(ZoneInfo(TIME_ZONE))


class Pace:
    """Call `wait` before each query to the source and `took` after it; mean rates stay at or below the agreed ones.

    `stopped`: asked before each query; a text says why the source may not be read now.
    """

    def __init__(
        self,
        protection: Protection,
        *,
        now: Callable[[], datetime] = _local_now,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.protection, self.load = protection, Load()
        self.stopped: Callable[[], str | None] = lambda: None
        self._now, self._clock, self._sleep = now, clock, sleep
        self._free_at = self._asked_at = clock()

    @property
    def chunk_rows(self) -> int:
        """How many rows the next query may ask for."""
        rows = CHUNK_ROWS
        if self.protection.rows_per_second:
            rows = min(rows, int(self.protection.rows_per_second * SECONDS_OF_ROWS))
        if self.protection.bytes_per_second:
            width = self.load.bytes / self.load.rows if self.load.rows else 0
            fitting = (
                self.protection.bytes_per_second * SECONDS_OF_ROWS / width if width else FIRST_ROWS
            )
            rows = min(rows, int(fitting))
        return max(rows, 1)

    def wait(self) -> None:
        """Sleep until what was taken so far has been paid for. Raises SourceClosed outside the agreed windows."""
        self._check_open()
        if (ahead := self._free_at - self._clock()) > 0:
            self._sleep(ahead)
            self.load.waited += ahead
            self._check_open()
        self._asked_at = self._clock()

    def took(self, rows: int, size: int = 0) -> None:
        """Count what one query gave: rows, and bytes of Arrow data."""
        self.load.queries += 1
        self.load.rows += rows
        self.load.bytes += size
        self.load.seconds += max(self._clock() - self._asked_at, 0.0)
        cost = 0.0
        if self.protection.rows_per_second:
            cost = rows / self.protection.rows_per_second
        if self.protection.bytes_per_second:
            cost = max(cost, size / self.protection.bytes_per_second)
        self._free_at = max(self._free_at, self._asked_at) + cost

    def _check_open(self) -> None:
        if why := self.stopped():
            raise SourceClosed(why, remedy="hub resume lets it be read again")
        windows = self.protection.windows
        if windows and not within(windows, self._now()):
            raise SourceClosed(
                f"outside the agreed windows {', '.join(windows)}",
                remedy="the next run within them goes on",
            )


def within(windows: Iterable[str], moment: datetime) -> bool:
    """Whether a local time lies in one of the windows; their ends are exclusive."""
    at = moment.strftime("%H:%M")
    for window in windows:
        first, _, last = window.partition("-")
        if first <= at < last or (last <= first and (at >= first or at < last)):
            return True
    return False
