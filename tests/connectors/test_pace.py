"""The agreed load: rates, windows, the switch."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.pace import Pace, within
from hub.core.batches import CHUNK_ROWS
from hub.core.errors import SourceClosed
from hub.core.specs import Protection


class Clock:
    """A clock that only sleeping and working move."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def paced(clock: Clock, **protection: object) -> Pace:
    return Pace(Protection(**protection), clock=clock, sleep=clock.sleep)  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.integers(0, 5_000), st.floats(0, 3)), min_size=1, max_size=20))
def test_the_mean_rate_is_never_above_the_agreed_one(queries: list[tuple[int, float]]) -> None:
    clock = Clock()
    pace = paced(clock, rows_per_second=100, bytes_per_second=2_000)
    taken = 0
    for rows, busy in queries:
        pace.wait()
        assert taken <= 100 * clock.at + 1e-6
        clock.sleep(busy)
        pace.took(rows, rows * 10)
        taken += rows
    assert pace.load.rows == taken


def test_chunks_follow_the_width_of_rows() -> None:
    pace = paced(Clock(), bytes_per_second=1_000)
    assert pace.chunk_rows == 1_000
    pace.took(100, 100_000)
    assert pace.chunk_rows == 10
    assert paced(Clock()).chunk_rows == CHUNK_ROWS


@pytest.mark.parametrize(
    ("window", "hour", "open_"),
    [("22:00-06:00", 23, True), ("22:00-06:00", 5, True), ("22:00-06:00", 6, False),
     ("12:00-14:00", 12, True), ("12:00-14:00", 14, False)],
)  # fmt: skip
def test_windows_may_pass_midnight(window: str, hour: int, open_: bool) -> None:
    assert within([window], datetime(2012, 3, 1, hour)) is open_  # noqa: DTZ001 (local time of the source)


def test_outside_its_windows_a_source_is_closed() -> None:
    protection = Protection(windows=("22:00-06:00",))
    pace = Pace(protection, now=lambda: datetime(2012, 3, 1, 12))  # noqa: DTZ001
    with pytest.raises(SourceClosed, match="22:00-06:00"):
        pace.wait()


def test_the_switch_is_asked_before_every_query() -> None:
    pace = paced(Clock())
    pace.wait()
    pace.stopped = lambda: "moved"
    with pytest.raises(SourceClosed, match="moved"):
        pace.wait()
