"""Unified codes: what is parsed is written back; what is not a code is refused with its reason."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue import codes
from hub.core.errors import SpecError

TYPES = sorted(codes.schemes().schemes["guide_2011"].types)
DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
VALID = st.builds(
    "{}{}-{}-{}".format,
    st.text(DIGITS, min_size=8, max_size=8),
    st.text(LETTERS, min_size=2, max_size=2),
    st.sampled_from(TYPES),
    st.text(DIGITS, min_size=4, max_size=4),
)


def test_the_guides_own_example() -> None:
    code = codes.parse("62052400MZ-XK-0001")
    assert code == codes.Code("guide_2011", "62052400", "MZ", "XK", "0001")
    assert (code.body, code.short) == ("62052400MZ", "MZ-XK-0001")
    with pytest.raises(dataclasses.FrozenInstanceError):
        code.serial = "0002"  # type: ignore[misc]


@settings(max_examples=60)
@given(VALID)
def test_what_is_parsed_is_written_back(text: str) -> None:
    assert codes.format(codes.parse(text)) == text


@settings(max_examples=100)
@given(VALID, st.data())
def test_mutated_codes_are_refused(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    strange = data.draw(st.sampled_from([*"０一٣ａ _/.:\n\t", "", "--", text[at] * 2]))
    mutated = text[:at] + strange + text[at + 1 :]
    with pytest.raises(codes.CodeError):
        codes.parse(mutated)


@settings(max_examples=40)
@given(
    VALID,
    st.sampled_from([(0, 8, LETTERS), (8, 10, DIGITS), (11, 13, DIGITS), (14, 18, LETTERS)]),
    st.data(),
)
def test_letters_and_digits_do_not_change_places(
    text: str, part: tuple[int, int, str], data: st.DataObject
) -> None:
    start, end, alphabet = part
    at = data.draw(st.integers(start, end - 1))
    with pytest.raises(codes.CodeError):
        codes.parse(text[:at] + data.draw(st.sampled_from(alphabet)) + text[at + 1 :])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("36012100GT-XK-0001\n", "blanks around"),
        ("36012100GT-XK-０００1", "other than ASCII"),
        ("36012100gt-xk-0001", "small letters"),
        ("360121GT-XK-0001", "does not have the form {region}{initials}-{type}-{serial}"),
        ("36012100GT-XX-0001", "type 'XX' is unknown; known: XK, FX"),
        ("", "does not have the form"),
    ],
)
def test_the_message_says_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(codes.CodeError) as caught:
        codes.parse(text)
    assert reason in str(caught.value)


SCHEMES = """
default: guizhou
schemes:
  guizhou:
    title: 省 6 位区划的编码
    pattern: '(?P<type>[0-9]{2})(?P<region>[0-9]{6})\\.(?P<initials>[A-Z]{3})(?P<serial>[0-9]{5})'
    template: '{type}{region}.{initials}{serial}'
    region_length: 6
    types:
      "01": {zh: 行政许可, en: licence}
"""


def test_a_scheme_is_configuration(tmp_path: Path) -> None:
    (tmp_path / "schemes.yml").write_text(SCHEMES, "utf-8")
    code = codes.parse("01520123.MZJ00017", root=tmp_path)
    assert (code.type, code.region, code.body) == ("01", "520123", "520123MZJ")
    assert codes.format(code, root=tmp_path) == "01520123.MZJ00017"
    with pytest.raises(codes.CodeError, match="no scheme 'guide_2011'; known: guizhou"):
        codes.parse("36012100GT-XK-0001", "guide_2011", root=tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("default: guizhou", "default: jiangxi", "not among the schemes"),
        ("(?P<serial>[0-9]{5})", "[0-9]{5}", "names no group serial"),
        ("(?P<serial>[0-9]{5})", "(?P<serial>[0-9]{5}", "no regular expression"),
        ("{initials}{serial}'", "{initials}'", "must write initials, region, serial, type"),
    ],
)
def test_a_broken_scheme_names_its_line(tmp_path: Path, old: str, new: str, reason: str) -> None:
    path = tmp_path / "schemes.yml"
    text = SCHEMES.replace(old, new)
    path.write_text(text, "utf-8")
    with pytest.raises(SpecError) as caught:
        codes.schemes(tmp_path)
    wanted = next(n for n, line in enumerate(text.splitlines(), 1) if new in line)
    assert reason in str(caught.value)
    assert (caught.value.file, caught.value.line) == (path, wanted)
