"""Pages of a SOAP operation: the arguments that ask for one, and the rows of its result."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa

from connectors.http import json_rows, paging
from connectors.http.json_rows import Number
from connectors.http.pages import Content, Page, check_ok, following_cursor, paged, xml_content
from connectors.http.paging import Place
from connectors.http.paths import MISSING, at, placed, steps
from connectors.http.reading import Reading
from connectors.http.session import Passing
from connectors.soap.client import SoapClient
from connectors.soap.settings import SoapSettings, StructuredSettings, XmlTextSettings
from hub.core.errors import SourceRefused


@dataclass(slots=True)
class SoapReading(Reading):
    """The pages of one operation."""

    settings: SoapSettings
    client: SoapClient | None = None

    def page(self, place: Place | None) -> tuple[Page, Place | None]:
        """One page, and the place of the next."""
        client = self.client
        assert client is not None
        first_row, where = self.first_row(place), self.session.where

        def work() -> Page:
            content = content_of(client.call(self.arguments(place)), self.settings, where)
            return paged(content, self.settings.operation, first_row, self.settings.deleted, where)

        found = self.session.trying(work, f"{where} ({self.settings.operation})")
        return found, self.after(place, found)

    def arguments(self, place: Place | None) -> dict[str, Any]:
        """The operation's arguments for the page at a place."""
        arguments: dict[str, Any] = dict(self.settings.arguments)
        connection = self.session.connection
        for name, secret in self.settings.credentials.items():
            placed(arguments, name, getattr(connection, secret))
        for name, value in {
            **self.bounds,
            **paging.parameters(self.settings.paging, place),
        }.items():
            placed(arguments, name, value)
        return arguments


def content_of(result: Any, settings: SoapSettings, where: str) -> Content:
    """The rows of a result. Raises Passing and SourceRefused."""
    tree = as_json(result)
    if isinstance(settings, XmlTextSettings):
        return _xml_text(tree, settings, where)
    assert isinstance(settings, StructuredSettings)
    return _structured(tree, settings, where)


def _structured(tree: Any, settings: StructuredSettings, where: str) -> Content:
    if settings.ok:
        check_ok(json_rows.text_of(at(tree, steps(settings.ok.path))), settings.ok, where)
    rows = at(tree, steps(settings.rows))
    if rows is MISSING:
        raise SourceRefused(
            f"the result has nothing at '{settings.rows}'", where=where,
            remedy="correct 'rows' in source.yml",
        )  # fmt: skip
    if not isinstance(rows, list):
        rows = [] if rows is None else [rows]  # an element that may come once only
    fields, defects, present = json_rows.columns(rows, settings.fields, "utf-8")
    if settings.omits_empty or not rows:
        present = frozenset(fields)
    total = json_rows.text_of(at(tree, steps(settings.total))) if settings.total else None
    return Content(
        fields, len(rows), present, defects, total, following_cursor(tree, settings.paging)
    )


def _xml_text(tree: Any, settings: XmlTextSettings, where: str) -> Content:
    text = at(tree, steps(settings.text))
    if text is None or text == "":
        nothing = {name: pa.nulls(0, pa.string()) for name in settings.fields}
        return Content(nothing, 0, frozenset(nothing), {})
    if not isinstance(text, str):
        raise SourceRefused(
            f"the result has no text at '{settings.text}'", where=where,
            remedy="correct 'text' in source.yml",
        )  # fmt: skip
    try:
        return xml_content(text.encode(), "utf-8", settings.document(), where)
    except ValueError as failure:
        raise Passing(
            f"the text in the result is no XML ({str(failure).partition(':')[0]})"
        ) from None


def as_json(value: Any) -> Any:
    """A result with nothing in it but dicts, lists, texts, numbers as written, booleans and nulls.

    Times are ISO texts, with their offset if they have one; bytes are base64, as they travelled.
    """
    if isinstance(value, dict):
        return {str(name): as_json(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(part) for part in value]
    return _leaf(value)


def _leaf(value: Any) -> Any:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Decimal | int | float):
        return Number(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    moment = isinstance(value, datetime | date | time)
    return value.isoformat() if moment else str(value)
