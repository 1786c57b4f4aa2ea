"""What the mapping says of each source field: every used field is explained, in both languages."""

from __future__ import annotations

import pytest

import mappings
from hub.core.settings import CONTENT_ROOT
from hub.core.specs import department_slugs, read_department
from mappings import explanation
from mappings.conversions import CONVERSIONS

ROOT = CONTENT_ROOT / "departments"


def test_every_conversion_says_what_it_reads() -> None:
    assert set(explanation.FORMS) == set(CONVERSIONS)


@pytest.mark.parametrize("slug", department_slugs(ROOT))
def test_every_field_of_our_departments_is_explained(slug: str) -> None:
    mapping = mappings.read(read_department(ROOT, slug))
    for dataset in mapping.datasets:
        found = explanation.uses(mapping, dataset)
        assert set(found) >= set(mapping.fields(dataset))
        for uses in found.values():
            assert all(use.zh and use.en and use.target for use in uses)


def test_a_translated_field_names_its_file_and_an_older_name_is_explained_too() -> None:
    mapping = mappings.read(read_department(ROOT, "industry_commerce"))
    found = explanation.uses(mapping, "cases")
    assert found["接件受理时间"] == found["受理时间"]
    translated = {use.codelist for uses in found.values() for use in uses if use.codelist}
    assert translated >= {"powers", "case_kind"}
    (power,) = [use for uses in found.values() for use in uses if use.codelist == "powers"]
    assert "powers.csv" in power.form_en
