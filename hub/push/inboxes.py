"""The departments that push, and their spools. Content files are read again when they change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from connectors import inbox
from connectors.inbox import InboxConnector, tokens
from connectors.inbox.spool import Spool
from hub.core.errors import SpecError
from hub.core.settings import Settings
from hub.core.specs import SLUG, department_slugs, read_department

ACCESS_METHOD = "inbox"
State = tuple[int, int]
"""Time of change and size of a file."""


class Inboxes:
    """What is known of departments and tokens, by the state of the files it was read from."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._read: dict[tuple[Path, ...], tuple[tuple[State, ...], object]] = {}

    def spool(self, slug: str, dataset: str) -> Spool | None:
        """The spool of a dataset; None if the department or dataset is not there or does not push.

        Raises SpecError when the department's folder or its connection is broken.
        """
        connector = self.connector(slug)
        return connector.spool(dataset) if connector and dataset in connector.datasets else None

    def connector(self, slug: str) -> InboxConnector | None:
        """The inbox of a department; None if it has none. Raises SpecError."""
        source = self.settings.departments / slug / "source.yml"
        if not SLUG.match(slug) or not source.is_file():
            return None
        files = (source, self.settings.connections_file)
        found = self._cached(files, lambda: self._connect(slug))
        return found if isinstance(found, InboxConnector) else None

    def slugs(self) -> list[str]:
        """The departments that push; a broken folder is not among them."""
        found = []
        for slug in department_slugs(self.settings.departments):
            try:
                if self.connector(slug) is not None:
                    found.append(slug)
            except SpecError:
                continue  # `hub check` says so
        return found

    def owner(self, token: str) -> str | None:
        """The department that a token belongs to. Raises SpecError when the tokens cannot be read."""
        files = (tokens.tokens_file(self.settings),)
        known = self._cached(files, lambda: tokens.known(self.settings))
        assert isinstance(known, dict)
        return tokens.owner(token, known)

    def _connect(self, slug: str) -> InboxConnector | None:
        department = read_department(self.settings.departments, slug)
        if department.spec.connector != ACCESS_METHOD:
            return None
        return inbox.connect(department, self.settings.connection_url(department.spec.connection))

    def _cached(self, files: tuple[Path, ...], read: Callable[[], object]) -> object:
        state = tuple(map(_state, files))
        known = self._read.get(files)
        if known is None or known[0] != state:
            known = self._read[files] = (state, read())
        return known[1]


def _state(path: Path) -> State:
    try:
        found = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)
