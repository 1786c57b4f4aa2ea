"""Files as datasets that could be read: kinds told apart by name and content, settings that read them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import connectors
from connectors.files.recognising import format_of
from connectors.offer import Offer
from hub.core.errors import SourceRefused, SpecError
from hub.core.settings import CONTENT_ROOT
from hub.core.specs import Department, DepartmentSpec, Owner, SpecFile, Title
from tests.connectors.files.test_access import REAL, needs_sample, needs_tools

SAMPLES = CONTENT_ROOT / "departments"


def department(connector: str = "files") -> Department:
    """A department of which nothing is written yet."""
    spec = DepartmentSpec(
        title=Title(zh="测试局", en="Test"), body="36012100CS", owner=Owner(name="x", contact="x"),
        connector=connector, connection="test_source", datasets={"x": {}},
    )  # fmt: skip
    return Department("desk", Path("desk"), spec, SpecFile(Path("desk/source.yml"), {}, {}))


def offers(folder: Path, *wanted: str) -> list[Offer]:
    return list(connectors.offers(department(), folder.as_uri(), wanted))


def rows(offer: Offer, most: int = 1_000) -> int:
    return sum(table.num_rows for table in offer.sample(most))


@pytest.mark.parametrize(
    ("slug", "kind", "found"),
    [
        ("civil_affairs", "dbf", {"MZBJ*Q*.DBF": 2, "MZGK*.DBF": 1}),
        ("housing", "excel", {"办件登记*.xlsx": 2}),
        ("industry_commerce", "text", {"GSBJ_*.txt": 2}),
    ],
)
def test_the_samples_of_departments(slug: str, kind: str, found: dict[str, int]) -> None:
    given = offers(SAMPLES / slug / "sample")
    assert {offer.title: rows(offer) for offer in given} == found
    assert {offer.settings["format"] for offer in given} == {kind}


def test_packages_hold_records_in_records() -> None:
    given = {
        offer.title.partition("#")[2]: offer
        for offer in offers(SAMPLES / "public_security" / "sample")
    }
    assert given["Case"].settings["rows"] == "/Package/Body/Case"
    assert given["Step"].settings["fields"]["CaseNo"] == "../../CaseNo"
    assert rows(given["Case"]) == 2
    assert rows(given["Step"]) > 2


def test_the_header_of_a_sheet_and_its_subtotals() -> None:
    (offer,) = offers(SAMPLES / "housing" / "sample")
    assert offer.settings["header"] == {"contains": ["序号", "收件编号", "事项代码"]}
    assert {rule["name"] for rule in offer.settings["furniture"]} == {"subtotal", "blank"}


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"A|B\n1|2\n", "text"), (b'{"a": 1}\n', "jsonl"), (b"[1]\n", "text"), (b"", "text"),
        (b"<?xml version='1.0'?><Package><Body/></Package>", "xml"), (b"<Package><Head/><Body/></Package>", "xml"),
        (b"<html><table></table></html>", "excel"), (b"<!DOCTYPE html><html></html>", "excel"),
        (b"\xef\xbb\xbf<table><tr></tr></table>", "excel"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related\n", "excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "excel"),
        (b"\x00\x01\x00\x00Standard Jet DB\x00", "access"), (b"\x00\x01\x00\x00Standard ACE DB\x00", "access"),
        (b"PK\x03\x04 no archive", "archive"),
    ],
)  # fmt: skip
def test_kinds_are_told_by_content(tmp_path: Path, data: bytes, kind: str) -> None:
    path = tmp_path / "export.xls"
    path.write_bytes(data)
    assert format_of(path) == kind


@pytest.mark.parametrize("delimiter", ["|", "\t", ",", ";", "|@|"])
def test_delimiters(folder: Path, delimiter: str) -> None:
    lines = [
        delimiter.join(("编号", "名称", "日期")),
        *(delimiter.join((str(n), "某", "2012-03-05")) for n in range(9)),
    ]
    (folder / "a.txt").write_bytes("\n".join(lines).encode("gb18030"))
    (offer,) = offers(folder)
    assert (offer.settings["delimiter"], offer.settings["header"]) == (delimiter, True)
    (table,) = [part for part in offer.sample(100) if part.num_rows]
    assert table.column_names[:3] == ["编号", "名称", "日期"]
    assert table.num_rows == 9


def test_files_that_are_still_written_and_memos_are_left(folder: Path) -> None:
    for name in ("a.txt.part", ".hidden", "b.tmp", "MEMO.FPT"):
        (folder / name).write_text("x|y\n")
    (folder / "empty.txt").write_text("")
    with pytest.raises(SpecError, match="no file") as told:
        offers(folder)
    assert "b.tmp" in told.value.remedy


def test_patterns_choose(folder: Path) -> None:
    (folder / "deep").mkdir()
    for name in ("a1.txt", "a2.txt", "deep/b1.txt"):
        (folder / name).write_text("X|Y\n1|2\n")
    assert [offer.title for offer in offers(folder)] == ["a*.txt", "deep/b*.txt"]
    assert [offer.title for offer in offers(folder, "deep/*")] == ["deep/*"]


def test_a_file_that_cannot_be_read_holds_up_no_other(folder: Path) -> None:
    shutil.copy(next((SAMPLES / "civil_affairs" / "sample").glob("MZGK*.DBF")), folder / "GK1.DBF")
    with pytest.raises(SourceRefused):
        rows(*offers(folder))  # its memo file is missing
    shutil.copy(next((SAMPLES / "civil_affairs" / "sample").glob("MZGK*.FPT")), folder / "GK1.FPT")
    data = (folder / "GK1.DBF").read_bytes()
    (folder / "GK2.DBF").write_bytes(data[:-30])
    (offer,) = offers(folder)
    assert rows(offer) == 1


def test_a_sample_is_no_larger_than_asked(folder: Path) -> None:
    for number in range(5):
        (folder / f"a{number}.txt").write_text("X|Y\n" + "1|2\n" * 10)
    (offer,) = offers(folder)
    assert rows(offer, 15) == 20  # whole slices, the file after them is not opened


def test_an_unknown_access_method(folder: Path) -> None:
    with pytest.raises(SpecError, match="no access method"):
        list(connectors.offers(department("telepathy"), folder.as_uri()))


def test_a_url_of_another_kind() -> None:
    unreadable: Any = "https://example.invalid"
    with pytest.raises(SpecError, match="no URL"):
        list(connectors.offers(department(), unreadable))


@needs_tools
@needs_sample
def test_tables_of_an_access_database(folder: Path) -> None:
    shutil.copy(REAL, folder / "register2012.mdb")
    given = offers(folder)
    assert [offer.title for offer in given] == ["register*.mdb#Table1"]
    assert rows(given[0]) == 7
