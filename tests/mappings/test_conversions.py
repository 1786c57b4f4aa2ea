"""The named conversions: what each takes, what each refuses, and that none of them ever raises."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.entities import ENTITIES, POLARS_TYPES
from mappings.conversions import CONVERSIONS, FALSE_FORMS, TRUE_FORMS, default_conversion
from mappings.forms import FULL_WIDTH, half_width

ANYTHING = st.none() | st.text(max_size=30) | st.from_regex(r"[-+¥￥]?[0-9.,eE元年月日:/ ]{0,20}")


def parsed(name: str, values: list[object], dtype: object = pl.String) -> list[object]:
    frame = pl.DataFrame({"value": pl.Series(values, dtype=dtype)})  # type: ignore[arg-type]
    return (
        frame.select(CONVERSIONS[name].parse(pl.col("value"), frame.schema["value"]))
        .to_series()
        .to_list()
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(ANYTHING, max_size=6))
def test_no_conversion_raises_on_any_text(texts: list[str | None]) -> None:
    frame = pl.DataFrame({"value": pl.Series(texts, dtype=pl.String)})
    for conversion in CONVERSIONS.values():
        read = frame.select(conversion.parse(pl.col("value"), pl.String()).alias("value"))
        finished = read.select(conversion.finish(pl.col("value"))) if conversion.finish else read
        assert finished.to_series().dtype == POLARS_TYPES[conversion.kind]
        assert finished.height == len(texts)
        blank = [text is None for text in texts]
        assert (
            not finished.filter(pl.Series(blank, dtype=pl.Boolean)).to_series().is_not_null().any()
        )


@pytest.mark.parametrize(
    "dtype", [pl.Int64, pl.Float64, pl.Boolean, pl.Decimal(20, 3), pl.Date, pl.Datetime("ns"), pl.Time, pl.Null],
)  # fmt: skip
def test_no_conversion_raises_on_native_columns(dtype: pl.DataType) -> None:
    frame = pl.DataFrame({"value": pl.Series([None], dtype=dtype)})
    for conversion in CONVERSIONS.values():
        read = frame.select(conversion.parse(pl.col("value"), frame.schema["value"]))
        assert read.to_series().to_list() == [None]


@settings(max_examples=25, deadline=None)
@given(st.integers(-(10**13), 10**13))
def test_every_written_form_of_an_amount_is_the_same_money(cents: int) -> None:
    amount = Decimal(cents) / 100
    plain = f"{amount:.2f}"
    forms = [plain, f"{amount:,.2f}", f"¥{plain}", f"￥{plain}", f"{plain}元", f"{plain}00"]
    forms += [form.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789.,-"}) for form in forms]
    assert set(parsed("money", list(forms))) == {amount}
    assert parsed("money", [float(plain)], pl.Float64) == [amount]
    assert parsed("money", [amount], pl.Decimal(20, 2)) == [amount]


@pytest.mark.parametrize(
    "text", ["9.005", "1e3", "12,34", "1,2345", "九元", "9元5", "-", ".", "9.", "1 000", "0x9", "万", "1" * 17],
)  # fmt: skip
def test_what_is_no_amount_is_null_and_never_rounded(text: str) -> None:
    assert parsed("money", [text]) == [None]


def test_numbers_and_integers() -> None:
    assert parsed("number", ["1.2345", "1.23456", "2"]) == [Decimal("1.2345"), None, Decimal(2)]
    assert parsed("integer", ["7", "007", "1.0", "1.5", "1,000", "9" * 19]) == [7, 7, 1, None, 1000, None]  # fmt: skip
    assert parsed("integer", [7.0, 7.5, float("nan")], pl.Float64) == [7, None, None]
    assert parsed("money", [0.1 + 0.2, 9.005], pl.Float64) == [Decimal("0.30"), None]


def test_booleans_are_a_closed_list() -> None:
    assert set(parsed("boolean", list(TRUE_FORMS))) == {True}
    assert set(parsed("boolean", list(FALSE_FORMS))) == {False}
    assert parsed("boolean", ["Ｙ", "yes", "也许", "x", "2"]) == [True, True, None, None, None]
    assert parsed("boolean", [1, 0, 2], pl.Int64) == [True, False, None]


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=40))
def test_half_width_changes_full_width_forms_and_nothing_else(text: str) -> None:
    got = pl.select(half_width(pl.lit(text))).item()
    assert len(got) == len(text)
    assert all(new == old or old in FULL_WIDTH for new, old in zip(got, text, strict=True))


def test_half_width_spares_what_nfkc_would_spoil() -> None:
    text = "洪府发〔2012〕12号①㎡…“某某”﨑，Ａ－１　号"
    assert parsed("halfwidth", [text]) == ["洪府发〔2012〕12号①㎡…“某某”﨑,A-1 号"]
    assert parsed("code", ["　ａｂ－１"]) == ["AB-1"]


def test_free_text_hides_numbers_of_people() -> None:
    made_up = ["身份证360121198001011234，电话13800138000", "旧证360121800101123"]
    assert parsed("free_text", list(made_up)) == ["身份证■■■，电话■■■", "旧证■■■"]


def test_native_values_as_text() -> None:
    assert parsed("text", [1.0, 2.5, 3.6e17], pl.Float64) == ["1", "2.5", "3.6e+17"]
    assert parsed("text", [Decimal("12.500"), Decimal("12.000")], pl.Decimal(10, 3)) == ["12.5", "12"]  # fmt: skip


def test_default_conversions_follow_kind_and_name() -> None:
    case, event, fee = ENTITIES["case"], ENTITIES["event"], ENTITIES["fee"]
    assert default_conversion(case.column("title")) == "free_text"
    assert default_conversion(case.column("source_item_code")) == "halfwidth"
    assert default_conversion(case.column("document_no")) == "halfwidth"
    assert default_conversion(case.column("unit")) == "free_text"
    assert default_conversion(ENTITIES["disclosure"].column("url")) == "text"
    assert default_conversion(case.column("applied_at")) == "timestamp"
    assert default_conversion(event.column("event_no")) == "integer"
    assert default_conversion(fee.column("amount")) == "money"
