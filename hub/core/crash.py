"""Named points at which a test may kill the process, to prove that a crash loses nothing and doubles nothing."""

from __future__ import annotations

import os
import signal

POINTS = (
    "mid_raw_put", "after_raw_put", "after_extract", "after_map", "before_landing", "after_staging", "after_merge",
    "before_commit", "after_commit", "before_acknowledge", "after_acknowledge", "push_before_accept",
    "push_after_accept", "push_before_put_away",
)  # fmt: skip
"""All of them, in the order in which a record meets them; those of a push belong to access method `inbox`."""

_met: dict[str, int] = {}


def crash_point(name: str) -> None:
    """Kill this process at once (SIGKILL: no clean-up, no exit handlers) if HUB_CRASH_AT names this point.

    `name:3` kills it when it comes here for the third time.
    """
    wanted = os.environ.get("HUB_CRASH_AT")
    if wanted is None:
        return
    point, _, time = wanted.partition(":")
    if point == name:
        _met[name] = _met.get(name, 0) + 1
        if _met[name] == int(time or 1):
            os.kill(os.getpid(), signal.SIGKILL)
