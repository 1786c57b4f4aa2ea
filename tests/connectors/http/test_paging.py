"""Pages of every kind: all rows once, and an end that cannot be missed."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.errors import SourceRefused, SourceUnavailable
from tests.connectors.http.conftest import OpenHttp, cases, numbers
from tests.services import rest

OFFSET = {"by": "offset", "limit": 7}
PAGE = {"by": "page"}
ENVELOPE = {"path": "/cases", "rows": "data.list", "total": "data.total"}


@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 21])
def test_offset(open_http: OpenHttp, service: rest.Service, count: int) -> None:
    rows = cases(count)
    service.routes["/cases"] = rest.by_offset(rows)
    read = open_http(**ENVELOPE, paging=OFFSET).read()
    assert numbers(read) == numbers(rows)
    assert [row["_row"] for row in read] == list(range(1, count + 1))
    assert {row["_file"] for row in read} <= {"/cases"}


def test_a_service_that_gives_fewer_rows_than_asked_for_loses_none(
    open_http: OpenHttp, service: rest.Service
) -> None:
    rows = cases(25)
    service.routes["/cases"] = rest.by_offset(rows, most=4)
    assert numbers(open_http(path="/cases", rows="data.list", paging=OFFSET).read()) == numbers(
        rows
    )


@pytest.mark.parametrize("beyond", ["empty", "last", "missing"])
@pytest.mark.parametrize("count", [1, 10, 11])
def test_numbered_pages(
    open_http: OpenHttp, service: rest.Service, beyond: str, count: int
) -> None:
    """Services differ in what they give beyond the last page."""
    rows = cases(count)
    service.routes["/cases"] = rest.by_page(rows, 5, beyond)
    read = open_http(path="/cases", rows="rows", total="total", paging=PAGE).read()
    assert numbers(read) == numbers(rows)


def test_cursor_and_link(open_http: OpenHttp, service: rest.Service) -> None:
    rows = cases(12)
    service.routes["/cursor"] = rest.by_cursor(rows, 5)
    service.routes["/link"] = rest.by_link(rows, 5, "/link")
    cursor = {"by": "cursor", "param": "after", "next": "next"}
    assert numbers(open_http(path="/cursor", rows="rows", paging=cursor).read()) == numbers(rows)
    assert numbers(open_http(path="/link", paging={"by": "link"}).read()) == numbers(rows)


def test_posted_questions(open_http: OpenHttp, service: rest.Service) -> None:
    """Paging goes into the body, into inner objects too."""
    rows = cases(5)

    def route(heard: rest.Heard) -> rest.Reply:
        assert heard.json["query"] == {"region": "360121"}
        number = heard.json["page"]["no"]
        return rest.document({"rows": rows[(number - 1) * 2 : number * 2]})

    service.routes["/search"] = route
    reader = open_http(
        path="/search", method="POST", body={"query": {"region": "360121"}, "page": {"size": 2}},
        rows="rows", paging={"by": "page", "page_param": "page.no"},
    )  # fmt: skip
    assert numbers(reader.read()) == numbers(rows)
    assert service.heard[0].json["page"] == {"size": 2, "no": 1}


def test_the_same_page_for_ever_is_refused(open_http: OpenHttp, service: rest.Service) -> None:
    service.routes["/cases"] = lambda _: rest.document(cases(3))
    reader = open_http(path="/cases", paging=PAGE)
    rows = reader.connector.read("cases", None)
    assert next(rows).table.num_rows == 3
    with pytest.raises(SourceRefused, match="the same page comes again"):
        next(rows)


def test_a_cursor_that_comes_again_is_refused(open_http: OpenHttp, service: rest.Service) -> None:
    pages = (cases(at + 1) for at in itertools.count())
    service.routes["/cases"] = lambda _: rest.document({"rows": next(pages), "next": "x"})
    reader = open_http(
        path="/cases", rows="rows", paging={"by": "cursor", "param": "after", "next": "next"}
    )
    with pytest.raises(SourceRefused, match="read before"):
        reader.read()


def test_pages_without_end_are_refused(open_http: OpenHttp, service: rest.Service) -> None:
    fresh = itertools.count()
    service.routes["/cases"] = lambda _: rest.document([{"no": str(next(fresh))}])
    with pytest.raises(SourceRefused, match="more than 20 pages"):
        open_http(path="/cases", paging=PAGE, max_pages=20).read()


def test_a_link_to_another_host_is_refused(open_http: OpenHttp, service: rest.Service) -> None:
    reply = rest.document(cases(2), Link='<http://other.invalid/x>; rel="next"')
    service.routes["/cases"] = lambda _: reply
    with pytest.raises(SourceRefused, match=r"other\.invalid"):
        open_http(path="/cases", paging={"by": "link"}).read()


class Shrinking(list[Any]):
    """Rows of which five disappear before they are looked at for the `cut`th time."""

    asked, cut = 0, 2

    def __iter__(self) -> Any:
        self.asked += 1
        if self.asked == self.cut:
            del self[2:7]
        return super().__iter__()


@pytest.mark.parametrize("overlap", [1, 3])
@pytest.mark.parametrize("cut", range(2, 7))
def test_rows_that_move_between_pages_are_not_missed(
    open_http: OpenHttp, service: rest.Service, cut: int, overlap: int
) -> None:
    """Whichever page comes next when rows disappear, and although the boundary itself may be among them."""
    rows = Shrinking(cases(30))
    rows.cut = cut
    service.routes["/cases"] = rest.by_offset(rows)
    reader = open_http(**ENVELOPE, paging=OFFSET | {"overlap": overlap})
    assert set(numbers(reader.read())) >= set(numbers(list(rows)))
    assert rows.asked >= cut
    assert reader.cursor == {}


def test_without_an_overlap_rows_that_vanish_are_noticed(
    open_http: OpenHttp, service: rest.Service
) -> None:
    """The row that slipped onto a page that was already read comes with the next run."""
    rows = Shrinking(cases(20))
    service.routes["/cases"] = rest.by_offset(rows)
    reader = open_http(**ENVELOPE, paging=OFFSET | {"overlap": 0})
    with pytest.raises(SourceUnavailable, match="5 rows vanished"):
        reader.read()
    assert reader.cursor == {}
    assert numbers(reader.read()) == numbers(list(rows))


def test_an_interrupted_reading_finds_its_place_again(
    open_http: OpenHttp, service: rest.Service
) -> None:
    """Rows disappeared between two runs, more than a page has."""
    rows = cases(40)
    service.routes["/cases"] = rest.by_offset(rows)
    reader = open_http(**ENVELOPE, paging=OFFSET, protection="{rows_per_second: 2}")
    reader.connector.pace._sleep = lambda _: None
    first = next(iter(reader.connector.read("cases", None)))
    assert first.table.num_rows == 19
    reader.cursor = first.cursor
    del rows[:10]
    assert set(numbers(first.table.to_pylist() + reader.read())) == set(numbers(cases(40)))


@pytest.mark.parametrize("given", [4, 0])
def test_a_total_that_is_not_reached_is_no_complete_reading(
    open_http: OpenHttp, service: rest.Service, given: int
) -> None:
    service.routes["/cases"] = lambda _: rest.document({"rows": cases(given), "total": 5})
    reader = open_http(path="/cases", rows="rows", total="total", paging={"by": "none"})
    with pytest.raises(SourceUnavailable, match=f"{given} rows came, 5"):
        reader.read()
    with pytest.raises(SourceUnavailable):
        list(reader.connector.read_whole("cases"))


def test_large_pages_are_cut(
    open_http: OpenHttp, service: rest.Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No batch is larger than what the source agreed to, however much one answer holds."""
    service.routes["/cases"] = lambda _: rest.document(cases(25))
    reader = open_http(path="/cases", paging={"by": "none"}, protection="{rows_per_second: 1}")
    reader.connector.pace._sleep = lambda _: None
    sizes = [batch.table.num_rows for batch in reader.batches()]
    assert sizes == [10, 10, 5]


