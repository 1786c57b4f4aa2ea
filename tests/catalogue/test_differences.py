"""Differences between versions and between catalogues: complete, field by field, and none where nothing differs."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import catalogue
from catalogue import differences
from catalogue.differences import Difference, sentence
from catalogue.forms import layout, rows, workbook
from catalogue.spec import Limit, PowerVersion
from hub.cli.commands import app

HOMESTEAD, WEDDING = "36012100GT-XK-0002", "36012100MZ-QR-0001"


def last(code: str) -> PowerVersion:
    return catalogue.load().powers[code].versions[-1]


def test_our_two_versions_of_the_homestead() -> None:
    first, second = catalogue.load().powers[HOMESTEAD].versions
    found = differences.of_versions(first, second)
    assert {(d.field, d.part) for d in found} == {
        ("promised_limit", None), ("steps.limit", "review"), ("steps.limit", "survey"),
        ("steps.limit", "publicity"),
    }  # fmt: skip
    assert [sentence(d, layout.choices("step")) for d in found][:2] == [
        "承诺期限：15 工作日 → 12 工作日", "环节 step 审查 时限：2 工作日 → 1 工作日",
    ]  # fmt: skip
    with_period = differences.of_versions(first, second, with_period=True)
    assert {d.field for d in with_period} - {d.field for d in found} == {
        "effective_from", "effective_to", "why",
    }  # fmt: skip


def test_every_field_of_a_version_is_compared() -> None:
    """A change of any one field, and of nothing else, is one difference that names it."""
    version = last(WEDDING)
    other: dict[str, Any] = {
        "why": "x", "name": "x", "content": "x", "basis": (*version.basis, "《某法》"),
        "conditions": "x", "service_object": "x", "statutory_limit": Limit(value=2, unit="working_day"),
        "promised_limit": Limit(value=2, unit="working_day"), "case_kind": "promise", "charges": False,
        "supervision_channel": "x", "on_platform": False, "result_name": "证书", "consult_phone": "1",
        "effective_from": date(2011, 1, 1), "effective_to": date(2013, 1, 1),
        "steps": version.steps[:-1], "transitions": version.transitions[:-1],
        "materials": version.materials[1:], "fees": (), "discretion": last("36012100GS-CF-0001").discretion,
        "risk_points": last(HOMESTEAD).risk_points,
    }  # fmt: skip
    assert set(other) == set(PowerVersion.model_fields) - {"version"}
    for name, value in other.items():
        found = differences.of_versions(version, version.model_copy(update={name: value}), with_period=True)  # fmt: skip
        field = "flow" if name == "transitions" else name
        assert {d.field for d in found} == {field}, name
        assert all(sentence(d) for d in found)


@pytest.mark.parametrize(
    ("part", "update", "expected"),
    [
        ("materials", {"copies": 5}, Difference("changed", "materials.copies", "01", 1, 5)),
        ("fees", {"unit": "本"}, Difference("changed", "fees.unit", "F1", "对", "本")),
        ("steps", {"post": "窗口"}, Difference("changed", "steps.post", "accept", "婚姻登记员", "窗口")),
        ("materials", {"code": "09"}, Difference("removed", "materials", "01", before="双方户口簿和身份证")),
    ],
)  # fmt: skip
def test_parts_are_compared_by_code(
    part: str, update: dict[str, Any], expected: Difference
) -> None:
    version = last(WEDDING)
    parts = getattr(version, part)
    changed = (parts[0].model_copy(update=update), *parts[1:])
    found = differences.of_versions(version, version.model_copy(update={part: changed}))
    assert found[0] == expected


def test_another_order_is_a_difference() -> None:
    version = last(WEDDING)
    turned = version.model_copy(update={"steps": version.steps[::-1], "basis": version.basis[::-1]})
    found = {d.field: sentence(d) for d in differences.of_versions(version, turned)}
    assert set(found) == {"steps.order", "basis.order"}
    assert "次序 order" in found["steps.order"]


def test_catalogues(folder: Path) -> None:
    ours = catalogue.load().items()
    assert list(differences.of_catalogues(ours, ours)) == []
    (folder / "items/gt/GT-XK-0004.yml").unlink()
    path = folder / "items/gt/GT-XK-0002.yml"
    text = path.read_text("utf-8")
    path.write_text(text[: text.index("  - effective_from: 2012-07-01")], "utf-8")
    found = list(differences.of_catalogues(catalogue.load(folder).items(), ours))
    assert [(d.code, d.version, d.differences[0].kind, d.differences[0].field) for d in found] == [
        (HOMESTEAD, 2, "added", "version"), ("36012100GT-XK-0004", None, "added", "item"),
    ]  # fmt: skip
    back = differences.of_catalogues(ours, catalogue.load(folder).items())
    assert [d.differences[0].kind for d in back] == ["removed", "removed"]


def test_the_command(tmp_path: Path) -> None:
    arguments = ["catalogue", "diff", HOMESTEAD, "--from", "1", "--to", "2"]
    assert "承诺期限：15 工作日 → 12 工作日" in CliRunner().invoke(app, arguments).output
    (document,) = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).output)
    changed = {d["field"]: (d["before"], d["after"]) for d in document["differences"]}
    assert changed["promised_limit"] == ("15 working_day", "12 working_day")
    loaded = catalogue.load()
    found = rows.rows(loaded.items(), loaded.names(), date(2012, 7, 1))
    workbook.write(tmp_path / "july.xlsx", found)
    since = ["catalogue", "diff", "--catalogue", str(tmp_path / "july.xlsx"), "--json"]
    documents = json.loads(CliRunner().invoke(app, since).output)
    assert [(d["code"], d["version"]) for d in documents] == [
        ("36012100FC-QR-0004", 1), (HOMESTEAD, 1),
    ]  # fmt: skip
    assert {d["differences"][0]["kind"] for d in documents} == {"added"}
