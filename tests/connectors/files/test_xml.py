"""XML packages: heads, nested rows, charsets, and what is never trusted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from connectors.files import xml, xml_stream
from connectors.files.settings import XmlSettings
from hub.core.errors import SourceRefused

PACKAGE = """<?xml version="1.0" encoding="%s"?>
<Package>
  <Head><No>GA01</No><DataVer>2</DataVer></Head>
  <Body>
    <Case id="7"><CaseNo>A镕1</CaseNo><Title/>
      <Steps><Step><Code>S1</Code></Step><Step><Code>S2</Code><Note>一 <b>二</b></Note></Step></Steps>
      <Materials><Material>01</Material><Material>02</Material></Materials>
    </Case>
    <Disclosure><No>G1</No></Disclosure>
    <Case><CaseNo>A2</CaseNo><Steps><Step><Code>S9</Code></Step></Steps></Case>
  </Body>
</Package>
"""


def declared(rows: str, fields: dict[str, str], **more: object) -> XmlSettings:
    return XmlSettings.model_validate(
        {"format": "xml", "files": "*", "rows": rows, "fields": fields} | more
    )


CASES = declared(
    "/Package/Body/Case",
    {
        "CaseNo": "CaseNo", "Title": "Title", "Result": "Result", "PackageNo": "../../Head/No",
        "Id": "@id", "Materials": "Materials/Material", "Steps": "count(Steps/Step)",
    },
)  # fmt: skip
STEPS = declared(
    "/Package/Body/Case/Steps/Step",
    {
        "CaseNo": "../../CaseNo", "Code": "Code", "Note": "Note",
        "Nth": "count(preceding-sibling::Step) + 1", "DataVer": "../../../../Head/DataVer",
    },
)  # fmt: skip


def read(path: Path, settings: XmlSettings) -> list[dict]:
    parts = xml.read(path, path.name, settings)
    return [row for part in parts for row in part.table.to_pylist()]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "GA20120305_01.xml"
    path.write_bytes((PACKAGE % "GB18030").encode("gb18030"))
    return path


def own(row: dict, settings: XmlSettings) -> tuple:
    return tuple(row[name] for name in settings.fields)


def test_rows_reach_their_head_and_their_parts(package, reserved_types):
    rows = read(package, CASES)
    assert [own(row, CASES) for row in rows] == [
        ("A镕1", "", None, "GA01", "7", "01\n02", "2"),
        ("A2", None, None, "GA01", None, None, "1"),
    ]
    assert [(row["_row"], row["_file"]) for row in rows] == [
        (1, "GA20120305_01.xml"), (2, "GA20120305_01.xml"),
    ]  # fmt: skip
    (part,) = xml.read(package, "x", CASES)
    assert {name: part.table.schema.field(name).type for name in reserved_types} == reserved_types


def test_nested_rows_reach_every_level_above(package):
    rows = read(package, STEPS)
    assert [own(row, STEPS) for row in rows] == [
        ("A镕1", "S1", None, "1", "2"), ("A镕1", "S2", "一 二", "2", "2"), ("A2", "S9", None, "1", "2"),
    ]  # fmt: skip
    assert [row["_row"] for row in rows] == [1, 2, 3]


@pytest.mark.parametrize("settings", [CASES, STEPS])
def test_walked_paths_mean_what_xpath_means(package, settings, monkeypatch):
    walked = read(package, settings)
    for module, name in ((xml, "PLAIN"), (xml, "WALKED"), (xml_stream, "WALKED")):
        monkeypatch.setattr(module, name, re.compile("(?!)"))  # matches nothing
    assert read(package, settings) == walked


def test_rows_anywhere(package):
    anywhere = declared("//Step", {"Code": "Code", "CaseNo": "ancestor::Case/CaseNo"})
    assert [own(row, anywhere) for row in read(package, anywhere)] == [
        ("S1", "A镕1"), ("S2", "A镕1"), ("S9", "A2"),
    ]  # fmt: skip


def test_the_same_name_elsewhere_is_no_row(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text(
        "<P><Case><No>0</No></Case><B><Case><No>1</No><Case><No>2</No></Case></Case></B></P>"
    )
    only = declared("/P/B/Case", {"No": "No", "Inner": "Case/No"})
    assert [own(row, only) for row in read(path, only)] == [("1", "2")]


@pytest.mark.parametrize("charset", ["GB18030", "GBK", "GB2312", "UTF-8"])
def test_declared_charsets(tmp_path, charset):
    path = tmp_path / "a.xml"
    text = PACKAGE.replace("A2", "㐀𠀀") % charset
    path.write_bytes(text.encode("utf-8" if charset == "UTF-8" else "gb18030"))
    assert [row["CaseNo"] for row in read(path, CASES)] == ["A镕1", "㐀𠀀"]


def test_namespaces(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text('<P xmlns="urn:x"><Case><No>1</No></Case></P>')
    settings = declared("/p:P/p:Case", {"No": "p:No"}, namespaces={"p": "urn:x"})
    assert [own(row, settings) for row in read(path, settings)] == [("1",)]


def test_a_package_without_such_rows(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text("<Package><Head/><Body/></Package>")
    (part,) = xml.read(path, "a.xml", CASES)
    assert part.table.num_rows == 0 and part.table.column_names[0] == "CaseNo"


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"<Package>\n<Body>\n<Case>\n</Body></Package>", 4, "mismatch"),
        (b"<Package>\n<Body><Case><CaseNo>1</CaseNo></Case>\n", 3, "end"),
        (b"", None, "is no well-formed XML"),
        (b'<?xml version="1.0" encoding="GBK"?>\n<Package>\n<Body>\n<x>\xff\x41</x></Body></Package>', 4, "bytes"),
        (b'<?xml version="1.0" encoding="gb99"?>\n<Package/>', 1, "ncoding"),
        (b"<Packet/>", 1, "root element is Packet"),
        (b'<!DOCTYPE Package [<!ENTITY x "y">]><Package><Body><Case><CaseNo>&x;</CaseNo></Case></Body></Package>',
         1, "document type"),
        (b'<!DOCTYPE Package SYSTEM "file:///etc/passwd"><Package/>', 1, "document type"),
    ],
)  # fmt: skip
def test_a_broken_or_hostile_package_is_refused_with_its_line(tmp_path, content, line, said):
    path = tmp_path / "GA.xml"
    path.write_bytes(content)
    with pytest.raises(SourceRefused, match=said) as caught:
        read(path, CASES)
    assert str(caught.value).startswith(f"{path}:{line}: " if line else str(path))


def test_a_broken_package_is_left_and_the_others_are_read(open_files, folder):
    (folder / "a.xml").write_text("<P><Case><No>1</No></Case>\n<Case>")
    (folder / "b.xml").write_text("<P><Case><No>2</No></Case></P>")
    opened = open_files(format="xml", files="*.xml", rows="/P/Case", fields={"No": "No"})
    got = []
    with pytest.raises(SourceRefused, match=r"a\.xml:2: "):
        for batch in opened.read("cases", None):
            got.append(batch)
    (batch,) = got
    assert batch.table["No"].to_pylist() == ["2"] and list(batch.cursor["files"]) == ["b.xml"]
    (folder / "a.xml").write_text("<P><Case><No>1</No></Case></P>")
    (mended,) = opened.read("cases", batch.cursor)
    assert mended.table["No"].to_pylist() == ["1"]


def test_a_document_type_is_refused_before_any_row(tmp_path):
    path = tmp_path / "GA.xml"
    path.write_text('<!DOCTYPE Package [<!ENTITY x "y">]><Package><Body><Case/></Body></Package>')
    with pytest.raises(SourceRefused, match="document type"):
        next(xml_stream.row_elements(path, None, CASES))


@pytest.mark.parametrize(("settings", "watched"), [(CASES, "Code"), (STEPS, "CaseNo")])
def test_what_was_read_is_dropped_from_memory(tmp_path, settings, watched):
    path = tmp_path / "large.xml"
    steps = "<Step><Code>S</Code></Step>" * 5
    with path.open("w") as handle:
        handle.write("<Package><Head><DataVer>1</DataVer></Head><Body>")
        for number in range(5_000):
            handle.write(f"<Case><CaseNo>{number}</CaseNo><Steps>{steps}</Steps></Case>")
        handle.write("</Body></Package>")
    alive = []
    for count, element in enumerate(xml_stream.row_elements(path, None, settings), 1):
        if count % 2_500 == 0:
            alive.append(sum(1 for _ in element.getroottree().iter(watched)))
    # What is alive is what the parser has read ahead, a block of some ten kilobytes.
    assert len(alive) >= 2 and max(alive) < 2_000


def test_what_no_field_asks_for_is_dropped_too(tmp_path):
    path = tmp_path / "large.xml"
    with path.open("w") as handle:
        handle.write("<P><Head><No>7</No></Head><B><Count>9</Count>")
        handle.writelines(f"<Case><No>{n}</No><S><No>1</No></S></Case>" for n in range(20_000))
        handle.write("<Notice><No>1</No></Notice></B><Other>")
        handle.writelines(f"<x>{n}</x>" for n in range(20_000))
        handle.write("</Other><B><Notice><No>2</No></Notice></B></P>")
    notices = declared(
        "/P/B/Notice", {"No": "No", "Head": "../../Head/No", "Count": "../Count", "N": "count(No)"}
    )
    alive = [
        sum(1 for _ in element.getroottree().iter())
        for element in xml_stream.row_elements(path, None, notices)
    ]
    assert len(alive) == 2 and max(alive) < 9_000  # of 120,000 elements: what one block holds
    assert [own(row, notices) for row in read(path, notices)] == [
        ("1", "7", "9", "1"), ("2", "7", None, "1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "leaves"),
    [("@id", False), ("count(S/T)", False), ("concat(A, '-', B/C)", False), ("string(.)", False),
     (".//T", False), ("S/T[1]", False), ("count(../S)", True), ("ancestor::C/No", True),
     ("/P/Head/No", True), ("concat(A,/P/No)", True), ("A | //B", True), ("preceding-sibling::S", True),
     ("string(/P/No)", True)],
)  # fmt: skip
def test_which_expressions_may_reach_beyond_their_row(expression, leaves):
    known = xml_stream.kept_names(declared("/P/C", {"F": expression}), 2)
    assert (known is None) == leaves


words = st.text(
    st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("<>&\"'镕𠀀\n"), max_size=8
).filter(lambda text: all(ord(c) not in (0xFFFE, 0xFFFF) for c in text))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(words, words), max_size=6), st.sampled_from(["UTF-8", "GB18030"]))
def test_whatever_is_written_is_read(tmp_path_factory, cases, charset):
    root = etree.Element("P")
    for no, title in cases:
        case = etree.SubElement(root, "Case")
        etree.SubElement(case, "No").text, etree.SubElement(case, "Title").text = no, title
    path = tmp_path_factory.mktemp("xml") / "a.xml"
    path.write_bytes(etree.tostring(root, encoding=charset, xml_declaration=True))
    settings = declared("/P/Case", {"No": "No", "Title": "Title"})
    assert [own(row, settings) for row in read(path, settings)] == cases
