"""The access method `inbox` under the conformance kit: what is pushed as JSON is in the spool, and is read from it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from connectors.inbox import InboxConnector
from tests.conformance.databases import Away
from tests.conformance.kit import DATASET, Link, Source, Table, conformance
from tests.connectors.inbox.sending import push

ROWS_PER_PUSH = 3


class Inbox(Source):
    """A spool that a department pushes to; numbers and times are texts there, so every value keeps its digits."""

    method = "inbox"
    settings = {"accepts": {"json": {}}}
    lacks = {
        "empty": "a push without rows has no fields either",
        "illegal_bytes": "a body that is no text of its charset is refused at the door; in CSV see tests/hub/push",
        "credentials": "the spool is a folder of this machine; tokens of senders are checked in tests/hub/push",
        "keys": "what was pushed is the department's last word on its rows, not a list of all it has",
        "whole": "a push holds what changed",
        "ranges": "pushes come in the order of their arrival, not of a value in them",
    }

    def start(self) -> None:
        self.spool = self.folder / "spool" / "inbox"
        self.spool.parent.mkdir()

    @property
    def url(self) -> str:
        return self.spool.as_uri()

    def put(self, table: Table) -> None:
        shutil.rmtree(self.spool, ignore_errors=True)
        self.add(table)

    def add(self, table: Table) -> None:
        rows = table.dicts()
        for first in range(0, len(rows) or 1, ROWS_PER_PUSH):
            push(self._connector.spool(DATASET), _body(rows[first : first + ROWS_PER_PUSH]))

    @contextmanager
    def late(self, table: Table) -> Iterator[None]:
        """A push that is still coming in while others arrive."""
        with self._connector.spool(DATASET).upload() as upload:
            upload.write(b"[")
            yield
        self.add(table)

    def contents(self) -> dict[str, bytes]:
        """The payloads, wherever they lie in the spool."""
        folder = self._connector.spool(DATASET).folder
        return {
            path.name: path.read_bytes()
            for part in ("new", "done")
            for path in (folder / part).iterdir()
        }

    def unreachable(self) -> str:
        return (self.folder / "not mounted" / "inbox").as_uri()

    @contextmanager
    def breakable(self) -> Iterator[tuple[str, Link]]:
        yield self.url, Away(self.spool.parent)

    @property
    def _connector(self) -> InboxConnector:
        found = self.open()
        assert isinstance(found, InboxConnector)
        return found


def _body(rows: list[dict[str, object]]) -> bytes:
    return json.dumps(rows, default=_text, ensure_ascii=False).encode()


def _text(value: object) -> str:
    return value.isoformat(" ") if isinstance(value, datetime) else str(value)


TestInbox = conformance(Inbox)
