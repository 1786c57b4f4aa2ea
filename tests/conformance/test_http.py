"""The access method `http` under the conformance kit: a REST service on this machine."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import Any

import connectors
from tests.conformance.kit import Source, Table, conformance
from tests.services import rest

LOGIN = "Basic " + base64.b64encode(b"hub:right").decode()


class RestService(Source):
    """Rows in pages of 5 by offset, in the order of their change; who does not give the password hears 401."""

    method = "http"
    settings = {
        "path": "/cases", "rows": "rows", "total": "total", "paging": {"by": "offset", "limit": 5},
        "since": {"param": "since", "field": "changed", "format": "%Y-%m-%dT%H:%M:%S", "lag": "15m", "until": "until"},
    }  # fmt: skip
    lacks = {
        "char": "JSON has no fields of fixed width",
        "keys": "a service gives whole rows; it is read whole for a sweep",
    }
    broken = {"path": "/nowhere"}

    def start(self) -> None:
        self.rows: dict[int, dict[str, bytes]] = {}
        self.kept = ExitStack()
        self.service = self.kept.enter_context(rest.serving())
        self.service.routes["/cases"] = self.page

    def stop(self) -> None:
        self.kept.close()

    def page(self, heard: rest.Heard) -> rest.Reply:
        if heard.headers.get("authorization") != LOGIN:
            return rest.Reply(status=401)
        low, high = heard.params.get("since", ""), heard.params.get("until", "~")
        chosen = [row for row in self.rows.values() if low <= json.loads(row["changed"]) < high]
        chosen.sort(key=lambda row: (row["changed"], int(row["id"])))
        start, size = int(heard.params["offset"]), int(heard.params["limit"])
        listed = b",".join(map(as_object, chosen[start : start + size]))
        return rest.Reply(b'{"total": %d, "rows": [%s]}' % (len(chosen), listed))

    @property
    def url(self) -> str:
        return self.through(self.address[1])

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", int(self.service.url.rpartition(":")[2])

    def through(self, port: int) -> str:
        return f"http://hub:right@127.0.0.1:{port}"

    def wrong_credentials(self, password: str) -> str:
        return self.url.replace("right", password)

    def open(self, *given: Any, **settings: Any) -> connectors.Connector:
        """With pauses between two attempts that take no time."""
        opened = super().open(*given, **settings)
        opened.sleep = lambda _: None  # type: ignore[attr-defined]
        return opened

    def put(self, table: Table) -> None:
        self.rows.clear()
        self.add(table)

    def add(self, table: Table) -> None:
        rows = [{name: as_json(value) for name, value in row.items()} for row in table.dicts()]
        self.rows |= {int(row["id"]): row for row in rows}

    @contextmanager
    def late(self, table: Table) -> Iterator[None]:
        yield
        self.add(table)

    def spoil(self, ident: int) -> bytes:
        self.rows[ident]["name"] = b'"\xff\xfe"'
        return b"\xff\xfe"

    def contents(self) -> dict[int, dict[str, bytes]]:
        return {ident: dict(row) for ident, row in self.rows.items()}


def as_json(value: Any) -> bytes:
    """Numbers digit for digit, times in ISO form."""
    if isinstance(value, int | Decimal):
        return str(value).encode()
    text = value if value is None or isinstance(value, str) else value.isoformat()
    return json.dumps(text, ensure_ascii=False).encode()


def as_object(row: dict[str, bytes]) -> bytes:
    return b"{" + b",".join(b'"%s":%s' % (name.encode(), row[name]) for name in row) + b"}"


TestRestService = conformance(RestService)
