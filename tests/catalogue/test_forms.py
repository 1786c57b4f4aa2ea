"""The forms: what is exported comes back the same, nothing is lost, and only what changed is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl
import pytest

import catalogue
from catalogue.forms import importing, rows, workbook
from catalogue.forms.layout import forms
from hub.core.errors import SpecError

Rows = dict[str, list[dict[str, Any]]]
HOMESTEAD, FAIR = "36012100GT-XK-0002", "36012100GS-FX-0001"


def exported(path: Path, on: date | None = None, change: Callable[[Rows], None] | None = None) -> Path:  # fmt: skip
    """Our catalogue as a workbook, after a change of its rows."""
    loaded = catalogue.load()
    found: Rows = rows.rows(loaded.items(), loaded.names(), on)
    if change:
        change(found)
    workbook.write(path / "forms.xlsx", found)
    return path / "forms.xlsx"


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.yml")}


def test_what_is_exported_comes_back_without_a_file_being_touched(
    tmp_path: Path, folder: Path
) -> None:
    plan = importing.plan(exported(tmp_path), root=folder)
    assert (plan.errors, plan.changes, plan.kept) == ((), (), ())
    assert set(plan.unchanged) == {item.code for item in catalogue.load().items()}


def test_an_empty_folder_is_filled_with_the_same_catalogue(tmp_path: Path, folder: Path) -> None:
    book = exported(tmp_path)
    for path in (folder / "items").rglob("*.yml"):
        path.unlink()
    plan = importing.plan(book, root=folder)
    assert plan.errors == ()
    assert {change.is_new for change in plan.changes} == {True}
    importing.apply(plan)
    assert catalogue.check(folder) == []
    ours, again = catalogue.load().frames(), catalogue.load(folder).frames()
    assert all(ours[name].equals(again[name]) for name in ours)
    assert catalogue.load(folder).powers == dict(catalogue.load().powers)
    assert importing.plan(book, root=folder).changes == ()


def test_the_same_catalogue_is_the_same_workbook(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    assert exported(tmp_path).read_bytes() == exported(tmp_path / "again").read_bytes()


def test_one_change_writes_one_file_and_keeps_its_comments(tmp_path: Path, folder: Path) -> None:
    def shorten(found: Rows) -> None:
        for row in found["powers"]:
            if (row["code"], row["version"]) == (HOMESTEAD, 2):
                row["promised_limit.value"] = 13
                row["result_name"] = "建设用地批准书"

    before = files(folder)
    plan = importing.plan(exported(tmp_path, change=shorten), root=folder)
    assert [(c.code, c.is_new, c.lost_comments) for c in plan.changes] == [(HOMESTEAD, False, ())]
    importing.apply(plan)
    after = files(folder)
    name = "items/gt/GT-XK-0002.yml"
    assert {n for n in before if before[n] != after[n]} == {name}
    text = after[name].decode()
    assert "# 省实施办法中宅基地面积标准的条序待核。\nbasis:" in text
    version = catalogue.load(folder).in_force(HOMESTEAD, date(2012, 7, 1))
    assert version is not None
    assert (version.promised_limit.value, version.result_name) == (13, "建设用地批准书")
    first = catalogue.load(folder).in_force(HOMESTEAD, date(2012, 6, 30))
    assert first == catalogue.load().in_force(HOMESTEAD, date(2012, 6, 30))


def test_comments_that_rewriting_drops_are_named(tmp_path: Path, folder: Path) -> None:
    path = folder / "items/gt/GT-XK-0002.yml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("mandatory: false}", "mandatory: false} # 待核", 1), "utf-8")
    plan = importing.plan(
        exported(tmp_path, change=lambda found: _set(found, HOMESTEAD, 2, charges=False, content="新内容")),
        root=folder,
    )  # fmt: skip
    assert plan.changes[0].lost_comments == ("# 待核",)


def test_versions_that_the_workbook_does_not_list_stay(tmp_path: Path, folder: Path) -> None:
    book = exported(
        tmp_path, date(2012, 7, 1), lambda found: _set(found, HOMESTEAD, 2, content="审批宅基地")
    )
    plan = importing.plan(book, root=folder)
    assert plan.errors == ()
    assert (HOMESTEAD, 1) in plan.kept
    importing.apply(plan)
    first, second = catalogue.load(folder).powers[HOMESTEAD].versions
    assert first == catalogue.load().powers[HOMESTEAD].versions[0]
    assert second.content == "审批宅基地"


def test_a_new_version_ends_the_one_before(tmp_path: Path, folder: Path) -> None:
    def revise(found: Rows) -> None:
        _set(found, FAIR, 1, effective_to=date(2012, 6, 30))
        for part, listed in found.items():
            for row in [r for r in listed if r["code"] == FAIR]:
                new = dict(row, version=2)
                if part == "powers":
                    new |= {
                        "effective_from": date(2012, 7, 1),
                        "effective_to": date(2012, 9, 30),
                        "why": "压缩时限",
                    }
                    new |= {"promised_limit.value": row["promised_limit.value"] - 1}
                if part == "steps" and row["step"] == "review":
                    new["limit.value"] = row["limit.value"] - 1
                listed.append(new)

    plan = importing.plan(exported(tmp_path, change=revise), root=folder)
    assert plan.errors == ()
    importing.apply(plan)
    assert catalogue.check(folder) == []
    versions = catalogue.load(folder).powers[FAIR].versions
    assert [(v.version, v.promised_limit.value) for v in versions] == [(1, 10), (2, 9)]
    assert versions[1].why == "压缩时限"


def test_columns_may_change_places_and_a_title_may_stand_above(
    tmp_path: Path, folder: Path
) -> None:
    from xlsxwriter import Workbook

    book = exported(tmp_path)
    moved = tmp_path / "moved.xlsx"
    target = Workbook(str(moved))
    for form in forms():
        frame = pl.read_excel(book, sheet_name=form.name, has_header=False, infer_schema_length=0)
        sheet = target.add_worksheet(form.name)
        sheet.write_string(0, 0, "南昌县行政职权目录")
        for line, row in enumerate(frame.rows()):
            for position, text in enumerate(reversed(row)):
                if text is not None:
                    sheet.write_string(line + 2, position + 1, text)
    target.close()
    plan = importing.plan(moved, root=folder)
    assert (plan.errors, plan.changes) == ((), ())


def test_the_workbook_helps_whoever_fills_it(tmp_path: Path) -> None:
    book = fastexcel.read_excel(exported(tmp_path))
    assert book.sheet_names == ["填表说明", *(form.name for form in forms()), "词表"]
    assert book.load_sheet("词表").visible == "hidden"
    guide = book.load_sheet("填表说明", header_row=None, dtypes="string").to_polars()
    explained = set(guide.select(pl.nth(0), pl.nth(1)).rows())
    assert {(f.name, c.heading) for f in forms() for c in f.columns} <= explained


def test_a_text_that_fits_no_cell_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"内容 of 权力清单, row \d+, has 40,000"):
        exported(tmp_path, change=lambda found: _set(found, HOMESTEAD, 1, content="长" * 40_000))


def _set(found: Rows, code: str, version: int, **values: Any) -> None:
    row = next(r for r in found["powers"] if (r["code"], r["version"]) == (code, version))
    row.update(values)
