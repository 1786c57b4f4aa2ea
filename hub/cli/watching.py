"""A progress line for people who wait, fed by the progress log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from hub.core.progress import LOGGER


class _Bar(logging.Handler):
    def __init__(self, update: object) -> None:
        super().__init__()
        self.update = update
        self.rows: dict[str, int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        step = getattr(record, "step", None)
        if step and callable(self.update):
            stage = step["stage"]
            self.rows[stage] = self.rows.get(stage, 0) + step["rows"]
            done = ", ".join(f"{name} {rows:,}" for name, rows in self.rows.items())
            self.update(f"{step['department']}.{step['dataset']}: {done} rows")


@contextmanager
def progress_bar(silent: bool = False) -> Iterator[None]:
    """Show how far extract, map and land have come while the block runs; nothing when `silent`."""
    from rich.console import Console

    with Console(stderr=True, quiet=silent).status("starting …") as status:
        handler = _Bar(status.update)
        LOGGER.setLevel(logging.INFO)
        LOGGER.addHandler(handler)
        try:
            yield
        finally:
            LOGGER.removeHandler(handler)
