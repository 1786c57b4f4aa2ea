"""`words.yml`: a word for every reason code, and an order of consequences."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.core.codelists import codelists
from hub.core.errors import SpecError
from quality.certificate import FATES
from quality.department_report import priorities
from quality.department_report.content import Action
from quality.department_report.wording import WORDS, words


def test_every_reason_and_fate_has_words() -> None:
    said = words()
    assert set(codelists()["reason"]) <= set(said.reasons)
    assert set(FATES) <= set(said.fates)


def test_a_reason_without_words_is_an_error_with_its_line(tmp_path: Path) -> None:
    copy = tmp_path / "words.yml"
    copy.write_text(WORDS.read_text("utf-8").replace("  drift:\n", "  drifted:\n"), "utf-8")
    with pytest.raises(SpecError, match="'drift' has no words") as error:
        words(copy)
    assert error.value.line


def test_an_unknown_consequence_is_an_error(tmp_path: Path) -> None:
    copy = tmp_path / "words.yml"
    text = WORDS.read_text("utf-8").replace("consequence: wrong", "consequence: grave")
    copy.write_text(text, "utf-8")
    with pytest.raises(SpecError, match="no consequence 'grave'"):
        words(copy)


def test_graver_consequences_come_before_more_rows() -> None:
    said = words()
    ordered = list(said.consequences)
    actions = [
        Action("a", ordered[-1], "department", 900, "z", ""),
        Action("b", ordered[1], "department", 3, "y", ""),
        Action("c", ordered[1], "department", 8, "x", ""),
        Action("d", ordered[0], "department", 0, "w", ""),
    ]
    assert [action.kind for action in priorities.rank(said, actions)] == ["d", "c", "b", "a"]


@pytest.mark.parametrize(
    ("hours", "said"), [(0, "0小时"), (5.4, "5小时"), (24, "1天"), (29, "1天5小时"), (720, "30天")]
)
def test_durations_are_said_as_people_say_them(hours: float, said: str) -> None:
    assert priorities.duration(hours) == said
