"""The truth document: complete, small, and readable back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import catalogue
from demo import totals, truth
from demo.county import simulate


@dataclass
class Late:
    department: str
    case_no: str
    rules: tuple[str, ...]


@dataclass
class Told:
    fates: dict[str, dict[str, dict[str, list[tuple[int, str]]]]] = field(default_factory=dict)
    latent: list[Late] = field(default_factory=list)
    furniture: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    lost: dict[str, set[str]] = field(default_factory=dict)
    erased: dict[str, set[str]] = field(default_factory=dict)


FRESHNESS = {
    "public_security": 24, "housing": 744, "industry_commerce": 24, "civil_affairs": 48, "land_resources": 24,
}  # fmt: skip
FATES = st.sampled_from(["landed", "unchanged", "superseded", "quarantined:bad_date"])


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.integers(1, 400), FATES, max_size=60))
def test_fates_survive_their_encoding(fates: dict[int, str]) -> None:
    rows = {"cases": {"a.xlsx": list(fates.items())}}
    decoded = truth.decode_fates(truth.encode_fates(rows))
    assert decoded == {"cases": {"a.xlsx": sorted(fates.items())}}


def test_runs_are_as_long_as_they_can_be() -> None:
    rows = {"cases": {"a": [(3, "landed"), (4, "landed"), (6, "landed"), (5, "unchanged")]}}
    assert truth.encode_fates(rows) == {
        "cases": {"a": [[3, 4, "landed"], [5, 5, "unchanged"], [6, 6, "landed"]]}
    }


def test_a_row_with_two_fates_is_refused() -> None:
    with pytest.raises(ValueError, match="row 3 has two fates"):
        truth.encode_fates({"cases": {"a": [(3, "landed"), (3, "unchanged")]}})


def test_the_document_says_what_the_county_knows(tmp_path: Path) -> None:
    county = simulate(600, 9)
    rows = {"cases": {"b.dbf": [(2, "landed"), (1, "landed"), (3, "quarantined:bad_date")]}}
    told = Told({"civil_affairs": rows}, [], {"housing": {"cases": {"m.xlsx": 4}}})
    truth.write(tmp_path / "demo" / "truth.json", county, told)
    document = truth.read(tmp_path / "demo" / "truth.json")
    assert (document["seed"], document["cases"]) == (9, 600)
    assert document["as_of"] == "2012-12-31T23:59:59"
    assert document["furniture"] == {"housing": {"cases": {"m.xlsx": 4}}}
    assert document["counts"]["rows"] == {
        "civil_affairs": {"cases": {"landed": 2, "quarantined:bad_date": 1}}
    }
    everything = [case for cases in county.cases.values() for case in cases]
    everything += [item for items in county.publications.values() for item in items]
    seeded = sum(len(each.violations) for each in everything)
    amended = sum(len(each.rules) for found in county.amendments.values() for each in found)
    counted = totals.violations(county, catalogue.load(), FRESHNESS, {})
    together = sum(len(subjects) for subjects in counted.values())
    assert sum(document["counts"]["violations"].values()) == seeded + amended + together
    frame = truth.fate_frame(document)
    assert frame.rows() == [
        ("civil_affairs", "cases", "b.dbf", 1, "landed"),
        ("civil_affairs", "cases", "b.dbf", 2, "landed"),
        ("civil_affairs", "cases", "b.dbf", 3, "quarantined:bad_date"),
    ]
    assert frame.schema["row"] == pl.Int64()


def test_a_document_without_rows_gives_an_empty_frame() -> None:
    frame = truth.fate_frame({"rows": {}})
    assert frame.schema == truth.FATE_SCHEMA
    assert frame.height == 0


def test_latent_violations_count_once_their_case_has_landed() -> None:
    county = simulate(600, 9)
    department, case = next(
        (department, case)
        for department, cases in county.cases.items()
        for case in cases
        if case.violations
    )
    late = Late(department, case.case_no, tuple(sorted(case.violations)))
    document = truth.assemble(county, Told(latent=[late]))
    mine = {(rule, department, case.case_no) for rule in case.violations}
    everything = {
        (department, case.case_no) for department, cases in county.cases.items() for case in cases
    }
    before = truth.expected_violations(document, everything - {(department, case.case_no)})
    after = truth.expected_violations(document, everything)
    assert after - before == mine
    assert len(after) == sum(document["counts"]["violations"].values())


def test_a_case_that_never_lands_leaves_the_truth() -> None:
    county = simulate(600, 9)
    case = next(case for case in county.cases["housing"] if case.violations)
    broken = tuple(sorted(case.violations))
    assert truth.unland(case) == broken
    subjects = [s for found in truth.violations(county).values() for s in found]
    assert {"department": "housing", "case_no": case.case_no} not in subjects
