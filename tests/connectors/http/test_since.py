"""Only what is new: positions move with finished readings, overlap by the lag, and never run ahead of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.http import since
from connectors.http.since import Since
from hub.core.errors import SourceRefused, SourceUnavailable, SpecError
from tests.connectors.http.conftest import OpenHttp, Reader, cases, numbers
from tests.services import rest

FORM = "%Y-%m-%d %H:%M:%S"
NEW = {"param": "since", "field": "at", "format": FORM, "lag": "10s", "until": "until"}
PAGED = {"path": "/cases", "rows": "rows", "total": "total", "paging": {"by": "page"}}


@pytest.fixture
def rows(service: rest.Service) -> list[dict[str, Any]]:
    """100 rows of a second each; the service reads them anew with each request."""
    held = cases(100)
    service.routes["/cases"] = rest.since(held, "at", 15)
    return held


@pytest.fixture
def reader(open_http: OpenHttp, rows: list[dict[str, Any]]) -> Reader:
    return open_http(**PAGED, since=NEW)


def test_a_second_reading_overlaps_by_the_lag(
    reader: Reader, service: rest.Service, rows: list[dict[str, Any]]
) -> None:
    assert len(reader.read()) == 100
    assert reader.cursor == {"position": "2012-03-01T08:01:39+08:00"}
    late = {"no": "late", "name": "", "at": "2012-03-01 08:01:30"}
    rows += [late, {"no": "new", "name": "", "at": "2012-03-01 08:02:00"}]
    asked = len(service.heard)
    read = numbers(reader.read())
    assert service.heard[asked].params["since"] == "2012-03-01 08:01:29"
    assert {"late", "new"} < set(read)
    assert len(read) == 13
    assert reader.cursor == {"position": "2012-03-01T08:02:00+08:00"}


def test_an_interrupted_reading_does_not_move_the_position(
    reader: Reader, service: rest.Service
) -> None:
    service.faults += [rest.since(cases(100), "at", 15)(_heard(1)), *[rest.Reply(status=500)] * 5]
    with pytest.raises(SourceUnavailable):
        reader.read()
    assert reader.cursor is not None
    assert "position" not in reader.cursor
    assert reader.cursor["page"] == 1
    again = reader.read()
    assert len(again) == 100
    assert reader.cursor == {"position": "2012-03-01T08:01:39+08:00"}


def _heard(page: int) -> rest.Heard:
    return rest.Heard("GET", "/cases", {"page": str(page)}, {}, b"")


def test_times_in_the_future_and_none_do_not_count(
    reader: Reader, rows: list[dict[str, Any]]
) -> None:
    rows += [
        {"no": "typo", "name": "", "at": "2912-03-01 08:00:00"}, {"no": "none", "name": "", "at": None},
    ]  # fmt: skip
    assert len(reader.read()) == 102
    assert reader.cursor == {"position": "2012-03-01T08:01:39+08:00"}


def test_a_position_of_another_form_is_refused_after_all_rows(
    open_http: OpenHttp, rows: list[dict[str, Any]]
) -> None:
    reader = open_http(**PAGED, since=NEW | {"format": "epoch_ms"})
    with pytest.raises(SourceRefused, match="no at is of the form epoch_ms"):
        reader.read()
    assert reader.cursor == {}
    other = open_http(**PAGED, since=NEW | {"field": "when"})
    with pytest.raises(SourceRefused, match="have no when"):
        other.read()


def test_a_range_never_moves_the_position(reader: Reader, service: rest.Service) -> None:
    low, high = "2012-03-01 08:00:10", "2012-03-01T08:00:20"
    batches = list(reader.connector.read_range("cases", low, high))
    assert [row["no"] for batch in batches for row in batch.table.to_pylist()] == [
        f"A{at:05}" for at in range(10, 20)
    ]
    assert {str(batch.cursor) for batch in batches} == {"{}"}
    assert service.heard[0].params["until"] == "2012-03-01 08:00:20"
    assert sum(b.table.num_rows for b in reader.connector.read_range("cases", None, None)) == 100
    with pytest.raises(SpecError, match="'soon' is no"):
        list(reader.connector.read_range("cases", "soon", None))


def test_a_range_needs_a_field(open_http: OpenHttp) -> None:
    with pytest.raises(SpecError, match="no 'since'"):
        list(open_http(**PAGED).connector.read_range("cases", None, None))


def test_a_sweep_reads_everything(reader: Reader) -> None:
    reader.read()
    assert sum(batch.table.num_rows for batch in reader.connector.read_whole("cases")) == 100


@pytest.mark.parametrize(
    ("form", "text", "moved"),
    [
        ("iso", "2012-03-01T08:00:00Z", "2012-03-01T15:50:00+08:00"),
        ("iso", "2012-03-01T08:00:00", "2012-03-01T07:50:00+08:00"),
        ("%Y%m%d", "20120301", "20120229"),
        ("epoch_s", "1330560000", "1330559400"),
        ("epoch_ms", "1330560000123", "1330559400123"),
    ],
)
def test_forms(form: str, text: str, moved: str) -> None:
    rule = Since(param="s", field="f", format=form, lag="10m")
    position = since.parsed(text, form)
    assert position is not None
    assert since.written(since.start(position, rule), form) == moved


def test_numbers_and_bounds() -> None:
    rule = Since(param="s", field="f", format="number", lag=1000)  # type: ignore[arg-type]
    assert since.start(12345678901234567890, rule) == 12345678901234566890
    first = datetime(1, 1, 1, tzinfo=UTC)
    assert since.start(first, Since(param="s", field="f", lag="9d")) >= first
    for text in ("", "x", "9" * 400, "2012-13-01", None):
        assert text is None or since.parsed(text, "iso") is None


@settings(max_examples=200, deadline=None)
@given(
    st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001
    st.integers(0, 10**6), st.sampled_from(["iso", "%Y-%m-%d %H:%M:%S.%f%z", "epoch_s", "epoch_ms", "%Y-%m-%d"]),
)  # fmt: skip
def test_what_is_asked_for_never_lies_above_the_position_less_its_lag(
    local: datetime, lag: int, form: str
) -> None:
    """Whatever a form cuts off, it cuts downwards; and a saved position is the position."""
    position = local.replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    rule = Since(param="s", field="f", format=form, lag=f"{lag}s")
    assert since.restored(since.saved(position), form) == position
    asked = since.parsed(since.written(since.start(position, rule), form), form)
    assert isinstance(asked, datetime)
    assert asked <= position - timedelta(seconds=lag)
