"""What bytes say of their charset, and how far that can be trusted."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.evidence import LIKELY, charset_of

TEXT = "南昌县民政局申请城乡医疗救助审批的时间和办理结果都在这里"
HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=4, max_size=40)


def test_ascii_says_nothing() -> None:
    assert charset_of([b"A1", b""]).charset is None
    assert charset_of([]).charset is None


def test_chinese_text_in_both_charsets() -> None:
    assert charset_of([TEXT.encode("utf-8")]).charset == "utf-8"
    found = charset_of([TEXT.encode("gb18030")])
    assert found.charset == "gb18030"
    assert "很可能" in found.why


def test_big5_decodes_as_gb18030_and_is_doubtful() -> None:
    found = charset_of(["申請書審批時間與辦理結果皆在此處備查".encode("big5")])
    assert found.charset in ("gb18030", None)
    assert "很可能" not in found.why


def test_bytes_of_no_such_charset() -> None:
    found = charset_of([b"\xff\xff\xfe"])
    assert found.charset is None
    assert "问来源方" in found.why


@given(HAN, st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_utf8_is_known_even_when_a_sample_ends_inside_a_character(text: str, cut: int) -> None:
    data = text.encode("utf-8")
    assert charset_of([data[: len(data) - cut]]).charset == "utf-8"


def test_the_share_of_common_characters_parts_right_from_wrong() -> None:
    assert 0.5 < LIKELY < 1
