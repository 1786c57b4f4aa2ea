"""Memory that is free goes back to the machine, which the hub shares with the warehouse.

Arrow, Polars and the C library each keep an allocator's worth of what was free long ago. Arrow and Polars read their
settings when they are loaded, so this runs before anything else of ours is imported.
"""

from __future__ import annotations

import contextlib
import ctypes
import os

_M_ARENA_MAX = -8  # malloc.h of glibc: without a limit every thread gets an arena of its own
_ARENAS = 2
_SETTINGS = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:500,muzzy_decay_ms:0",
}


def give_memory_back() -> None:
    """Tell the allocators; whoever set one of the variables keeps it. Nothing happens where the C library is another."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)
