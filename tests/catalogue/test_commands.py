"""`hub catalogue`: what each command prints, writes and returns."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

import catalogue
from catalogue.forms import sheets
from hub.cli.commands import app
from hub.core.errors import HubError

GS = "36012100GS"


def hub(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["catalogue", *arguments])


def test_export_of_one_body_on_one_day(tmp_path: Path) -> None:
    out = tmp_path / "forms.xlsx"
    shown = hub("export", "--out", str(out), "--body", GS, "--on", "2012-11-01")
    assert shown.exit_code == 0
    assert "7 versions" in shown.output
    found = sheets.read(out)
    assert found.errors == []
    codes = {row.values["code"] for row in found.rows["powers"]}
    assert codes == {
        code for code in catalogue.load().powers if code.startswith(GS) and "FX" not in code
    }


def test_export_names_the_bodies_that_there_are(tmp_path: Path) -> None:
    shown = hub("export", "--out", str(tmp_path / "x.xlsx"), "--body", "36012100XX")
    assert isinstance(shown.exception, HubError)
    assert GS in str(shown.exception)
    assert shown.exception.exit_code == 2


def test_import_writes_only_when_told_to(tmp_path: Path, folder: Path) -> None:
    items = folder / "items"
    path = items / "gs/GS-FX-0001.yml"
    before = path.read_text("utf-8")
    path.write_text(before.replace("商品展销会", "展销会"), "utf-8")
    book = tmp_path / "forms.xlsx"
    hub("export", "--out", str(book), "--body", GS)
    arguments = ("import", str(book), "--items", str(items))
    dry = hub(*arguments, "--dry-run")
    assert dry.exit_code == 0
    assert "1 将写入 would be written, 7 未变 unchanged" in dry.output
    assert "事项名称：展销会登记 → 商品展销会登记" in dry.output
    assert "展销会" in path.read_text("utf-8") != before
    document = json.loads(hub(*arguments, "--json").output)
    assert [change["code"] for change in document["changes"]] == ["36012100GS-FX-0001"]
    assert document["written"] is True
    again = hub(*arguments)
    assert "0 已写入 written, 8 未变 unchanged" in again.output


def test_codes_are_explained_to_people_and_programs() -> None:
    task = "11360121Y3601214X54360131001000"
    shown = hub("codes", task)
    assert shown.exit_code == 0
    for word in ("县级", "行政许可", "36012100GS-XK-0002", "待核"):
        assert word in shown.output
    document = json.loads(hub("codes", task, "--json").output)
    assert [one["scheme"] for one in document["fits"]] == ["national_task", "gbt39046_case"]
    assert document["fits"][0]["crosswalk"][0]["power_code"] == "36012100GS-XK-0002"
    assert document["fails"] == []
    nothing = hub("codes", "？" * 60)
    assert isinstance(nothing.exception, HubError)


def test_a_difference_needs_something_to_compare() -> None:
    for arguments, says in (
        ((), "nothing to compare"), (("36012100GS-XK-0099",), "no item"),
        (("36012100GS-XK-0001", "--from", "3"), "has no version 3"),
    ):  # fmt: skip
        shown = hub("diff", *arguments)
        assert isinstance(shown.exception, HubError)
        assert says in str(shown.exception)
    assert "没有不同" in hub("diff", "36012100GS-XK-0001").output


def test_publish(tmp_path: Path) -> None:
    out = tmp_path / "site"
    shown = hub("publish", "--out", str(out), "--on", "2012-07-02")
    assert shown.exit_code == 0
    assert "47 items" in shown.output
    names = set((out / "files.txt").read_text("utf-8").splitlines())
    there = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert names | {"files.txt"} == there


@pytest.mark.parametrize("word", ["export", "import", "diff", "codes", "completeness", "publish"])
def test_the_page_about_the_catalogue_names_every_command(word: str) -> None:
    page = Path(__file__).parents[2] / "docs/catalogue.md"
    assert re.search(rf"hub catalogue {word}\b", page.read_text("utf-8"))
