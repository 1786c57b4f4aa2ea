"""`layout:` in a source.yml: what comes from the layout, what a department may say otherwise, and where errors point."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import connectors
import mappings
from hub.core.errors import SpecError
from hub.core.specs import LAYOUTS, Department, read_department
from tests.mappings.layouts.conftest import POWERS, SOURCE

NAMES = sorted(path.name for path in LAYOUTS.iterdir())
Follow = Callable[..., Department]


@pytest.fixture
def follow(tmp_path: Path) -> Follow:
    """A department folder: its layout, more lines of its source.yml, and its other files."""

    def made(layout: str, more: str = "", **files: str) -> Department:
        folder = tmp_path / "departments" / "bureau"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "source.yml").write_text(SOURCE % layout + more, "utf-8")
        for name, content in ({"powers": POWERS} | files).items():
            suffix = "yml" if name == "mapping" else "csv"
            (folder / f"{name}.{suffix}").write_text(content, "utf-8")
        return read_department(folder.parent, "bureau")

    return made


@pytest.mark.parametrize("name", NAMES)
def test_every_layout_is_whole(follow, name):
    department = follow(name)
    assert department.spec.connector == "exchange"
    connectors.check(department)
    assert [str(problem) for problem in mappings.check(department)] == []
    assert mappings.read(department).datasets == tuple(department.spec.datasets)
    assert (LAYOUTS / name / "README.md").read_text("utf-8").count("待核") > 2


def test_a_department_says_otherwise_or_leaves_out(follow):
    department = follow(
        "ea_jc",
        "datasets:\n  fees: null\n  steps: {table: MINE.PROC, deletes: none, deleted: null}\n",
    )
    connectors.check(department)
    datasets = department.spec.datasets
    assert "fees" not in datasets and "closings" in datasets
    assert datasets["steps"]["table"] == "MINE.PROC"
    assert datasets["steps"]["key"] == ["ORGBUSNO", "PROJID", "DATAVER", "SN"]
    assert department.settings("steps").deletes == "none"
    mapping = mappings.read(department)
    assert "fees" not in mapping.datasets and mapping.fields("steps")


def test_a_mapping_of_its_own_stands_instead(follow):
    own = "datasets:\n  only:\n    key: [A]\n    case_no: A\n    case: {title: T}\n"
    leave = "".join(f"  {name}: null\n" for name in follow("up_pro").spec.datasets)
    only = "  only: {table: T, order: A, flag: {column: F, new: null, done: 1, error: 2}}\n"
    department = follow("up_pro", f"datasets:\n{leave}{only}", mapping=own)
    connectors.check(department)
    mapping = mappings.read(department)
    assert mapping.datasets == ("only",) and mapping.file.path == department.folder / "mapping.yml"


def test_errors_point_to_the_file_that_is_wrong(follow, monkeypatch, tmp_path):
    where = lambda caught: (caught.value.file, caught.value.line)  # noqa: E731
    department = follow("ea_jc", "datasets:\n  steps:\n    key: []\n")
    with pytest.raises(SpecError) as caught:
        connectors.check(department)
    assert where(caught) == (department.folder / "source.yml", 8)
    with pytest.raises(SpecError, match="no layout 'nowhere'") as caught:
        follow("nowhere")
    assert where(caught) == (department.folder / "source.yml", 4)
    layouts = tmp_path / "layouts"
    (layouts / "odd").mkdir(parents=True)
    (layouts / "odd" / "source.yml").write_text(
        "connector: exchange\ndatasets:\n  a:\n    table: T\n    order: N\n    flag: {column: F, new: '0', done: '0', error: '2'}\n",
        "utf-8",
    )
    monkeypatch.setattr("hub.core.specs.LAYOUTS", layouts)
    with pytest.raises(SpecError, match="must differ") as caught:
        connectors.check(follow("odd"))
    assert where(caught) == (layouts / "odd" / "source.yml", 6)


def test_powers_are_what_a_department_must_give(follow):
    department = follow("ex_gdbs", powers=POWERS.splitlines()[0] + "\n")
    with pytest.raises(SpecError, match="has no lines") as caught:
        mappings.read(department)
    assert caught.value.file == department.folder / "powers.csv"


def test_a_dataset_that_nobody_maps_is_named(follow):
    extra = "datasets:\n  extra: {table: T, order: N, flag: {column: F, new: '0', done: '1', error: '2'}}\n"
    department = follow("ea_jc", extra)
    (problem,) = mappings.check(department)
    assert problem.what == "dataset 'extra' is not in mapping.yml"
    assert (problem.file, problem.line) == (department.folder / "source.yml", 7)


def test_versions_cover_the_layouts_files(follow, monkeypatch, tmp_path):
    first = mappings.read(follow("ex_gdbs"))
    copied = tmp_path / "layouts"
    for path in (LAYOUTS / "ex_gdbs").iterdir():
        target = copied / "ex_gdbs" / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    monkeypatch.setattr("hub.core.specs.LAYOUTS", copied)
    same = mappings.read(follow("ex_gdbs"))
    assert (same.version, same.codes_version) == (first.version, first.codes_version)
    for name in ("mapping.yml", "codes.csv"):
        path = copied / "ex_gdbs" / name
        path.write_text(path.read_text("utf-8").replace("承办", "承办人"), "utf-8")
    (copied / "ex_gdbs" / "mapping.yml").open("a").write("# changed\n")
    changed = mappings.read(follow("ex_gdbs"))
    assert changed.version != first.version and changed.codes_version != first.codes_version


def test_own_codes_are_added_and_stand_first(follow):
    header = "codelist,source_code,source_name,code,valid_from,valid_to,note\n"
    own = f"{header}result,6,,closed_otherwise,,,\n"
    department = follow("ea_jc", codes=own)
    (problem,) = mappings.check(department)
    assert (problem.file, problem.line) == (department.folder / "codes.csv", 2)
    department = follow(
        "ea_jc", codes=f"{header}result,6,其他,granted,,,old standard\nstep,踏勘,,survey,,,\n"
    )
    lines = mappings.read(department).crosswalks.lines
    results = {line.source_code: line.code for line in lines["result"]}
    assert (results["6"], results["5"]) == ("granted", "returned")
    assert {line.source_code for line in lines["step"]} >= {"踏勘", "受理"}