def test_an_interrupted_reading_goes_on(open_http: OpenHttp, service: rest.Service) -> None:
    rows = cases(40)
    service.routes["/cases"] = rest.by_offset(rows)
    reader = open_http(**ENVELOPE, paging=OFFSET, protection="{rows_per_second: 1}")
    reader.connector.pace._sleep = lambda _: None
    first = next(iter(reader.connector.read("cases", None)))
    assert first.cursor["page"] == 6
    reader.cursor = first.cursor
    rest_of_it = reader.read()
    assert numbers(first.table.to_pylist() + rest_of_it) == numbers(rows)
    assert reader.cursor == {}
    assert numbers(reader.read()) == numbers(rows), "a finished reading begins again"


def test_an_interrupted_reading_begins_again_where_its_page_is_gone(
    open_http: OpenHttp, service: rest.Service
) -> None:
    service.routes["/cases"] = rest.by_page(cases(8), 5, "missing")
    reader = open_http(path="/cases", rows="rows", total="total", paging=PAGE)
    asked = _asked(reader)
    reader.cursor = {"page": 9, "asked": asked}
    assert numbers(reader.read()) == numbers(cases(8))
    reader.cursor = {"page": 2, "asked": "another"}
    assert numbers(reader.read()) == numbers(cases(8))


def _asked(reader: Any) -> str:
    return str(reader.connector.task("cases").asked)


def test_a_service_without_an_order_is_given_up(open_http: OpenHttp, service: rest.Service) -> None:
    rows = cases(60)

    def route(heard: rest.Heard) -> rest.Reply:
        random.Random(len(service.heard)).shuffle(rows)
        return rest.by_offset(rows)(heard)

    service.routes["/cases"] = route
    reader = open_http(path="/cases", rows="data.list", paging=OFFSET)
    with pytest.raises(SourceUnavailable, match="rows move all the time"):
        reader.read()
    assert len(service.heard) < 200


CHANGES = st.lists(
    st.tuples(st.integers(0, 9), st.booleans(), st.integers(0, 40)), max_size=8
)  # fmt: skip


def test_no_row_that_stays_is_missed_whatever_moves(
    open_http: OpenHttp, service: rest.Service
) -> None:
    """Before some of the requests a row is deleted, or changes and so moves to the end."""

    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, 30), st.integers(1, 3), CHANGES)
    def check(count: int, overlap: int, changes: list[tuple[int, bool, int]]) -> None:
        rows, asked = cases(count), itertools.count()

        def route(heard: rest.Heard) -> rest.Reply:
            now = next(asked)
            for when, moves, at in changes:
                if when == now and at < len(rows):
                    row = rows.pop(at)
                    rows.extend([row | {"name": f"{row['name']}*"}] if moves else [])
            return rest.by_offset(rows)(heard)

        service.routes["/cases"] = route
        paging = {"by": "offset", "limit": 4, "overlap": overlap}
        read = open_http(path="/cases", rows="data.list", paging=paging).read()
        stayed = {(row["no"], row["name"]) for row in rows}
        assert stayed <= {(row["no"], row["name"]) for row in read}

    check()
