"""Profiles: what is counted, what is recognised, and that nothing of a person is in them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.tables import source_table
from mappings import profiling
from mappings.identity import RESIDENT_CHECKS, RESIDENT_WEIGHTS
from mappings.profiling import FieldProfile, profile

MANY = 1_000_000


def looked_at(values: list[object], kind: pa.DataType | None = None) -> FieldProfile:
    """The profile of one column."""
    return profile([pa.table({"F": pa.array(values, kind)})], MANY).fields["F"]


DATES = st.dates(date(1950, 1, 1), date(2049, 12, 31))
FORMS = st.sampled_from(
    (
        lambda d: d.isoformat(), lambda d: f"{d.year}/{d.month}/{d.day}", lambda d: f"{d:%Y%m%d}",
        lambda d: f"{d.year}年{d.month}月{d.day}日", lambda d: f"{d.year}.{d.month}.{d.day}",
        lambda d: f"{d.isoformat()} 14:30:00", lambda d: f" {d.isoformat()}　",
    )
)  # fmt: skip


@given(st.lists(st.tuples(DATES, FORMS), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_dates_in_every_form_are_times(given_dates: list[tuple[date, object]]) -> None:
    field = looked_at([form(day) for day, form in given_dates])  # type: ignore[operator]
    assert (field.kind, field.fitting) == ("time", len(given_dates))
    assert sum(field.forms.values()) <= field.filled


@st.composite
def identities(draw: st.DrawFn) -> str:
    """Resident identity numbers with the right check character, of nobody."""
    born = draw(st.dates(date(1930, 1, 1), date(2010, 1, 1)))
    body = f"360121{born:%Y%m%d}{draw(st.integers(0, 999)):03d}"
    total = sum(int(d) * w for d, w in zip(body, RESIDENT_WEIGHTS, strict=True))
    return body + RESIDENT_CHECKS[total % 11]


@given(st.lists(identities(), min_size=1, max_size=20))
@settings(max_examples=40, deadline=None)
def test_identity_numbers_are_known_by_their_check_digit_and_never_shown(
    numbers: list[str],
) -> None:
    field = looked_at(numbers)
    assert field.kind == "identity"
    assert field.fitting == len(numbers)
    assert not field.values
    assert not any(number in str(field) for number in numbers)


@given(st.lists(identities(), min_size=4, max_size=20))
@settings(max_examples=20, deadline=None)
def test_numbers_with_wrong_check_digits_are_not_counted_as_right(numbers: list[str]) -> None:
    wrong = [number[:17] + ("0" if number[17] != "0" else "1") for number in numbers]
    # One in thirty-one is a credit code that is right.
    assert len(numbers) <= looked_at(numbers + wrong).fitting < 2 * len(numbers)


@given(st.lists(st.one_of(st.none(), st.text("AB 　", max_size=3)), max_size=40))
@settings(max_examples=60, deadline=None)
def test_counts_are_those_of_the_prepared_values(values: list[str | None]) -> None:
    field = looked_at(values, pa.string())
    prepared = [text for value in values if value and (text := value.strip(" 　"))]
    assert field.filled == len(prepared)
    assert field.distinct == len(set(prepared))
    assert field.longest == max(map(len, prepared), default=None)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60), st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_batches_do_not_matter(values: list[int], cut: int) -> None:
    whole = pa.table({"F": [str(value) for value in values], "G": values})
    parts = [whole.slice(0, cut), whole.slice(cut)]
    one, several = profile([whole], MANY), profile(parts, MANY)
    assert one.fields == several.fields
    assert one.fields["G"].rising == (values == sorted(values) and len(values) > 1)


def test_no_more_rows_than_asked_for_are_looked_at() -> None:
    taken = []

    def batches() -> object:
        for number in range(10):
            taken.append(number)
            yield pa.table({"F": [str(number)] * 10})

    found = profile(batches(), 25)  # type: ignore[arg-type]
    assert found.rows == 25
    assert len(taken) == 3


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["13812345678", "0791-5712345"], "phone"),
        (["1.50", "¥1,200.00", "20元"], "money"),
        (["是", "否", "是"], "boolean"),
        (["1", "0", "1"], "boolean"),
        (["1", "1"], "integer"),
        (["1", "2", "30"], "integer"),
        (["1.5", "2.25", "3.125"], "number"),
        (["40972", "40973"], "integer"),  # not Excel's days, as long as nobody says so
        (["甲", "乙"], "text"),
        ([None, ""], "empty"),
        ([datetime(2012, 3, 5, 14, 30)], "time"),  # noqa: DTZ001
        ([Decimal("1.50"), Decimal("22.25")], "money"),
        ([b"\x01"], "bytes"),
    ],
)
def test_kinds(values: list[object], kind: str) -> None:
    assert looked_at(values).kind == kind


def test_codes_are_listed_and_names_are_not() -> None:
    rows = 40
    table = pa.table(
        {
            "CODE": ["A1", "B2"] * (rows // 2),
            "WORD": ["窗口"] * rows,
            "NAME": ["王秀英", "李建国"] * (rows // 2),
            "MIXED": ["已办结"] * (rows - 1) + ["张志强"],
            "PHONE": ["办结", "13812345678"] * (rows // 2),
            "TITLE": [f"第{number}号申请" for number in range(rows)],
        }
    )
    fields = profile([table], MANY).fields
    assert fields["CODE"].values == {"A1": 20, "B2": 20}
    assert fields["WORD"].values == {"窗口": 40}
    assert fields["MIXED"].values == {"已办结": 39}
    assert not fields["NAME"].values
    assert not fields["TITLE"].values
    assert "13812345678" not in fields["PHONE"].values


def test_rows_that_could_not_be_decoded_are_left_out() -> None:
    table = source_table("f", {"F": ["a", "b"]}, [1, 2], defects={1: ("damaged_row", b"x")})
    found = profile([table], MANY)
    assert (found.rows, found.damaged, found.fields["F"].filled) == (1, 1, 1)
    assert set(found.fields) == {"F"}


def test_a_column_that_only_some_tables_have() -> None:
    found = profile([pa.table({"A": ["1"]}), pa.table({"A": ["2"], "B": ["x"]})], MANY)
    assert (found.fields["B"].rows, found.fields["B"].filled) == (2, 1)
    assert found.hashes.height == 2


# Keys and cursors


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=30))
@settings(max_examples=80, deadline=None)
def test_keys_are_what_is_unique(rows: list[tuple[int, int]]) -> None:
    frame = pl.DataFrame(rows, schema=["A", "B"], orient="row").cast(pl.String)
    keys = profiling.keys_of(profile([frame.to_arrow()], MANY)).keys
    single = [(name,) for name in "AB" if frame[name].n_unique() == frame.height]
    pair = [("A", "B")] if frame.n_unique() == frame.height else []
    assert list(keys) == (single or pair)


def test_nobodys_number_is_a_key_and_a_blank_is_none() -> None:
    numbers = ["11010519491231002X", "360121194002070374"]
    table = pa.table({"ID": numbers, "A": ["1", None], "B": ["1", "2"]})
    assert profiling.keys_of(profile([table], MANY)).keys == (("B",),)


def test_cursors_are_times_and_rising_numbers_without_blanks() -> None:
    table = pa.table(
        {
            "N": [1, 2, 3], "DOWN": [3, 2, 1], "T": ["2012-03-05", "2012-03-01", "2012-03-09"],
            "GAP": ["2012-03-05", None, "2012-03-09"],
        }
    )  # fmt: skip
    keys = profiling.keys_of(profile([table], MANY))
    assert (set(keys.cursors), set(keys.rising)) == ({"N", "T"}, {"N"})
