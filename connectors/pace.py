"""Keeping to the rows per second that a source agreed to bear."""

from __future__ import annotations

import time


class Pace:
    """Call `wait` before taking the next rows and `took` after: the mean rate stays at or below `rate`."""

    def __init__(self, rate: int | None) -> None:
        self.rate = rate
        self._free_at = time.monotonic()

    def took(self, rows: int) -> None:
        """Count rows that were just taken."""
        if self.rate:
            self._free_at = max(self._free_at, time.monotonic()) + rows / self.rate

    def wait(self) -> None:
        """Sleep until the rows taken so far have been paid for."""
        if self.rate and (ahead := self._free_at - time.monotonic()) > 0:
            time.sleep(ahead)
