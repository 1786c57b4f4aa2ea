"""Working ahead: order, failure, an early end, and never more than one item ahead."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import closing

import pytest

from hub.core.ahead import ahead


def test_items_come_in_their_order_from_another_thread() -> None:
    made_by: set[int] = set()

    def numbers() -> Generator[int]:
        for number in range(100):
            made_by.add(threading.get_ident())
            yield number

    assert list(ahead(numbers())) == list(range(100))
    assert threading.get_ident() not in made_by


def test_one_item_is_made_ahead_and_no_more() -> None:
    started, made = [threading.Event() for _ in range(4)], []

    def numbers() -> Generator[int]:
        for number in range(4):
            made.append(number)
            started[number].set()
            yield number

    with closing(ahead(numbers())) as items:
        assert next(items) == 0
        assert started[1].wait(10)  # made while the caller works on the first
        assert next(items) == 1
        assert started[2].wait(10)
        assert made == [0, 1, 2]


def test_a_failure_comes_in_its_place() -> None:
    def numbers() -> Generator[int]:
        yield 1
        raise ValueError("the source is gone")

    items = ahead(numbers())
    assert next(items) == 1
    with pytest.raises(ValueError, match="the source is gone"):
        next(items)
    assert list(items) == []


def test_whoever_stops_early_ends_the_work_in_its_own_thread() -> None:
    ended: list[int] = []

    def numbers() -> Generator[int]:
        try:
            yield from range(1_000_000)
        finally:
            ended.append(threading.get_ident())

    before = threading.active_count()
    with closing(ahead(numbers())) as items:
        assert next(items) == 0
    assert len(ended) == 1
    assert ended[0] != threading.get_ident()
    assert threading.active_count() == before


def test_stages_in_a_row_end_together() -> None:
    """A failure at the end of the row closes every stage before it."""
    ended = []

    def read() -> Generator[int]:
        try:
            yield from range(1_000_000)
        finally:
            ended.append("read")

    def doubled(numbers: Generator[int]) -> Generator[int]:
        try:
            for number in numbers:
                yield 2 * number
        finally:
            ended.append("doubled")

    before = threading.active_count()
    with (
        pytest.raises(ZeroDivisionError),
        closing(ahead(read())) as numbers,
        closing(ahead(doubled(numbers))) as results,
    ):
        for result in results:
            _ = 1 / (result - 10)
    assert sorted(ended) == ["doubled", "read"]
    assert threading.active_count() == before
