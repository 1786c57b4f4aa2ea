"""A parameter's value for a department: its default, or the override of the department."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from hub.core.errors import SpecError
from supervision import department_value, load_rules, parameters

RULE, NAME = "timeliness.report_late", "report_within"


@pytest.fixture
def overridden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "parameters.csv"
    path.write_text(
        ",".join(parameters.COLUMNS) + "\n"
        f"{RULE},{NAME},,,,36,2012-01-01,2012-06-30\n"
        f"{RULE},{NAME},housing,,,48,2012-03-01,\n"
        f"{RULE},{NAME},land,XK,,99,,\n"
    )
    read = parameters.read_overrides
    monkeypatch.setattr(parameters, "read_overrides", lambda rules: read(rules, path))


@pytest.mark.usefixtures("overridden")
@pytest.mark.parametrize(
    ("department", "on", "value"),
    [
        ("land", date(2012, 7, 1), 24),  # what holds for a type of power is not the department's
        ("land", date(2012, 6, 30), 36),
        ("housing", date(2012, 2, 28), 36),
        ("housing", date(2012, 3, 1), 48),
        ("housing", None, 48),
    ],
)
def test_the_most_specific_override_of_the_day_holds(
    department: str, on: date | None, value: float
) -> None:
    assert department_value(load_rules(), RULE, NAME, department, on) == value


def test_an_unknown_rule_or_parameter_is_an_error() -> None:
    with pytest.raises(SpecError, match="has no parameter"):
        department_value(load_rules(), RULE, "nothing", "housing")
    with pytest.raises(SpecError, match="has no parameter"):
        department_value(load_rules(), "no.rule", NAME, "housing")
