"""The simulation's labels are exactly what the rules of single cases say, by a slow evaluation of every single case."""

from __future__ import annotations

import importlib.util
from collections import Counter
from datetime import datetime
from pathlib import Path
from types import ModuleType

import pytest

import catalogue
from demo import truth
from demo.county import AS_OF, simulate
from demo.model import County
from demo.outlook import RULES

NEED_SIZE = {
    "integrity.batch_closing",
    "integrity.after_hours_approval",
    "platform.volume_drop",
}
"""Baselines and gatherings need cases: these rules are broken from some thousands of cases on."""


def _slow_rules() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "slow_rules", Path(__file__).with_name("slow_rules.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SLOW = _slow_rules()


def disagreements(county: County) -> list[str]:
    known = catalogue.load()
    found = []
    for cases in county.cases.values():
        for case in cases:
            verdicts = SLOW.judge(case, known, county.as_of)
            broken = {rule for rule, violated in verdicts.items() if violated}
            if broken != case.violations:
                found.append(
                    f"{case.case_no}: {sorted(case.violations)}, rules say {sorted(broken)}"
                )
    for items in county.publications.values():
        for item in items:
            late = SLOW.published_late(item, known, county.as_of)
            incomplete = SLOW.fields_incomplete(item, known)
            broken = {"disclosure.published_late"} if late else set()
            broken |= {"disclosure.fields_incomplete"} if incomplete else set()
            if broken != item.violations:
                found.append(f"{item.source_no}: {sorted(item.violations)}")
    return found


@pytest.mark.parametrize(
    ("cases", "seed", "as_of"),
    [
        (5000, 360121, AS_OF),
        (500, 1, AS_OF),
        (1500, 2, AS_OF),
        (1500, 3, datetime.fromisoformat("2012-10-06T12:00:00")),  # in a holiday, just after the repeal
        (1500, 4, datetime.fromisoformat("2012-07-16T10:15:00")),  # in the middle of a working day
        (600, 5, datetime.fromisoformat("2012-03-31T23:59:59")),  # a make-up Saturday
    ],
)  # fmt: skip
def test_labels_are_what_the_rules_say(cases: int, seed: int, as_of: datetime) -> None:
    assert disagreements(simulate(cases, seed, as_of)) == []


@pytest.mark.parametrize(("cases", "seed"), [(500, 1), (500, 7), (5000, 360121)])
def test_every_rule_is_broken_at_any_size(cases: int, seed: int) -> None:
    counts = {rule: len(found) for rule, found in truth.violations(simulate(cases, seed)).items()}
    assert set(counts) == set(RULES)
    assert not {rule for rule, count in counts.items() if count == 0} - NEED_SIZE


def test_every_rule_is_sometimes_not_evaluable_where_it_can_be() -> None:
    known = catalogue.load()
    county = simulate(5000)
    unknown: Counter[tuple[str, str]] = Counter()
    for department, cases in county.cases.items():
        for case in cases:
            for rule, violated in SLOW.judge(case, known, county.as_of).items():
                if violated is None:
                    unknown[rule, department] += 1
    assert unknown["completeness.material_missing", "land_resources"] > 400
    assert unknown["completeness.material_missing", "housing"] > 0
    for department in ("civil_affairs", "housing"):
        assert unknown["timeliness.overdue_promised", department] > 0
        assert unknown["procedure.work_before_acceptance", department] > 0
    for rule in ("procedure.step_skipped", "procedure.step_out_of_order"):
        assert any(unknown[rule, department] for department in county.cases)
