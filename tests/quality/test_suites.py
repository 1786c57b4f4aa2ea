"""Suites: derived from the entities, extended in YAML, errors with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.core.codelists import codelists
from hub.core.entities import CASE, EVENT, LINEAGE
from hub.core.errors import SpecError
from quality import suites

CODES = codelists()
NULL, IN_SET = "expect_column_values_to_not_be_null", "expect_column_values_to_be_in_set"


def extension(folder: Path, text: str) -> Path:
    (folder / "case.yml").write_text(text, "utf-8")
    return folder


def test_what_we_ship_covers_every_required_and_coded_column() -> None:
    case, event = suites.load(CODES)
    for suite, entity in ((case, CASE), (event, EVENT)):
        found = {(each.type, *each.columns) for each in suite.expected}
        for column in (*LINEAGE, *entity.columns):
            assert ((NULL, column.name) in found) == column.required
            assert ((IN_SET, column.name) in found) == bool(column.codelist)
        assert suite.expected[0].type == "expect_table_row_count_to_be_between"
    order = "expect_column_pair_values_a_to_be_greater_than_b"
    assert (order, "decided_at", "accepted_at") in {(e.type, *e.columns) for e in case.expected}
    assert any(e.columns == EVENT.key for e in event.expected if "compound" in e.type)


def test_the_query_leaves_out_deleted_rows_and_columns_nobody_looks_at() -> None:
    case, _ = suites.load(CODES)
    assert 'FROM core."case" WHERE deleted_at IS NULL' in case.query
    assert '"decided_at"' in case.query
    assert "applicant_masked" not in case.query
    assert "applicant_token" not in case.query


@pytest.mark.parametrize(
    ("line", "wrong", "text"),
    [
        (1, "casefile", "entity: casefile\nexpectations:\n  - {type: expect_column_values_to_be_unique, kwargs: {column: case_id}, zh: a, en: b}\n"),
        (5, "decided", "entity: case\nexpectations:\n  - type: expect_column_values_to_not_be_null\n    zh: a\n    kwargs: {column: decided}\n    en: b\n"),
        (3, "type", "entity: case\nexpectations:\n  - type: expect_column_distinct_values_to_be_in_set\n    kwargs: {column: title}\n    zh: a\n    en: b\n"),
        (2, "expectations", "entity: case\nexpectations: []\n"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_named_with_its_line(
    tmp_path: Path, line: int, wrong: str, text: str
) -> None:
    with pytest.raises(SpecError, match=wrong) as refused:
        suites.load(CODES, extension(tmp_path, text))
    assert refused.value.line == line
    assert refused.value.file.name == "case.yml"
