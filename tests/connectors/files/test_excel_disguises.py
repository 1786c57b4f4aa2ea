"""What is found under the name .xls: workbooks of Excel 5.0 to 2003, web pages, and what would end the process."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from connectors.files import excel
from connectors.files.settings import ExcelSettings
from hub.core.errors import SourceRefused
from hub.core.workbook_extent import check_extent
from tests.connectors.files import biff


def declared(**more: object) -> ExcelSettings:
    return ExcelSettings.model_validate(
        {"format": "excel", "files": "*", "header": {"contains": ["编号"]}} | more
    )


def read(path: Path, settings: ExcelSettings) -> list[dict]:
    return [row for part in excel.read(path, path.name, settings) for row in part.table.to_pylist()]


@pytest.mark.parametrize("version", [biff.BIFF5, biff.BIFF8])
def test_legacy_workbooks(tmp_path, version):
    path = tmp_path / "1998.xls"
    path.write_bytes(
        biff.workbook(
            [["登记表"], ["编号", "事项", "金额"], ["1", "户口迁移", 12.5], ["2", "国籍镕", 3]],
            version,
        )
    )
    rows = read(path, declared())
    assert [(row["编号"], row["事项"], row["金额"], row["_row"]) for row in rows] == [
        ("1", "户口迁移", "12.5", 3), ("2", "国籍镕", "3", 4),
    ]  # fmt: skip


PAGE = """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head>
<meta http-equiv="Content-Type" content="text/html; charset=%s"></head><body>
<table><tr><td>导航</td></tr></table>
<table border=1><tr><th>编号</th><th>申请人 </th><th>说明</th></tr>
<tr><td>1<td>张&amp;李<td>第一行<br>第二行</tr>
<tr><td>2</td><td colspan=2>合并</td></tr>
<tr><td rowspan=2>3</td><td>甲</td><td> </td></tr>
<tr><td>乙</td><td>尾</td></tr>
</table></body></html>"""
CELLS = [
    ("1", "张&李", "第一行\n第二行"), ("2", "合并", None), ("3", "甲", None), (None, "乙", "尾"),
]  # fmt: skip


def own(rows: list[dict]) -> list[tuple]:
    return [(row["编号"], row["申请人"], row["说明"]) for row in rows]


@pytest.mark.parametrize("charset", ["gb2312", "utf-8", "gb18030"])
def test_a_web_page_is_read_as_a_table(tmp_path, charset):
    path = tmp_path / "list.xls"
    path.write_bytes((PAGE % charset).encode(charset))
    rows = read(path, declared())
    assert own(rows) == CELLS
    assert [row["_row"] for row in rows] == [2, 3, 4, 5]


def test_an_undeclared_charset_of_a_page_is_tried_not_guessed(tmp_path):
    path = tmp_path / "list.xls"
    bare = PAGE.replace("; charset=%s", "")
    for charset in ("utf-8", "gb18030", "utf-16"):
        path.write_bytes(bare.encode(charset))
        assert own(read(path, declared())) == CELLS
    path.write_bytes((PAGE % "gbk").encode("gbk") + b"<p>\xff\xff</p>")
    with pytest.raises(SourceRefused, match="gbk"):
        read(path, declared())


def test_a_page_saved_as_one_file(tmp_path):
    import email.message

    message = email.message.EmailMessage()
    message["MIME-Version"] = "1.0"
    message.set_content("no table", subtype="plain")
    message.add_alternative(
        (PAGE % "gb2312").encode("gb2312"),
        maintype="text",
        subtype="html",
        params={"charset": "gb2312"},
    )
    path = tmp_path / "list.xls"
    path.write_bytes(message.as_bytes())
    assert own(read(path, declared())) == CELLS


def test_all_tables_of_a_page(tmp_path):
    path = tmp_path / "list.xls"
    table = "<table><tr><td>编号</td></tr><tr><td>%d</td></tr></table>"
    path.write_text(table % 1 + "<table><tr><td>x</td></tr></table>" + table % 2, "utf-8")
    rows = read(path, declared(sheets="*"))
    assert [(row["编号"], row["_file"]) for row in rows] == [
        ("1", "list.xls#1"),
        ("2", "list.xls#2"),
    ]
    path.write_text("<table><tr><td>x</td></tr></table>", "utf-8")
    with pytest.raises(SourceRefused, match="no row holds the header cells 编号"):
        read(path, declared())


def test_cells_that_are_not_closed(tmp_path):
    path = tmp_path / "list.xls"

    def page(rows: int) -> str:
        return (
            "<table><tr><td>编号"
            + "".join(f"<tr><td><font><b>{n}" for n in range(rows))
            + "</table>"
        )

    path.write_text(page(400), "utf-8")
    assert [row["编号"] for row in read(path, declared())] == [str(n) for n in range(400)]
    path.write_text(page(2_000), "utf-8")  # more than the parser nests: refused, not cut off
    with pytest.raises(SourceRefused, match="too many cells open"):
        read(path, declared())


def test_a_legacy_workbook_in_another_charset_is_refused(tmp_path):
    path = tmp_path / "1998.xls"
    path.write_bytes(
        biff.workbook([["编号"], ["户口"]], biff.BIFF5).replace("户".encode("gbk"), b"\xff\xff")
    )
    with pytest.raises(SourceRefused, match="are not gb18030"):
        read(path, declared())


def test_a_cell_at_the_far_end_is_refused_before_it_is_laid_out(tmp_path):
    path = tmp_path / "far.xlsx"
    with xlsxwriter.Workbook(path) as target:
        sheet = target.add_worksheet()
        sheet.write(0, 0, "编号")
        sheet.write(1_048_575, 16_383, "x")
    with pytest.raises(SourceRefused, match="reaches to row 1048576, column 16384"):
        read(path, declared())


@pytest.mark.parametrize("version", [biff.BIFF5, biff.BIFF8])
def test_a_damaged_cell_of_a_legacy_workbook_is_refused_before_it_is_laid_out(tmp_path, version):
    """A column that no .xls has, among sixty thousand rows, would be laid out as cells of many gigabytes."""
    path = tmp_path / "1998.xls"
    whole = biff.workbook([["编号"], [1.0], [2.0]], version)
    at = whole.rindex(b"\x03\x02\x0e\x00") + 4
    path.write_bytes(whole[:at] + struct.pack("<HH", 60_000, 0) + whole[at + 4 :])
    assert read(path, declared())[-1]["_row"] == 60_001
    path.write_bytes(whole[:at] + struct.pack("<HH", 60_000, 20_000) + whole[at + 4 :])
    with pytest.raises(SourceRefused, match="reaches to row 60001, column 20001"):
        read(path, declared())


@pytest.mark.parametrize(
    ("declares", "says"),
    [
        (struct.pack("<IIHHH", 0, 65_536, 0, 256, 0), None),
        (struct.pack("<IIHHH", 0, 65_537, 0, 256, 0), "reaches to row 65537, column 256"),
        (struct.pack("<IIHHH", 0, 65_536, 0, 257, 0), "reaches to row 65536, column 257"),
        (struct.pack("<HHHHH", 0, 9, 0, 300, 0), "reaches to row 9, column 300"),
    ],
)
def test_what_a_legacy_sheet_declares_is_bounded(tmp_path, declares, says):
    begin = b"\x09\x08\x10\x00" + bytes(16)
    stream = begin + b"\x00\x02" + struct.pack("<H", len(declares)) + declares
    data = biff.compound("Workbook", stream)
    if says is None:
        check_extent(data, tmp_path)
    else:
        with pytest.raises(SourceRefused, match=says):
            check_extent(data, tmp_path)


@pytest.mark.parametrize(
    ("at", "number"),
    [
        (44, 4_075_601_832),  # more sectors of the table than the file has
        (48, 4_000_000),  # the directory begins beyond the file
        (48, 0xFFFFFFFF),  # and nowhere
        (512 + 4 * 2, 2),  # the stream's first sector is followed by itself
        (512 + 4 * 2, 4_000_000),  # and by one beyond the file
        (1024 + 128 + 116, 4_000_000),  # the stream begins beyond the file
        (1024 + 128 + 120, 0x7FFFFFFF),  # and is longer than that
        (1024 + 128 + 120, 100),  # or so short that it should lie elsewhere
        (30, 0x00090001),  # sectors of two bytes
    ],
)
def test_a_damaged_container_is_refused_before_anything_follows_it(tmp_path, at, number):
    """Each of these asked for gigabytes, or for all there is."""
    path = tmp_path / "1998.xls"
    whole = biff.workbook([["编号"], [1.0]])
    check_extent(whole, path)
    path.write_bytes(whole[:at] + struct.pack("<I", number) + whole[at + 4 :])
    with pytest.raises(SourceRefused, match="the workbook is damaged"):
        read(path, declared())


def test_a_workbook_that_swells_is_refused(tmp_path, monkeypatch):
    from hub.core import workbook_extent

    monkeypatch.setattr(workbook_extent, "MOST_BYTES", 1 << 20)
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("xl/worksheets/sheet1.xml", b" " * (2 << 20))
    with pytest.raises(SourceRefused, match="unpacks to more"):
        read(path, declared())


def test_a_workbook_whose_parts_begin_before_the_file_is_refused(tmp_path):
    path = tmp_path / "cut.xlsx"
    with xlsxwriter.Workbook(path) as target:
        target.add_worksheet().write(0, 0, "编号")
    whole = path.read_bytes()
    at = whole.rindex(b"PK\x05\x06") + 16
    path.write_bytes(whole[:at] + struct.pack("<I", 5_000_000) + whole[at + 4 :])
    with pytest.raises(SourceRefused, match="is no Excel workbook"):
        read(path, declared())
