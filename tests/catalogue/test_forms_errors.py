"""Every kind of error that a form can hold is found, at its cell, and nothing is written."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fastexcel
import pytest
from typer.testing import CliRunner
from xlsxwriter import Workbook

import catalogue
from catalogue.forms import importing, rows, workbook
from catalogue.forms.cells import CellError
from catalogue.forms.sheets import letter
from hub.core.errors import SourceRefused, SpecError

Cells = dict[str, list[list[Any]]]
LAND, PENALTY, FAIR = "36012100GT-XK-0002", "36012100GS-CF-0001", "36012100GS-FX-0001"
WEDDING, NOTICE = "36012100MZ-QR-0001", "36012100GT-GK-0001"
TRANSFER = "36012100FC-QR-0002"


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Cells:
    """Our catalogue as the cells of a workbook: sheet → rows of texts."""
    path = tmp_path_factory.mktemp("forms") / "forms.xlsx"
    loaded = catalogue.load()
    workbook.write(path, rows.rows(loaded.items(), loaded.names()))
    book = fastexcel.read_excel(path)
    return {
        name: [list(row) for row in book.load_sheet(name, header_row=None, dtypes="string").to_polars().rows()]
        for name in book.sheet_names[1:-1]
    }  # fmt: skip


def written(path: Path, cells: Cells) -> Path:
    """A workbook of those cells; a text that begins with = is a formula that fails."""
    book = Workbook(str(path))
    for name, table in cells.items():
        sheet = book.add_worksheet(name)
        for line, row in enumerate(table):
            for position, value in enumerate(row):
                if isinstance(value, str) and value.startswith("="):
                    sheet.write_formula(line, position, value, None, "#DIV/0!")
                elif isinstance(value, int | float):
                    sheet.write_number(line, position, value)
                elif value is not None:
                    sheet.write_string(line, position, value)
    book.close()
    return path


@dataclass(frozen=True)
class Seed:
    """Write `value` into a cell: the row of `sheet` that has all of `row`, the column `heading`.

    The error is at that cell, or in the column `at` of the same row.
    """

    sheet: str
    row: tuple[str, ...]
    heading: str
    value: Any
    says: str
    at: str | None = None


SEEDS = {
    "blank": Seed("权力清单", (LAND, "1"), "监督渠道", " ", "监督渠道 未填"),
    "no date": Seed("权力清单", (LAND, "1"), "生效日期", "2012年1月1日", "不是日期"),
    "a date that is none": Seed("公开事项", (NOTICE,), "生效日期", "2012-02-30", "不是日期"),
    "a date's number": Seed("权力清单", (LAND, "1"), "失效日期", 41090, "“41090”不是日期"),
    "a time of day": Seed("权力清单", (LAND, "1"), "失效日期", "2012-06-30 12:30:00", "不是日期"),
    "no whole number": Seed("权力清单", (LAND, "1"), "法定期限", "二十", "不是正整数"),
    "half a day": Seed("环节", (LAND, "1", "受理"), "时限", 0.5, "不是正整数"),
    "no limit of zero": Seed("环节", (LAND, "1", "受理"), "时限", 0, "应不小于 1"),
    "unknown unit": Seed("权力清单", (LAND, "1"), "承诺期限单位", "天", "不在承诺期限单位的可选项中"),
    "number without unit": Seed("环节", (LAND, "1", "制证"), "时限单位", None, "数字和单位要么都填", "时限单位"),
    "neither yes nor no": Seed("权力清单", (LAND, "1"), "是否收费", "不收", "不是“是”或者“否”"),
    "unknown kind of case": Seed("权力清单", (LAND, "1"), "办件类型", "承诺", "可填 one of 即办件、承诺件"),
    "no amount": Seed("收费", (WEDDING,), "最低标准", "9元", "不是金额"),
    "thirds of a cent": Seed("收费", (WEDDING,), "最低标准", 9.005, "不是金额"),
    "code became a number": Seed("材料", (LAND, "1", "01"), "材料编码", 1, "已丢失数位"),
    "code in scientific notation": Seed("权力清单", (FAIR,), "事项编码", 3.60121e17, "已丢失数位"),
    "code malformed": Seed("权力清单", (FAIR,), "事项编码", "36012100GS-FX-1", "编码不合规则"),
    "body unknown": Seed("权力清单", (FAIR,), "事项编码", "36012100GX-FX-0001", "body 36012100GX is unknown"),
    "item in the wrong sheet": Seed("权力清单", (FAIR,), "事项编码", "36012100GS-GK-0001", "不填在本表"),
    "type against the code": Seed("权力清单", (FAIR,), "事项类型", "行政许可", "应为 it is: 非行政许可审批"),
    "body against the code": Seed("权力清单", (FAIR,), "办理主体", "县工商局", "与编码不符"),
    "version twice": Seed("权力清单", (LAND, "2"), "版本", 1, "版本重复"),
    "version left out": Seed("权力清单", (LAND, "2"), "版本", 999999999, "缺版本 3"),
    "versions overlap": Seed("权力清单", (LAND, "2"), "生效日期", "2012-06-30", "version 2 begins while version 1 holds"),
    "two levels": Seed("权力清单", (LAND, "2"), "行使层级", "市级", "行使层级不一致"),
    "promise above the law": Seed("权力清单", (LAND, "1"), "承诺期限", 21, "promised 21 working_day exceed"),
    "steps above the promise": Seed("环节", (LAND, "1", "受理"), "时限", 9, "together exceed the promised 15"),
    "step unknown": Seed("环节", (LAND, "1", "勘查岗"), "环节", "踏勘", "不在环节的可选项中"),
    "order twice": Seed("环节", (LAND, "1", "现场勘查"), "序号", 1, "序号 1 重复"),
    "mandatory without limit": Seed("环节", (LAND, "1", "决定"), "时限", None, "数字和单位要么都填", "时限"),
    "stray material": Seed("材料", (LAND, "1", "01"), "版本", 9, "权力清单中没有 36012100GT-XK-0002 版本 9", "事项编码"),
    "step to itself": Seed("流转", (LAND, "1", "受理", "审查"), "到环节", "受理", "step 'accept' follows itself", "事项编码"),
    "unknown target": Seed("流转", (WEDDING, "1", "受理", "决定"), "到环节", "制证", "unknown step 'issue'", "事项编码"),
    "material twice": Seed("材料", (LAND, "1", "02"), "材料编码", "01", "code '01' is used twice"),
    "fee upside down": Seed("收费", (WEDDING,), "最低标准", 10, "最低标准高于最高标准", "收费编码"),
    "free power with a fee": Seed("权力清单", (WEDDING,), "是否收费", "否", "a free power has a fee", None),
    "range upside down": Seed("裁量基准", (PENALTY, "1", "02"), "最低金额", 300000, "min_amount is above max_amount"),
    "fine without a range": Seed("裁量基准", (PENALTY, "1", "02"), "最高金额", None, "the fine of '02' has no range", "情形编码"),
    "risk name too long": Seed("廉政风险点", (LAND, "1", "GT_XK_002"), "风险点名称", "长" * 21, "超过 20 字"),
    "risk at another body": Seed("廉政风险点", (LAND, "1", "GT_XK_002"), "风险点编号", "MZ_XK_002", "must begin with GT_XK_"),
    "risk at no step": Seed("廉政风险点", (TRANSFER, "1"), "环节", "公示", "step 'publicity' is unknown"),
    "error of a formula": Seed("收费", (WEDDING,), "最高标准", "=1/0", "公式错误"),
    "telephones alike": Seed("权力清单", (WEDDING,), "咨询电话", "12388", "the same telephone"),
}  # fmt: skip
ELSEWHERE = {
    # Where the cell is right and another one wrong because of it.
    "free power with a fee": ("收费", (WEDDING,), "收费编码"),
}


def position(cells: Cells, sheet: str, row: tuple[str, ...], heading: str) -> tuple[int, int]:
    table = cells[sheet]
    line = next(n for n, texts in enumerate(table) if set(row) <= {text or "" for text in texts})
    return line, table[0].index(heading)


def address(cells: Cells, sheet: str, row: tuple[str, ...], heading: str) -> tuple[str, str]:
    line, column = position(cells, sheet, row, heading)
    return sheet, f"{letter(column)}{line + 1}"


@pytest.mark.parametrize("name", list(SEEDS))
def test_a_seeded_error_is_found_at_its_cell(
    name: str, cells: Cells, tmp_path: Path, folder: Path
) -> None:
    seed = SEEDS[name]
    where = ELSEWHERE.get(name, (seed.sheet, seed.row, seed.at or seed.heading))
    wanted = address(cells, *where)
    plan = importing.plan(written(tmp_path / "seeded.xlsx", _with(cells, seed)), root=folder)
    found = {(e.sheet, e.cell): e for e in plan.errors if isinstance(e, CellError)}
    assert wanted in found, [str(error) for error in plan.errors]
    assert seed.says in str(found[wanted])
    assert all(re.search("[一-龥]", error.what) for error in found.values())
    assert plan.changes == ()


def test_all_errors_are_reported_together(cells: Cells, tmp_path: Path, folder: Path) -> None:
    names = ("no date", "code became a number", "no amount", "range upside down", "error of a formula",
             "risk name too long", "body against the code", "order twice")  # fmt: skip
    seeded, wanted = cells, set()
    for name in names:
        seed = SEEDS[name]
        wanted.add(address(cells, seed.sheet, seed.row, seed.at or seed.heading))
        seeded = _with(seeded, seed)
    plan = importing.plan(written(tmp_path / "seeded.xlsx", seeded), root=folder)
    assert wanted <= {(getattr(e, "sheet", ""), getattr(e, "cell", "")) for e in plan.errors}


def test_a_gap_between_versions_needs_a_reason(cells: Cells, tmp_path: Path, folder: Path) -> None:
    later = Seed("权力清单", (LAND, "2"), "生效日期", "2012-08-01", "")
    silent = _with(_with(cells, later), Seed("权力清单", (LAND, "2"), "变更说明", None, ""))
    plan = importing.plan(written(tmp_path / "silent.xlsx", silent), root=folder)
    assert [(e.sheet, e.cell) for e in plan.errors if isinstance(e, CellError)] == [
        address(cells, "权力清单", (LAND, "2"), "生效日期")
    ]
    assert "2012-07-01" in str(plan.errors[0])
    told = importing.plan(written(tmp_path / "told.xlsx", _with(cells, later)), root=folder)
    assert told.errors == ()


@pytest.mark.parametrize(
    ("sheet", "line", "text", "cell", "says"),
    [
        ("权力清单", 0, "名称", "F1", "“名称”：不认识的列名"),
        ("材料", 0, "份数", "F1", "重复的列名"),
        ("环节", 0, None, "A1", "缺列“环节名称”"),
    ],
)
def test_headings(
    sheet: str, line: int, text: str | None, cell: str, says: str,
    cells: Cells, tmp_path: Path, folder: Path,
) -> None:  # fmt: skip
    changed = {name: [list(row) for row in table] for name, table in cells.items()}
    changed[sheet][line][5] = text
    plan = importing.plan(written(tmp_path / "headings.xlsx", changed), root=folder)
    found = {(getattr(e, "sheet", ""), getattr(e, "cell", "")): e.what for e in plan.errors}
    assert says in found.get((sheet, cell), "") or any(says in e.what for e in plan.errors)
    assert plan.changes == ()


def test_sheets_are_those_of_the_forms(cells: Cells, tmp_path: Path, folder: Path) -> None:
    other = {
        ("材料" if n != "材料" else "附件"): t for n, t in cells.items() if n in ("材料", "环节")
    }
    plan = importing.plan(written(tmp_path / "other.xlsx", other), root=folder)
    said = " ".join(error.what for error in plan.errors)
    assert "工作表“附件”不是规定的表" in said
    assert "缺工作表“权力清单”" in said
    assert "没有列名“事项编码”" not in said


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "forms.xlsx"
    path.write_text("事项编码", "utf-8")
    with pytest.raises(SpecError, match="无法作为工作簿读取"):
        importing.plan(path)


def test_a_forgotten_cell_at_the_far_end_is_refused_before_it_is_laid_out(
    cells: Cells, tmp_path: Path
) -> None:
    path = tmp_path / "far.xlsx"
    book = Workbook(str(path))
    for name, table in cells.items():
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, table[0])
    sheet.write_string(1_048_575, 16_383, "x")
    book.close()
    with pytest.raises(SourceRefused, match="row 1048576"):
        importing.plan(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"nothing\.xlsx"):
        importing.plan(tmp_path / "nothing.xlsx")


def test_the_command_names_cells_and_writes_nothing(
    cells: Cells, tmp_path: Path, folder: Path
) -> None:
    from hub.cli.commands import app

    book = written(tmp_path / "seeded.xlsx", _with(cells, SEEDS["no date"]))
    before = {path: path.read_bytes() for path in (folder / "items").rglob("*.yml")}
    arguments = ["catalogue", "import", str(book), "--items", str(folder / "items")]
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 2
    where = address(cells, "权力清单", (LAND, "1"), "生效日期")
    assert f"seeded.xlsx:{where[0]}!{where[1]}: “2012年1月1日”不是日期" in shown.output
    document = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).output)
    assert [(e["sheet"], e["cell"]) for e in document["errors"]] == [where]
    assert document["written"] is False
    assert before == {path: path.read_bytes() for path in (folder / "items").rglob("*.yml")}


def _with(cells: Cells, seed: Seed) -> Cells:
    line, column = position(cells, seed.sheet, seed.row, seed.heading)
    changed = {name: [list(row) for row in table] for name, table in cells.items()}
    changed[seed.sheet][line][column] = seed.value
    return changed
