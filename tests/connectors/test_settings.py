"""Settings are checked before any I/O, and an error names file and line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import connectors
from hub.core.errors import SpecError
from hub.core.settings import CONTENT_ROOT
from hub.core.specs import department_slugs, read_department

TEXT = "  cases:\n    format: text\n    files: '*.txt'\n"
EXCEL = "  cases:\n    format: excel\n    files: '*.xlsx'\n    header: {contains: [编号]}\n"
XML = "  cases:\n    format: xml\n    files: '*.xml'\n"
BROKEN = {
    "unknown format": ("files", "  cases:\n    format: mdb\n", 9, "there is no format 'mdb'"),
    "no format": ("files", "  cases:\n    files: '*'\n", 8, "there is no format"),
    "unknown key": ("files", TEXT + "    delimiter: ','\n    encoding: gbk\n", 12, "encoding"),
    "no delimiter": ("files", TEXT, 8, "delimiter"),
    "long delimiter": ("files", TEXT + "    delimiter: '|||||||||'\n", 11, "delimiter"),
    "delimiter is quote": ("files", TEXT + "    delimiter: '\"'\n", 8, "must differ"),
    "no charset": ("files", TEXT + "    delimiter: ','\n    charset: gb99\n", 12, "no charset"),
    "wide charset": ("files", TEXT + "    delimiter: ','\n    charset: utf-16\n", 12, "ASCII"),
    "nameless fields": ("files", TEXT + "    delimiter: ','\n    header: false\n", 8, "fields"),
    "outside": ("files", "  a:\n    format: dbf\n    files: ../x.dbf\n", 10, "inside the folder"),
    "half a rule": ("files", EXCEL + "    furniture:\n      - {name: subtotal}\n", 13, "matches"),
    "bad expression": (
        "files", EXCEL + "    furniture:\n      - {name: x, column: 序号, matches: '('}\n",
        13, "no regular expression",
    ),
    "bad rows": ("files", XML + "    rows: Case[1]\n    fields: {A: A}\n", 11, "plain path"),
    "bad xpath": (
        "files", XML + "    rows: //Case\n    fields:\n      A: A\n      B: 'B['\n", 14, "no XPath"
    ),
    "unknown prefix": ("files", XML + "    rows: //Case\n    fields: {A: 'p:A'}\n", 8, "fields.A"),
    "flag": (
        "exchange", "  a:\n    table: T\n    order: SN\n    flag: {column: F, new: 0}\n", 11, "flag.done"
    ),
    "no access method": ("ftp", "  a: {}\n", 4, "there is no access method 'ftp'"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_setting_names_file_and_line(case, make_department):
    connector, datasets, line, said = BROKEN[case]
    department = make_department(datasets, connector)
    with pytest.raises(SpecError, match=r".") as caught:
        connectors.check(department)
    assert said in str(caught.value)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"{department.folder / 'source.yml'}:{line}: ")
    with pytest.raises(SpecError):
        connectors.open(department, "file:///nowhere")


@pytest.mark.parametrize(
    ("connector", "datasets", "url"),
    [
        ("files", TEXT + "    delimiter: ','\n", "ftp://hub:geheim@host/folder"),
        ("files", TEXT + "    delimiter: ','\n", "file://host/folder"),
        ("exchange", "  a: {table: T, order: N, flag: {column: F, new: '0', done: '1', error: '2'}}\n",
         "mongodb://hub:geheim@host/x"),
    ],
)  # fmt: skip
def test_a_url_of_the_wrong_kind_is_named_without_its_secrets(
    connector, datasets, url, make_department
):
    with pytest.raises(SpecError) as caught:
        connectors.open(make_department(datasets, connector), url)
    assert caught.value.line == 5
    assert "test_source" in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_the_subsets_of_gb18030_are_read_as_gb18030(make_department):
    from connectors.files.settings import TextSettings

    for declared in ("GBK", "gb2312", "cp936", "gb18030"):
        settings = TextSettings(format="text", files="*", delimiter=",", charset=declared)
        assert settings.charset == "gb18030"
    assert TextSettings(format="text", files="*", delimiter=",", charset="UTF8").charset == "utf-8"


@pytest.mark.parametrize("slug", department_slugs(CONTENT_ROOT / "departments"))
def test_every_department_of_the_county_has_valid_settings(slug):
    connectors.check(read_department(CONTENT_ROOT / "departments", slug))


def test_opening_does_no_io(make_department, tmp_path: Path):
    department = make_department(TEXT + "    delimiter: ','\n")
    opened = connectors.open(department, (tmp_path / "not there").as_uri())
    assert opened.datasets == ("cases",)


def test_importing_connectors_is_light():
    heavy = "{'polars', 'pyarrow', 'lxml', 'psycopg', 'adbc_driver_manager', 'fastexcel'}"
    code = f"import sys, connectors; print(sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
