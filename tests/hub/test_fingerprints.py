"""Identifiers: the same everywhere, and near each other for numbers that follow each other."""

from __future__ import annotations

import uuid

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from hub.core.batches import SRC
from hub.core.fingerprints import case_id, record_hashes, uuid_of

NUMBERS = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=30)


def ids(numbers: list[str], department: str = "housing") -> list[str]:
    return pl.DataFrame({"no": numbers}).select(case_id(department, pl.col("no"))).to_series().to_list()  # fmt: skip


@given(NUMBERS)
def test_an_id_is_a_function_of_department_and_number(numbers: list[str]) -> None:
    found = ids(numbers)
    assert found == [ids([number])[0] for number in numbers]
    assert len(set(found)) == len(set(numbers))
    assert not set(found) & set(ids(numbers, "civil_affairs"))
    assert all(uuid.UUID(each).version == 8 and str(uuid.UUID(each)) == each for each in found)


def test_numbers_that_follow_each_other_have_neighbouring_ids() -> None:
    found = ids([f"XK2012{number:06d}" for number in range(5_000)])
    assert len({each[:13] for each in found}) == 5
    assert len({each[14:] for each in found}) == 5_000


def test_a_missing_part_makes_no_id() -> None:
    frame = pl.DataFrame({"no": ["1", None]}).select(
        case=case_id("housing", pl.col("no")), other=uuid_of(pl.lit("x"), pl.col("no"))
    )
    assert frame["case"].null_count() == frame["other"].null_count() == 1


def test_a_record_hashes_alike_in_any_order_of_its_rows() -> None:
    def event(src: int, number: int, name: str | None) -> dict[str, object]:
        return {SRC: src, "event_no": number, "step_name": name}

    def hashes(*rows: dict[str, object]) -> dict[int, str]:
        frame = pl.DataFrame(rows, {SRC: pl.Int64, "event_no": pl.Int64, "step_name": pl.String})
        return dict(record_hashes({"event": frame}).iter_rows())

    one = hashes(event(0, 1, "a"), event(0, 2, None), event(1, 1, ""))
    assert one == hashes(event(1, 1, ""), event(0, 2, None), event(0, 1, "a"))
    assert one[1] != hashes(event(1, 1, None))[1]  # an empty text is not an absent one
    assert one[0] != hashes(event(0, 2, "a"), event(0, 1, None))[0]
    assert hashes(event(1, 1, ""))[1] == one[1]
