"""Named points at which a test may kill the process, to prove that a crash loses nothing and doubles nothing."""

from __future__ import annotations

import os
import signal


def crash_point(name: str) -> None:
    """Kill this process at once (SIGKILL: no clean-up, no exit handlers) if HUB_CRASH_AT names this point."""
    if os.environ.get("HUB_CRASH_AT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
