"""Running a department soon after it pushed: one at a time in the background, however many pushes came meanwhile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from hub.core.errors import HubError, SourceUnavailable

log = logging.getLogger(__name__)

RETRY_SECONDS = 10.0
"""After a run that may succeed later: another run is at work, or the warehouse does not answer."""


class Ingest:
    """`run` brings one department in. A department that is woken while it runs, runs once more."""

    def __init__(self, run: Callable[[str], object], retry_seconds: float = RETRY_SECONDS) -> None:
        self._run, self._retry_seconds = run, retry_seconds
        self._wanted: dict[str, None] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="ingest", daemon=True)

    def start(self, slugs: Iterable[str] = ()) -> None:
        """Begin, with these departments first."""
        for slug in slugs:
            self.wake(slug)
        self._thread.start()

    def wake(self, slug: str) -> None:
        """Have a department run as soon as it is its turn. Returns at once."""
        with self._changed:
            self._wanted[slug] = None
            self._changed.notify_all()

    def stop(self) -> None:
        """End after the run that is at work."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join()

    def _work(self) -> None:
        while (slug := self._next()) is not None:
            try:
                self._run(slug)
            except SourceUnavailable as failure:
                log.info("%s runs again later: %s", slug, failure)
                self._again(slug)
            except HubError as failure:
                log.error("%s: %s", slug, failure)
            except Exception as failure:  # its message may quote a row
                log.error("%s: %s", slug, type(failure).__name__)
                self._again(slug)

    def _next(self) -> str | None:
        with self._changed:
            self._changed.wait_for(lambda: self._wanted or self._stopping)
            if self._stopping:
                return None
            slug = next(iter(self._wanted))
            del self._wanted[slug]
            return slug

    def _again(self, slug: str) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping, self._retry_seconds)
        self.wake(slug)
