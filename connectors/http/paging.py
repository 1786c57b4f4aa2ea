"""Which page comes next, and when there is none.

A place is what tells pages apart: an offset, a page number, a cursor, the path of a link. The end is an empty page, or
the absence of a next cursor or link. A short page is not the end: services cap pages without saying so.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from connectors.http.connection import WebConnection
from connectors.http.settings import (
    ByCursor,
    ByLink,
    ByOffset,
    ByPage,
    BySerial,
    OnePage,
    PagedSettings,
    Paging,
)

Place = int | str
"""JSON: it stands in the cursor of a reading that was interrupted."""


def first(paging: Paging) -> Place | None:
    """The place of the first page; None where it needs no naming."""
    if isinstance(paging, ByOffset):
        return 0
    return paging.first if isinstance(paging, ByPage) else None


def parameters(paging: Paging, place: Place | None) -> dict[str, Any]:
    """What asks for the page at a place."""
    if isinstance(paging, ByOffset):
        return {paging.offset_param: place, paging.limit_param: paging.limit}
    if isinstance(paging, ByPage):
        size = {paging.size_param: paging.size} if paging.size_param else {}
        return {paging.page_param: place, **size}
    if isinstance(paging, BySerial) and place is None:
        place = paging.first
    if isinstance(paging, ByCursor | BySerial) and place is not None:
        return {paging.param: place}
    return {}


def following(
    paging: Paging, place: Place | None, rows: int, stated: Place | None, link: str | None
) -> Place | None:
    """The place of the page after one with so many rows; None at the end.

    `stated`: the next cursor according to the page; `link`: the next address according to its header.
    """
    if isinstance(paging, OnePage):
        return None
    if isinstance(paging, ByLink):
        return link
    if isinstance(paging, ByCursor | BySerial):
        return None if rows == 0 and stated == place else stated
    if rows == 0:
        return None
    assert isinstance(place, int)
    if isinstance(paging, ByPage):
        return place + 1
    # By what came, not by what was asked for.
    return place + rows - kept_rows(paging, rows)


def kept_rows(paging: Paging, rows: int) -> int:
    """How many of a page's rows the next page repeats: never all, or the reading would stand still."""
    return min(paging.overlap, max(rows - 1, 0)) if isinstance(paging, ByOffset) else 0


def may_be_last(settings: PagedSettings, rows: int, read: int, total: int | None) -> bool:
    """Whether a page looks like the last one: it completes the total, or is shorter than was asked for."""
    paging = settings.paging
    size = paging.limit if isinstance(paging, ByOffset) else getattr(paging, "size", None)
    return (total is not None and read >= total) or (size is not None and rows < size)


def link_place(url: str | None, connection: WebConnection) -> str | None:
    """A link as a place: without the host where that is the connection's own, and without its secret."""
    if url is None:
        return None
    import httpx

    address = httpx.URL(url)
    if connection.key_param:
        address = address.copy_remove_param(connection.key_param)
    text = str(address)
    return text.removeprefix(connection.origin) if _same_service(text, connection) else text


def _same_service(url: str, connection: WebConnection) -> bool:
    return urlsplit(url)[:2] == urlsplit(connection.base)[:2]
