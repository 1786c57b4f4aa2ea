"""Suites: derived from the entities, extended in YAML, errors with file and line; thresholds of departments."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.core.codelists import codelists
from hub.core.entities import ENTITIES, Kind
from hub.core.errors import SpecError
from quality import suites, thresholds
from quality.expected import literal

CODES = codelists()
FILLED = "{id: a.filled_too, expect: filled, column: status, zh: 甲, en: a}"


def extension(folder: Path, text: str) -> Path:
    (folder / "case.yml").write_text(text, "utf-8")
    return folder


def test_there_is_a_suite_of_every_entity_that_covers_its_definition() -> None:
    found = suites.load(CODES)
    assert list(found) == [*ENTITIES, "department"]
    for name, entity in ENTITIES.items():
        ids = {each.id for each in found[name].expected}
        assert {
            f"{name}.{check}"
            for check in ("rows", "key.unique", "lineage.filled", "batch_id.landed")
        } <= ids
        for column in entity.columns:
            assert (f"{name}.{column.name}.filled" in ids) == column.required
            assert (f"{name}.{column.name}.in_codelist" in ids) == bool(column.codelist)
            timed = column.kind in (Kind.TIMESTAMP, Kind.DATE)
            assert (f"{name}.{column.name}.plausible" in ids) == timed
            assert (f"{name}.{column.name}.not_negative" in ids) == (column.kind is Kind.MONEY)
        assert (f"{name}.case_id.has_case" in ids) == ("case_id" in entity.key and name != "case")


def test_ids_are_unique_and_everything_speaks_both_languages() -> None:
    expected = [each for suite in suites.load(CODES).values() for each in suite.expected]
    assert len({each.id for each in expected}) == len(expected) > 150
    for each in expected:
        assert any("一" <= letter <= "鿿" for letter in each.zh), each.id
        assert each.en.isascii(), each.id
        assert (each.rows is None) != (each.fact == ""), each.id


def test_the_working_table_leaves_out_deleted_rows_and_columns_nobody_looks_at() -> None:
    sql = suites.load(CODES)["case"].rows_sql()
    assert "where r.deleted_at is null" in sql
    assert 'r."decided_at"' in sql
    assert "acceptor" not in sql
    assert "r.title" not in sql


@pytest.mark.parametrize(
    ("line", "wrong", "text"),
    [
        (1, "entity", "entity: event\nexpectations: []\n"),
        (3, "no column 'decided'", "entity: case\nexpectations:\n  - {id: a, expect: filled, column: decided, zh: 甲, en: a}\n"),
        (3, "expect", "entity: case\nexpectations:\n  - {id: a, expect: nonsense, zh: 甲, en: a}\n"),
        (3, "either", "entity: case\nexpectations:\n  - {id: a, expect: codes, column: status, zh: 甲, en: a}\n"),
        (3, "months", "entity: case\nexpectations:\n  - {id: a, expect: volume, at_least: 0.5, zh: 甲, en: a}\n"),
        (3, "already", "entity: case\nexpectations:\n  - {id: key.unique, expect: filled, column: status, zh: 甲, en: a}\n"),
        (4, "within", "entity: case\nmonth: r.applied_at\nexpectations:\n  - {id: a, expect: share, sql: 'true', within: 0, zh: 甲, en: a}\n"),
        (2, "nonsense", "entity: case\nnonsense: 1\n"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_named_with_its_line(
    tmp_path: Path, line: int, wrong: str, text: str
) -> None:
    with pytest.raises(SpecError, match=wrong) as refused:
        suites.load(CODES, extension(tmp_path, text))
    assert refused.value.line == line
    assert refused.value.file.name == "case.yml"


def test_a_file_of_no_entity_is_refused(tmp_path: Path) -> None:
    (tmp_path / "casefile.yml").write_text("entity: casefile\n")
    with pytest.raises(SpecError, match="no such entity"):
        suites.load(CODES, tmp_path)


def test_a_department_has_thresholds_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "quality.yml").write_text(
        "thresholds:\n  case.power_code.share: {mostly: 0.5, reason: 试点 pilot}\n"
        "  department.fresh: {allowed: 72, reason: 三天一报 every third day}\n"
        "off:\n  case.volume.not_dropped: 季节性业务 seasonal\n"
        f"expectations:\n  - {{entity: case, check: {FILLED}}}\n"
    )
    found, allowed = thresholds.apply(suites.load(CODES), {"housing": tmp_path}, CODES)
    by_id = {each.id: each for suite in found.values() for each in suite.expected}
    share, fresh = by_id["case.power_code.share"], by_id["department.fresh"]
    assert [allowed.mostly(share, name) for name in ("housing", "other")] == [0.5, share.mostly]
    assert allowed.allowed(fresh) == {"housing": 72}
    assert allowed.why_off(by_id["case.volume.not_dropped"], "housing") == "季节性业务 seasonal"
    assert allowed.why_off(by_id["case.volume.not_dropped"], "other") == ""
    assert by_id["case.a.filled_too"].departments == ("housing",)


@pytest.mark.parametrize(
    ("line", "wrong", "text"),
    [
        (2, "no expectation 'case.nonsense'", "off:\n  case.nonsense: 没有理由 none\n"),
        (2, "off.case.key.unique", "off:\n  case.key.unique: no\n"),
        (2, "beside 'mostly'", "thresholds:\n  case.key.unique: {allowed: 3, reason: because}\n"),
        (2, "beside 'allowed'", "thresholds:\n  department.fresh: {mostly: 0.5, reason: because}\n"),
        (2, "reason", "thresholds:\n  case.key.unique: {mostly: 0.5}\n"),
        (2, "no suite 'casefile'", f"expectations:\n  - {{entity: casefile, check: {FILLED}}}\n"),
        (2, "already", f"expectations:\n  - {{entity: case, check: {FILLED.replace('a.filled_too', 'key.unique')}}}\n"),
    ],
)  # fmt: skip
def test_a_wrong_threshold_is_named_with_its_line(
    tmp_path: Path, line: int, wrong: str, text: str
) -> None:
    (tmp_path / "quality.yml").write_text(text)
    (problem,) = thresholds.check("housing", tmp_path, suites.load(CODES), CODES)
    assert wrong in str(problem)
    assert (problem.file.name, problem.line) == ("quality.yml", line)


def test_a_department_without_thresholds_has_no_problem(tmp_path: Path) -> None:
    assert thresholds.check("housing", tmp_path, suites.load(CODES), CODES) == []


def test_literals_hold_what_they_are_given() -> None:
    assert literal("it's") == "'it''s'"
    assert literal(True) == "true"
    assert literal(0.5) == "0.5"
