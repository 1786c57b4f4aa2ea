"""The access method `soap` under the conformance kit: rows as XML in a text, as Axis2 services give them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from xml.sax.saxutils import escape

import connectors
from tests.conformance.kit import Source, Table, conformance
from tests.conformance.test_http import LOGIN
from tests.services import rest, soap


class SoapService(Source):
    """Rows in pages of 5 after the last number; who does not give the password hears 401."""

    method = "soap"
    lacks = {
        "char": "XML has no fields of fixed width",
        "illegal_bytes": "an XML document with bytes outside its charset is no document: it is refused as a whole",
        "drift": "the fields of an XML document are declared in source.yml",
        "keys": "a service gives whole rows; it is read whole for a sweep",
    }
    broken = {"operation": "QueryNothing"}

    @property
    def settings(self) -> Mapping[str, Any]:  # type: ignore[override]
        """With the fields of the rows that are there."""
        return {
            "operation": "QueryText", "result": "xml", "text": "", "rows": "/DATA/ROW",
            "fields": {name: name for name in self.columns}, "omits_empty": True,
            "arguments": {"size": 5}, "paging": {"by": "serial", "param": "after", "field": "id"},
            "since": {"param": "since", "field": "changed", "format": "%Y-%m-%dT%H:%M:%S", "lag": "15m"},
        }  # fmt: skip

    def start(self) -> None:
        self.columns: tuple[str, ...] = ("id", "changed")
        self.rows: dict[int, dict[str, Any]] = {}
        self.kept = ExitStack()
        self.service = self.kept.enter_context(rest.serving())
        self.service.routes[soap.PATH] = self.answer

    def stop(self) -> None:
        self.kept.close()

    def answer(self, heard: rest.Heard) -> rest.Reply:
        if heard.headers.get("authorization") != LOGIN:
            return rest.Reply(status=401)
        if heard.method == "GET":
            return rest.Reply(soap.WSDL.encode(), headers=soap.TYPE)
        _, asked, _ = soap.question(heard)
        after, since = int(asked.get("after", "0")), asked.get("since", "")
        chosen = [self.rows[at] for at in sorted(self.rows) if at > after]
        rows = "".join(
            map(
                as_element, [row for row in chosen if row["changed"] >= since][: int(asked["size"])]
            )
        )
        name = "QueryTextResponse"
        text = f"<return>{escape(f'<DATA>{rows}</DATA>')}</return>"
        return soap.enveloped(f'<{name} xmlns="{soap.NAMESPACE}">{text}</{name}>')

    @property
    def url(self) -> str:
        return self.through(self.address[1])

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", int(self.service.url.rpartition(":")[2])

    def through(self, port: int) -> str:
        return f"http://hub:right@127.0.0.1:{port}{soap.PATH}"

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
        self.columns = tuple(table.columns)
        rows = [{name: as_text(value) for name, value in row.items()} for row in table.dicts()]
        self.rows |= {int(row["id"] or 0): row for row in rows}

    @contextmanager
    def late(self, table: Table) -> Iterator[None]:
        yield
        self.add(table)

    def contents(self) -> dict[int, dict[str, Any]]:
        return {ident: dict(row) for ident, row in self.rows.items()}


def as_text(value: Any) -> str | None:
    """Numbers digit for digit, times in ISO form."""
    return (
        value.isoformat() if hasattr(value, "isoformat") else None if value is None else str(value)
    )


def as_element(row: Mapping[str, str | None]) -> str:
    inner = (
        f"<{name}>{escape(value)}</{name}>" for name, value in row.items() if value is not None
    )
    return f"<ROW>{''.join(inner)}</ROW>"


TestSoapService = conformance(SoapService)
