"""National codes: what is parsed is written back, a wrong part is named, and the crosswalk contradicts nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import catalogue
from catalogue import national
from catalogue.codes import CodeError
from catalogue.explanation import explain
from hub.core.credit_codes import ALPHABET

TASK = "11440232MB2D06811W4000117051000"
DIGITS = "0123456789"


def credit_code(body: str) -> str:
    """GB 32100, by powers of three modulo 31."""
    total = sum(ALPHABET.index(character) * (3**place % 31) for place, character in enumerate(body))
    return body + ALPHABET[(31 - total % 31) % 31]


BODIES = st.builds(
    lambda region, rest: credit_code(f"11{region}{rest}"),
    st.text(DIGITS, min_size=6, max_size=6),
    st.text(ALPHABET, min_size=9, max_size=9),
)
BASICS = st.builds(
    "{}{}{}".format,
    st.text(DIGITS, min_size=2, max_size=2),
    st.sampled_from(sorted(national.national().lists["item_type"])),
    st.text(DIGITS, min_size=8, max_size=8),
)
TASKS = st.builds("{}{}{}".format, BODIES, st.sampled_from("1234567"), BASICS)


def test_the_published_sample() -> None:
    parts = {part.name: part.text for part in national.parse(TASK, "national_task")}
    assert parts == {
        "body": "11440232MB2D06811W", "level": "4", "province": "00", "type": "01",
        "department": "17", "item": "051", "subitem": "000",
    }  # fmt: skip
    meanings = {p.name: p.meaning.zh for p in national.parse(TASK, "national_task") if p.meaning}
    assert meanings == {"level": "县级", "type": "行政许可"}
    case = f"{TASK}201801090001"
    assert [scheme for scheme, _ in national.inner(case, "national_case")] == [
        "national_case", "national_task", "national_basic",
    ]  # fmt: skip
    assert [len(code) for _, code in national.inner(case, "national_case")] == [43, 31, 12]


@settings(max_examples=30, deadline=None)
@given(TASKS, st.dates(date(2018, 1, 1), date(2030, 12, 31)), st.text(DIGITS, min_size=4, max_size=4))  # fmt: skip
def test_what_is_parsed_is_written_back(task: str, day: date, serial: str) -> None:
    for scheme, text in (
        ("national_task", task), ("national_basic", task[19:]), ("national_handling", task + serial[:2]),
        ("national_case", f"{task}{day:%Y%m%d}{serial}"),
    ):  # fmt: skip
        parts = {part.name: part.text for part in national.parse(text, scheme)}
        assert national.format(scheme, **parts) == text


@settings(max_examples=40, deadline=None)
@given(TASKS, st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_of_the_body_is_noticed(task: str, at: int, other: str) -> None:
    mutated = task[:at] + other + task[at + 1 :]
    if mutated != task:
        with pytest.raises(CodeError):
            national.parse(mutated, "national_task")


@pytest.mark.parametrize(
    ("text", "scheme", "says"),
    [
        (TASK.replace("W4", "X4"), "national_task", "check character of the social credit code"),
        (TASK.replace("W4", "W9"), "national_task", "level of exercise (行使层级) '9' is none of"),
        (TASK.replace("0001170", "0013170"), "national_task", "type of item (事项类型) '13'"),
        (TASK[:-1], "national_task", "wrong from character 29"),
        (TASK + "0", "national_task", "32 characters, 1 too many"),
        (TASK + "201802300001", "national_case", "'20180230' is no date"),
        ("０00117051000", "national_basic", "wrong from character 1"),
        ("00011705100", "gbt39046_basic", "1 too many"),
        (TASK, "gbt39046_task", "7 too many"),
        ("1", "national", "no scheme 'national'"),
    ],
)
def test_the_wrong_part_is_named(text: str, scheme: str, says: str) -> None:
    with pytest.raises(CodeError) as caught:
        national.parse(text, scheme)
    assert says in str(caught.value)


def test_a_code_is_written_only_from_all_its_parts() -> None:
    with pytest.raises(CodeError, match="has the parts province, type"):
        national.format("national_basic", province="00", type="01")


CROSSWALK = {
    "unknown power": ("FC-XK-0001,2019", "FC-XK-0099,2019", "FC-XK-0099 is not in the catalogue"),
    "malformed": ("360117001000", "36011700100", "wrong from character 10"),
    "unknown scheme": ("national_basic,360117001000", "basic,360117001000", "no scheme 'basic'"),
    "another type": ("360117001000", "360217001000", "type 02 of the code is not that of"),
    "another level": ("23J4360511001000", "23J3360511001000", "level 3 of the code is not that of"),
    "check character": ("36012123J4", "36012123K4", "check character"),
    "another body": ("11360121Y36012123J4360511001000,36012100MZ-JF-0001", "11360121Y36012115P4360511001000,36012100MZ-JF-0001", "belongs to 36012100GT, not to 36012100MZ"),
    "another power inside": ("11360121Y36012115P4360115001000,36012100GT-XK-0002", "11360121Y36012115P4360115001000,36012100GT-XK-0003", "means 36012100GT-XK-0002 in line 2"),
    "upside down": ("2019-01-01,2020-12-31", "2021-01-01,2020-12-31", "valid_from is after"),
    "no date": ("2019-01-01,2020-12-31", "2019-02-30,2020-12-31", "'2019-02-30' is no date"),
    "twice on one day": ("360117002000,36012100FC-XK-0001,2021-01-01", "360117001000,36012100FC-XK-0001,2020-12-31", "stands here and in line 6 for 2020-12-31"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says"), CROSSWALK.values(), ids=CROSSWALK)
def test_a_wrong_row_of_the_crosswalk_is_named(folder: Path, old: str, new: str, says: str) -> None:
    path = folder / "crosswalk.csv"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    errors = catalogue.check(folder)
    changed = path.read_text("utf-8").splitlines()
    line = next(n for n, row in enumerate(changed, 1) if row not in text.splitlines())
    assert [(e.file, e.line) for e in errors if says in e.what] == [(path, line)]


def test_a_catalogue_may_have_no_crosswalk(folder: Path) -> None:
    (folder / "crosswalk.csv").unlink()
    assert catalogue.check(folder) == []
    assert catalogue.load(folder).frames()["catalogue.crosswalk"].is_empty()


def test_invented_codes_say_so() -> None:
    for entry in catalogue.load().crosswalk:
        assert entry.source is not None
        assert "待核" in entry.source


def test_explaining_a_code() -> None:
    loaded = catalogue.load()
    found, near = explain("36012100GS-XK-0002", loaded)
    assert near == []
    (own,) = [e for e in found if e.scheme == "guide_2011"]
    assert [p.meaning.zh for p in own.parts if p.meaning] == [
        "南昌县", "南昌县工商行政管理局", "行政许可",
    ]  # fmt: skip
    assert own.item == "有限责任公司设立登记"
    assert {entry.scheme for entry in own.entries} == {
        "national_basic", "national_task", "national_handling",
    }  # fmt: skip
    case = "11360121Y3601214X54360131001000201903040001"
    (one,) = [e for e in explain(case, loaded)[0] if e.scheme == "national_case"]
    assert {entry.power_code for entry in one.entries} == {"36012100GS-XK-0002"}
    found, near = explain(TASK.replace("W4", "X4"), loaded)
    assert [one.scheme for one in found] == ["gbt39046_case"]
    assert len(near) == 1
    assert "national_task" in near[0]
    with pytest.raises(CodeError, match="fits no scheme"):
        explain("ａ" * 60, loaded)
