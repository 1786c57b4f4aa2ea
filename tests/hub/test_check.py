"""What `hub check` says is missing from a folder."""

from __future__ import annotations

import pytest

from hub.pipeline.check import check_department
from tests.hub.conftest import MAPPING, Registry


def said(registry: Registry) -> list[str]:
    found = check_department(registry.folder.parent, "registry")
    assert all(problem.line for problem in found if problem.file.suffix)
    return [f"{problem.file.name}: {problem.what}" for problem in found]


def test_a_complete_folder_lacks_nothing(registry: Registry) -> None:
    assert said(registry) == []


@pytest.mark.parametrize("column", ["power_code", "applied_at"])
def test_a_case_that_cannot_be_judged(registry: Registry, column: str) -> None:
    lines = [line for line in MAPPING.splitlines() if not line.strip().startswith(f"{column}:")]
    mapping = "\n".join(lines).replace(
        "    rename: [{field: APPLIED, was: [SQSJ], since: 2012-07-01}]\n", ""
    )
    (registry.folder / "mapping.yml").write_text(mapping, "utf-8")
    (problem,) = said(registry)
    assert f"case.{column}" in problem
    assert "is not mapped" in problem


def test_what_is_undecided_is_named_where_it_stands(registry: Registry) -> None:
    source = (
        (registry.folder / "source.yml").read_text("utf-8").replace("name: office", "name: 待定")
    )
    (registry.folder / "source.yml").write_text(source, "utf-8")
    (registry.folder / "mapping.yml").write_text(MAPPING.replace("APPLIED", "待定"), "utf-8")
    (registry.folder / "powers.csv").write_text(
        "source_code,source_name,power_code,valid_from,valid_to,note\nX9,旧代码,,,,待定；抽样 2 行\n",
        "utf-8",
    )
    found = said(registry)
    assert "source.yml: undecided 待定: owner.name" in found
    assert any(
        one.startswith("mapping.yml: undecided 待定: datasets.cases.case.applied_at")
        for one in found
    )
    assert "powers.csv: undecided 待定: 'X9、旧代码' of powers has no target code" in found


def test_a_line_that_is_undecided_is_not_also_no_line(registry: Registry) -> None:
    mapping = MAPPING.replace('{const: "36012100GS-XK-0001"}', "{field: ITEM, crosswalk: powers}")
    (registry.folder / "mapping.yml").write_text(mapping, "utf-8")
    head = "source_code,source_name,power_code,valid_from,valid_to,note\n"
    (registry.folder / "powers.csv").write_text(f"{head}X9,,,,,\n", "utf-8")
    (problem,) = said(registry)
    assert "undecided" in problem
    (registry.folder / "powers.csv").write_text(head, "utf-8")
    (problem,) = said(registry)
    assert "no lines" in problem


def test_no_sample(registry: Registry) -> None:
    (registry.folder / "sample" / "README.md").unlink()
    assert said(registry) == ["sample: no sample"]
