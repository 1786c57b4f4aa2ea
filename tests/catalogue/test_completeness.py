"""The catalogue beside the basic catalogue: what is missing, beyond it or not filled in is named, body by body."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

import catalogue
from catalogue import loading
from catalogue.codes import ROOT
from catalogue.completeness import BodyReport, assess, read
from hub.cli.commands import app

JULY, NOVEMBER = date(2012, 7, 2), date(2012, 11, 1)
GS, FC = "36012100GS", "36012100FC"


def report(root: Path, body: str, on: date = JULY) -> BodyReport:
    return next(r for r in assess(loading.read(root), on) if r.body == body)


def test_our_catalogue_is_filled_in_and_knows_what_it_lacks() -> None:
    reports = assess(loading.read(ROOT), JULY)
    # The last of these is there to be found by a rule: a service without a flow.
    incomplete = {item.code: item.fields for report in reports for item in report.incomplete}
    assert incomplete == {"36012100MZ-BM-0002": ("权力运行流程图",)}
    assert all(report.present + len(report.missing) == report.basic > 0 for report in reports)
    assert {code for report in reports for code, _ in report.extra} == {
        "36012100GS-FX-0001",
        "36012100GT-GK-0003",
        "36012100MZ-BM-0002",
    }
    assert sum(report.basic for report in reports) == len(read(ROOT)) == 77
    assert all("待核" in item.source for item in read(ROOT))


def test_an_item_out_of_force_is_neither_present_nor_extra() -> None:
    assert report(ROOT, GS, NOVEMBER).extra == ()
    basic = report(ROOT, FC, date(2011, 12, 31))
    assert (basic.present, len(basic.missing)) == (0, basic.basic)


def test_an_item_is_found_by_another_name(folder: Path) -> None:
    path = folder / "basic_catalogue.csv"
    before = report(folder, FC)
    text = path.read_text("utf-8")
    path.write_text(
        text.replace("商品房预售许可,,", "预售许可证核发,商品房预售许可、预售证,"), "utf-8"
    )
    assert report(folder, FC) == before
    path.write_text(text.replace("商品房预售许可,,", "预售许可证核发,,"), "utf-8")
    after = report(folder, FC)
    assert [item.name for item in after.missing if item not in before.missing] == ["预售许可证核发"]
    assert after.extra == (("36012100FC-XK-0001", "商品房预售许可"),)


@pytest.mark.parametrize(
    ("file", "old", "new", "field"),
    [
        ("fc/FC-QT-0001.yml", "content: ", "content: 待定 # ", "内容"),
        ("fc/FC-QT-0001.yml", "conditions: ", "conditions: 详见附件 # ", "条件"),
        ("fc/FC-QT-0001.yml", "supervision_channel: ", "supervision_channel: 局办公室 # ", "监督渠道"),
        ("gs/GS-CF-0001.yml", "discretion:", "discretion: []\nmaterials: []\nx:", "裁量基准"),
    ],
)  # fmt: skip
def test_what_is_not_filled_in_is_named(
    folder: Path, file: str, old: str, new: str, field: str
) -> None:
    path = folder / "items" / file
    text = path.read_text("utf-8").replace(old, new, 1)
    if "x:" in new:  # drops the whole list
        text = text[: text.index("x:")] + text[text.index("versions:") :]
    path.write_text(text, "utf-8")
    assert catalogue.check(folder) == []
    (found,) = report(folder, "36012100" + path.stem[:2]).incomplete
    assert (found.code, found.fields) == (f"36012100{path.stem}", (field,))


def test_a_basis_that_cites_nothing_is_no_basis(folder: Path) -> None:
    path = folder / "items/fc/FC-BM-0001.yml"
    lines = path.read_text("utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("  - 《") and "〔" not in line]
    kept.insert(kept.index("basis:") + 1, "  - 法律")
    path.write_text("\n".join(kept), "utf-8")
    (found,) = report(folder, FC).incomplete
    assert found.fields == ("依据",)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("36012100GA,XK,普通", "36012100XX,XK,普通", "body 36012100XX is unknown"),
        ("36012100GA,XK,普通", "36012100GA,QQ,普通", "type 'QQ' is unknown"),
        ("往来港澳通行证签发,,", "往来港澳通行证签发,普通护照签发,", "stands in line"),
    ],
)
def test_a_wrong_row_of_the_basic_catalogue_is_named(
    folder: Path, old: str, new: str, says: str
) -> None:
    path = folder / "basic_catalogue.csv"
    text = path.read_text("utf-8")
    path.write_text(text.replace(old, new, 1), "utf-8")
    (error,) = catalogue.check(folder)
    assert (error.file, says in error.what) == (path, True)
    assert new in path.read_text("utf-8").splitlines()[(error.line or 0) - 1]


def test_the_command() -> None:
    shown = CliRunner().invoke(app, ["catalogue", "completeness", "--on", "2012-07-02", "--json"])
    assert shown.exit_code == 1
    document = json.loads(shown.output)
    assert document["unread"] == []
    assert {b["body"]: b["present"] for b in document["bodies"]} == {
        r.body: r.present for r in assess(loading.read(ROOT), JULY)
    }
