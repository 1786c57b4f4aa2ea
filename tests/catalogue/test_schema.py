"""The JSON Schema that editors use: up to date, and it agrees with the files and with the engine."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from catalogue import codes, schema


def read(path: Path) -> Any:
    data = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    return json.loads(json.dumps(data, default=date.isoformat))


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    Draft202012Validator.check_schema(schema.item_schema())
    return Draft202012Validator(schema.item_schema())


def test_the_written_file_is_up_to_date(tmp_path: Path) -> None:
    schema.write(tmp_path / "item.schema.json")
    assert (tmp_path / "item.schema.json").read_text("utf-8") == schema.FILE.read_text("utf-8")


def test_every_item_is_valid_and_points_to_the_schema(validator: Draft202012Validator) -> None:
    paths = sorted((codes.ROOT / "items").glob("*/*.yml"))
    assert len(paths) >= 40
    for path in paths:
        assert not list(validator.iter_errors(read(path))), path.name
        first = path.read_text("utf-8").splitlines()[0]
        assert (path.parent / first.partition("$schema=")[2]).resolve() == schema.FILE.resolve()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"promised_limit": "15 days"}, "does not match"),
        ({"promise": "15 working_day"}, "unexpected"),
        ({"case_kind": "quick"}, "is not one of"),
        ({"flow": ["accept"]}, "does not match"),
        ({"versions": []}, "non-empty"),
    ],
)
def test_the_schema_refuses_what_the_engine_refuses(
    validator: Draft202012Validator, change: dict[str, Any], reason: str
) -> None:
    item = read(codes.ROOT / "items/gt/GT-XK-0002.yml") | change
    assert any(reason in error.message for error in validator.iter_errors(item))
