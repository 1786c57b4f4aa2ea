"""Identity numbers against slow, obvious references. All numbers are made up by the tests or published examples."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.identity import examine

CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BIRTHS = st.dates(date(1900, 1, 1), date(1999, 12, 31))


def resident_check(body: str) -> str:
    """GB 11643, by powers of two modulo 11 instead of the printed weights."""
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(body))
    return "10X98765432"[total % 11]


def organisation_check(body: str) -> str:
    """GB 11714."""
    total = 0
    for character, weight in zip(body, [3, 7, 9, 10, 5, 8, 4, 2], strict=True):
        total += LETTERS.index(character) * weight
    check = 11 - total % 11
    return {10: "X", 11: "0"}.get(check, str(check))


def credit_check(body: str) -> str:
    """GB 32100, by powers of three modulo 31."""
    total = sum(CREDIT.index(character) * (3**place % 31) for place, character in enumerate(body))
    return CREDIT[(31 - total % 31) % 31]


def register_check(body: str) -> str:
    """ISO 7064 MOD 11,10: the digit for which the procedure ends in 1."""
    for digit in "0123456789":
        carry = 10
        for character in body:
            total = (carry + int(character)) % 10 or 10
            carry = total * 2 % 11
        if (carry + int(digit)) % 10 == 1:
            return digit
    raise AssertionError(body)


def look(*numbers: str | None, kind: str | None = None) -> list[tuple[str | None, str, str | None]]:
    frame = examine(
        pl.Series(numbers, dtype=pl.String), pl.Series([kind] * len(numbers), dtype=pl.String)
    )
    return frame.rows()


def states(*numbers: str | None, kind: str | None = None) -> list[str]:
    return [state for _, state, _ in look(*numbers, kind=kind)]


@settings(max_examples=25, deadline=None)
@given(st.integers(110000, 659999), BIRTHS, st.integers(0, 999))
def test_resident_numbers(region: int, born: date, serial: int) -> None:
    body = f"{region}{born:%Y%m%d}{serial:03}"
    right = resident_check(body)
    all_checks = [body + check for check in "0123456789X"]
    expected = ["valid" if number[-1] == right else "invalid" for number in all_checks]
    assert states(*all_checks, kind="person") == expected


@settings(max_examples=25, deadline=None)
@given(st.integers(110000, 659999), BIRTHS, st.integers(0, 999))
def test_fifteen_digits_become_the_same_person(region: int, born: date, serial: int) -> None:
    body = f"{region}{born:%Y%m%d}{serial:03}"
    full, old = body + resident_check(body), body[:6] + body[8:]
    spaced = f" {full[:6]} {full[6:14]} {full[14:].lower()}"
    wide = full.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789X"})
    for kind in ("person", None):
        assert set(look(full, old, spaced, wide, f"'{full}", kind=kind)) == {(full, "valid", None)}


@settings(max_examples=25, deadline=None)
@given(st.text(LETTERS, min_size=8, max_size=8))
def test_organisation_codes(body: str) -> None:
    right = organisation_check(body)
    codes = [body + check for check in "0123456789X"]
    assert states(*codes) == ["valid" if code[-1] == right else "invalid" for code in codes]
    assert look(f"{body}-{right}", kind="enterprise") == [(body + right, "valid", None)]


@settings(max_examples=25, deadline=None)
@given(st.text(CREDIT, min_size=2, max_size=2), st.integers(100000, 999999), st.text(CREDIT, min_size=9, max_size=9))  # fmt: skip
def test_unified_social_credit_codes(first: str, region: int, middle: str) -> None:
    body = f"{first}{region}{middle}"
    right = credit_check(body)
    codes = [body + check for check in CREDIT]
    expected = ["valid" if code[-1] == right else "invalid" for code in codes]
    assert states(*codes, kind="enterprise") == expected


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**14 - 1))
def test_register_numbers(serial: int) -> None:
    body = f"{serial:014}"
    right = register_check(body)
    numbers = [body + digit for digit in "0123456789"]
    expected = ["valid" if number[-1] == right else "invalid" for number in numbers]
    assert states(*numbers, kind="enterprise") == expected


def test_published_examples() -> None:
    published = ("91110108551385082Q", "91350100M000100Y43", "11440232MB2D06811W")
    assert states(*published, *(code[8:17] for code in published)) == ["valid"] * 6
    assert states("91110108551385082R", "551385083") == ["invalid", "invalid"]


def test_a_birth_date_must_exist() -> None:
    body = "36012119800230001"
    assert states(body + resident_check(body), "360121800230001", kind="person") == ["invalid"] * 2


def test_the_kind_decides_between_forms_that_look_alike() -> None:
    body = "3601210000000"  # no birth date at these places, so only a register number can be valid
    number = body + "1" + register_check(body + "1")
    assert states(number, kind="enterprise") == ["valid"]
    assert states(number, kind="person") == ["invalid"]
    assert states("91110108551385082Q", kind="person") == ["invalid"]


@pytest.mark.parametrize(
    "text", ["3.60121E+17", "3.60121198001011E+17", "3.6e17", "４．２Ｅ＋１４", "3E+17"]
)
def test_scientific_notation_has_lost_its_digits(text: str) -> None:
    assert [reason for _, _, reason in look(text)] == ["identity_digits_lost"]


@pytest.mark.parametrize("text", ["张三", "3601211980", "36012119800101123", "3601211980010112345", "无证", "-", "E+17"])  # fmt: skip
def test_what_has_no_known_form_is_refused(text: str) -> None:
    assert look(text)[0][1:] == ("invalid", "bad_identity")


def test_absent_is_a_state_of_its_own() -> None:
    assert look(None, "", "　") == [(None, "absent", None)] * 3


@settings(max_examples=25, deadline=None)
@given(st.lists(st.none() | st.text(max_size=20), max_size=5), st.sampled_from(["person", "other", None]))  # fmt: skip
def test_examine_never_raises(numbers: list[str | None], kind: str | None) -> None:
    frame = examine(
        pl.Series(numbers, dtype=pl.String), pl.Series([kind] * len(numbers), dtype=pl.String)
    )
    assert frame.height == len(numbers)
    assert frame["state"].is_in(["valid", "invalid", "absent"]).all()
