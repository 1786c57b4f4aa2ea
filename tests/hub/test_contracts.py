"""Data contracts: valid by the published schema, complete, the same for the same folder, and without secrets."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import validators
from typer.testing import CliRunner

import mappings
from hub.cli.commands import app
from hub.core.codelists import codelists
from hub.core.entities import ENTITIES
from hub.core.settings import CONTENT_ROOT
from hub.core.specs import LAYOUTS, department_slugs, read_department
from hub.pipeline import contracts
from quality.schemas import entity_rules

DEPARTMENTS = CONTENT_ROOT / "departments"
Contract = dict[str, Any]


@pytest.fixture(scope="module")
def standard() -> Any:
    """A validator of the published schema, as its package ships it."""
    schema = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8"))  # fmt: skip
    return validators.validator_for(schema)(schema)


@pytest.fixture(scope="module")
def housing() -> Contract:
    (contract,) = contracts.contracts(DEPARTMENTS, "housing")
    return contract


def following(layout: str, root: Path) -> Path:
    """A folder of departments with one that follows the layout."""
    folder = root / "bureau"
    folder.mkdir(parents=True)
    (folder / "source.yml").write_text(
        "title: {zh: 某局, en: Bureau}\nbody: 36012100MZ\nowner: {name: 某, contact: x@example.invalid}\n"
        f"layout: {layout}\nconnection: middle\n"
    )
    (folder / "powers.csv").write_text(
        "source_code,source_name,power_code,valid_from,valid_to,note\nX1,许可,36012100MZ-XK-0001,,,\n"
    )
    return root


@pytest.mark.parametrize("slug", department_slugs(DEPARTMENTS))
def test_every_departments_contracts_are_valid(slug: str, standard: Any) -> None:
    documents = contracts.contracts(DEPARTMENTS, slug)
    assert [d["schema"][0]["name"] for d in documents] == list(read_department(DEPARTMENTS, slug).spec.datasets)  # fmt: skip
    for document in documents:
        again = yaml.safe_load(contracts.as_yaml(document))
        assert again == document
        standard.validate(again)


@pytest.mark.parametrize("layout", sorted(path.parent.name for path in LAYOUTS.glob("*/source.yml")))  # fmt: skip
def test_every_layouts_contracts_are_valid(layout: str, standard: Any, tmp_path: Path) -> None:
    documents = contracts.contracts(following(layout, tmp_path / "departments"), "bureau")
    assert documents
    for document in documents:
        standard.validate(document)


def _drop(*path: Any) -> Callable[[Contract], None]:
    def mutate(document: Contract) -> None:
        part: Any = document
        for step in path[:-1]:
            part = part[step]
        del part[path[-1]]

    return mutate


def _put(value: Any, *path: Any) -> Callable[[Contract], None]:
    def mutate(document: Contract) -> None:
        part: Any = document
        for step in path[:-1]:
            part = part[step]
        part[path[-1]] = value

    return mutate


@pytest.mark.parametrize(
    "mutate",
    [
        _drop("id"), _drop("version"), _drop("kind"), _drop("apiVersion"), _drop("schema", 0, "name"),
        _drop("schema", 0, "properties", 0, "name"), _put("v9", "apiVersion"), _put("text", "schema", 0, "properties", 0, "logicalType"),
        _put("x", "schema", 0, "properties", 0, "invented"), _put("guess", "schema", 0, "quality", 0, "dimension"),
        _drop("schema", 0, "quality", 0, "engine"), _drop("slaProperties", 0, "value"), _put("ftp", "servers", 0, "type"),
    ],
)  # fmt: skip
def test_the_schema_notices_what_is_broken(
    mutate: Callable[[Contract], None], housing: Contract, standard: Any
) -> None:
    broken = copy.deepcopy(housing)
    mutate(broken)
    assert not standard.is_valid(broken)


def test_the_same_folder_gives_the_same_document_and_another_mapping_another_version(
    housing: Contract, tmp_path: Path
) -> None:
    root = tmp_path / "departments"
    shutil.copytree(DEPARTMENTS / "housing", root / "housing")
    (again,) = contracts.contracts(root, "housing")
    assert again == housing
    mapping = root / "housing" / "mapping.yml"
    mapping.write_text(mapping.read_text("utf-8") + "# another\n", "utf-8")
    (changed,) = contracts.contracts(root, "housing")
    assert changed["id"] == housing["id"]
    assert changed["version"] == mappings.read(read_department(root, "housing")).version != housing["version"]  # fmt: skip


def properties(contract: Contract, name: str) -> dict[str, Contract]:
    (found,) = (each for each in contract["schema"] if each["name"] == name)
    return {each["name"]: each for each in found["properties"]}


def test_what_is_delivered_names_every_field_that_the_mapping_reads(housing: Contract) -> None:
    fields = properties(housing, "cases")
    assert list(fields) == list(mappings.read(read_department(DEPARTMENTS, "housing")).fields("cases"))  # fmt: skip
    key = fields["收件编号"]
    assert (key["primaryKey"], key["unique"], key["required"]) == (True, True, True)
    assert fields["申请日期"]["logicalType"] == "timestamp"
    assert fields["收费金额"]["logicalType"] == "number"
    assert {name for name, f in fields.items() if f["classification"] == "restricted"} == {
        "证件号码", "联系电话", "申请人",
    }  # fmt: skip
    kinds = {each["value"]: each["description"] for each in fields["申请人类型"]["enum"]}
    assert "person" in kinds["个人"]
    assert [rule["name"] for rule in fields["收费金额"]["quality"]] == ["bad_number:收费金额"]


def test_dated_codes_say_when_they_hold(housing: Contract) -> None:
    codes = {each["value"]: each["description"] for each in properties(housing, "cases")["事项代码"]["enum"]}  # fmt: skip
    assert codes["FC07"].count("→") == 2
    assert "2012-" in codes["FC07"]


@pytest.mark.parametrize("slug", department_slugs(DEPARTMENTS))
def test_the_checks_are_those_that_the_gate_applies(slug: str) -> None:
    mapping = mappings.read(read_department(DEPARTMENTS, slug))
    for document in contracts.contracts(DEPARTMENTS, slug):
        objects = {each["name"].removeprefix("core."): each for each in document["schema"][1:]}
        assert set(objects) == {row.entity for row in mapping.spec(document["schema"][0]["name"]).rows}  # fmt: skip
        for name, written in objects.items():
            owned = [each["name"] for each in written["properties"]]
            said = [
                rule["name"] for each in written["properties"] for rule in each.get("quality", ())
            ]
            rules = entity_rules(ENTITIES[name], owned, codelists())
            assert said == [f"{rule.reason}:{name}.{rule.column}" for rule in rules]
            assert written["quality"][0]["name"].startswith("duplicate_key:")


def test_code_lists_are_the_values_that_may_land(housing: Contract) -> None:
    result = properties(housing, "core.case")["result"]
    assert [each["value"] for each in result["enum"]] == list(codelists()["result"])
    (rule,) = (each for each in result["quality"] if each.get("metric") == "invalidValues")
    assert rule["arguments"]["validValues"] == list(codelists()["result"]) and rule["mustBe"] == 0


def test_freshness_and_threshold_are_what_the_folder_agreed(tmp_path: Path) -> None:
    root = tmp_path / "departments"
    shutil.copytree(DEPARTMENTS / "housing", root / "housing")
    source = root / "housing" / "source.yml"
    source.write_text(
        source.read_text("utf-8") + "gate: {stop_above: 0.05, at_least: 9}\n", "utf-8"
    )
    (contract,) = contracts.contracts(root, "housing")
    (frequency,) = contract["slaProperties"]
    assert (frequency["property"], frequency["value"], frequency["unit"]) == ("frequency", 31, "d")
    threshold = contract["schema"][0]["quality"][0]
    assert threshold["implementation"] == {"stage": "gate", "stop_above": 0.05, "at_least": 9}
    assert "5%" in threshold["description"]


def test_no_connection_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_CONNECTION_HOUSING_FILES", "sftp://clerk:secret@10.1.2.3/drop")
    text = contracts.as_yaml(contracts.contracts(DEPARTMENTS, "housing")[0])
    assert "secret" not in text and "10.1.2.3" not in text


def test_the_command_writes_a_file_per_dataset(tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["contract", "civil_affairs", "--out", str(tmp_path)])
    assert shown.exit_code == 0, shown.output
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "civil_affairs.cases.odcs.yaml", "civil_affairs.disclosures.odcs.yaml",
    ]  # fmt: skip
    printed = CliRunner().invoke(app, ["contract", "civil_affairs"])
    assert [d["kind"] for d in yaml.safe_load_all(printed.stdout)] == ["DataContract"] * 2
    as_json = CliRunner().invoke(app, ["contract", "civil_affairs", "cases", "--json"])
    assert len(json.loads(as_json.stdout)["contracts"]) == 1
