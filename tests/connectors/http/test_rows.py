"""What becomes of a body: digits, charsets, nested parts, codes that say no, and the other formats."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.http import json_rows
from hub.core.errors import SourceRefused, SourceUnavailable, SpecError
from tests.connectors.http.conftest import OpenHttp, cases, numbers
from tests.services import rest

ONE = {"path": "/cases", "paging": {"by": "none"}}


def body(service: rest.Service, content: bytes, kind: str = "application/json") -> None:
    service.routes["/cases"] = lambda _: rest.Reply(content, headers={"Content-Type": kind})


def test_values_are_what_the_source_wrote(open_http: OpenHttp, service: rest.Service) -> None:
    body(
        service,
        """[{"id": 12345678901234567890123, "fee": 0.10, "big": 1E+3, "small": 25e-4, "yes": true,
        "none": null, "empty": "", "name": "𠮷😀", "parts": {"费": [1.50, "x"]}, "odd": 1e999999}]""".encode(),
    )
    (row,) = open_http(**ONE).read()
    assert {name: value for name, value in row.items() if not name.startswith("_")} == {
        "id": "12345678901234567890123", "fee": "0.10", "big": "1000", "small": "0.0025", "yes": "true",
        "none": None, "empty": "", "name": "𠮷😀", "parts": '{"费":[1.50,"x"]}', "odd": "1e999999",
    }  # fmt: skip


def test_fields_by_path(open_http: OpenHttp, service: rest.Service) -> None:
    body(service, b'[{"a": {"b": [7, {"c": "x"}]}, "d.e": 1}, {"a": null}]')
    reader = open_http(**ONE, fields={"c": "a.b.1.c", "first": "/a/b/0", "dotted": "/d.e"})
    rows = [(row["c"], row["first"], row["dotted"]) for row in reader.read()]
    assert rows == [("x", "7", "1"), (None, None, None)]


def test_a_field_that_no_row_has_is_a_missing_column(
    open_http: OpenHttp, service: rest.Service
) -> None:
    """A renamed member must not look like an empty one."""
    body(service, b'[{"no": "1", "note": null}]')
    fields = {"no": "no", "note": "note", "gone": "was.here"}
    assert set(open_http(**ONE, fields=fields).batches()[0].table.column_names) >= {"no", "note"}
    assert "gone" not in open_http(**ONE, fields=fields).batches()[0].table.column_names
    kept = open_http(**ONE, fields=fields, omits_empty=True).batches()[0].table
    assert kept["gone"].null_count == 1


def test_rows_that_cannot_be_decoded_are_delivered_as_they_came(
    open_http: OpenHttp, service: rest.Service
) -> None:
    rows = [
        '{"no":"1","name":"张"}'.encode("gb18030"), b'{"no":"2","name":"\xff\x81"}',
        rb'{"no":"3","name":"\ud800"}', rb'{"no":"4","name":"a\u0000"}', b'"5"', b'{"no":"6"}',
    ]  # fmt: skip
    body(service, b"[" + b",".join(rows) + b"]", "application/json; charset=GBK")
    read = open_http(**ONE).read()
    assert [row["_defect"] for row in read] == [
        None, "illegal_bytes", "illegal_bytes", "illegal_bytes", "damaged_row", None,
    ]  # fmt: skip
    assert read[0]["name"] == "张"
    assert read[1]["_bytes"] == rows[1]
    assert [row["no"] for row in read] == ["1", "2", "3", "4", None, "6"]
    assert read[4]["_bytes"] == b'"5"'


def test_deleted_rows(open_http: OpenHttp, service: rest.Service) -> None:
    body(service, b'[{"no": 1, "zt": 9}, {"no": 2, "zt": 1}, {"no": 3, "zt": null}]')
    marked = {"deletes": "flag", "deleted": {"column": "zt", "equals": ["9"]}}
    assert [row["_deleted"] for row in open_http(**ONE, **marked).read()] == [True, False, False]
    body(service, b'[{"no": 1}]')
    with pytest.raises(SourceRefused, match="no column zt"):
        open_http(**ONE, **marked).read()


OK = {"rows": "data", "ok": {"path": "code", "equals": ["0", "200"], "busy": ["503"]}}


def test_codes_in_a_good_answer(open_http: OpenHttp, service: rest.Service) -> None:
    """Services that answer 200 whatever happened."""
    secret = "张三 360121199001011234 查无此人"
    answers = {0: [{"no": 1}], "200": [], 500: None}
    for code, rows in answers.items():
        document = {"code": code, "message": secret, "data": rows}
        service.routes["/cases"] = lambda _, document=document: rest.document(document)
        if code != 500:
            assert len(open_http(**ONE, **OK).read()) == len(rows or [])
            continue
        with pytest.raises(SourceRefused, match="code 500 at 'code'") as failure:
            open_http(**ONE, **OK).read()
        assert "张三" not in str(failure.value)
    for content, said in (({"code": "360121199001011234"}, "■■■"), ({}, "no code")):
        service.routes["/cases"] = lambda _, content=content: rest.document(content)
        with pytest.raises(SourceRefused, match=said):
            open_http(**ONE, **OK).read()


def test_a_code_that_says_busy_is_asked_again(open_http: OpenHttp, service: rest.Service) -> None:
    service.routes["/cases"] = lambda _: rest.document({"code": 0, "data": cases(2)})
    service.faults.append(rest.document({"code": 503}))
    reader = open_http(**ONE, **OK)
    assert len(reader.read()) == 2
    assert len(reader.pauses) == 1
    service.faults += [rest.document({"code": 503})] * 9
    with pytest.raises(SourceUnavailable, match="code 503"):
        reader.read()


@pytest.mark.parametrize(
    ("content", "what"), [(b'{"x": []}', "nothing at 'data'"), (b'{"data": {}}', "no list at 'data'")]
)  # fmt: skip
def test_rows_that_are_not_there(
    open_http: OpenHttp, service: rest.Service, content: bytes, what: str
) -> None:
    body(service, content)
    with pytest.raises(SourceRefused, match=what):
        open_http(**ONE, rows="data").read()


def test_no_json(open_http: OpenHttp, service: rest.Service) -> None:
    for content in (b"", b"{", b"[" * 100_000):
        body(service, content)
        with pytest.raises(SourceUnavailable, match="no json"):
            open_http(**ONE).read()
    service.routes["/cases"] = lambda _: rest.Reply(status=204)
    assert open_http(**ONE).read() == []


def test_json_lines(open_http: OpenHttp, service: rest.Service) -> None:
    body(service, b'{"no": 1}\r\n\n{"no": 2\n{"no": 3.0}\n')
    read = open_http(**ONE, format="jsonl").read()
    assert [(row["no"], row["_defect"]) for row in read] == [
        ("1", None), (None, "damaged_row"), ("3.0", None),
    ]  # fmt: skip
    assert read[1]["_bytes"] == b'{"no": 2'
    body(service, b'{"no": 1}\n{"no": 2')
    with pytest.raises(SourceUnavailable):
        open_http(**ONE, format="jsonl").read()


def test_csv(open_http: OpenHttp, service: rest.Service) -> None:
    content = 'no;name\n1;"张;三"\n2\n'.encode("gb18030") + b"3;\xff\n"
    body(service, content, "text/csv; charset=gb2312")
    read = open_http(**ONE, format="csv", delimiter=";").read()
    assert (read[0]["no"], read[0]["name"]) == ("1", "张;三")
    assert [row["_defect"] for row in read] == [None, "damaged_row", "illegal_bytes"]
    body(service, b"")
    assert open_http(**ONE, format="csv").read() == []


XML = """<?xml version="1.0" encoding="GB2312"?>
<r xmlns="urn:x"><code>0</code><n>2</n><c id="1"><m>张㐀</m></c><c id="2"/></r>"""


def test_xml(open_http: OpenHttp, service: rest.Service) -> None:
    form = {
        "format": "xml", "rows": "/x:r/x:c", "fields": {"id": "@id", "m": "x:m"}, "total": "//x:n",
        "namespaces": {"x": "urn:x"}, "ok": {"path": "/x:r/x:code", "equals": ["0"]},
    }  # fmt: skip
    body(service, XML.encode("gb18030"), "text/xml")
    assert [(row["id"], row["m"]) for row in open_http(**ONE, **form).read()] == [
        ("1", "张㐀"), ("2", None),
    ]  # fmt: skip
    bomb = '<!DOCTYPE r [<!ENTITY a "x">]>' + XML.partition("?>")[2].replace("张", "&a;")
    body(service, bomb.encode())
    with pytest.raises(SourceUnavailable, match="no xml"):
        open_http(**ONE, **form).read()


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"paging": {"by": "offset"}}, "limit"),
        ({"paging": {"by": "offset", "limit": 5, "overlap": 5}}, "overlap"),
        ({"body": {}}, "POST"),
        ({"path": "http://other/"}, "below the URL"),
        ({"fields": {"a": "a"}, "since": {"param": "s", "field": "b", "lag": "1h"}}, "b is not among"),
        ({"since": {"param": "s", "field": "b", "lag": "soon"}}, "lag"),
        ({"since": {"param": "s", "field": "b", "format": "number", "lag": "1h"}}, "lag"),
        ({"format": "xml", "rows": "///", "fields": {"a": "a"}}, "rows"),
        ({"format": "yaml"}, "no format 'yaml'"),
        ({"pagin": {}}, "pagin"),
    ],
)  # fmt: skip
def test_settings_are_checked(open_http: OpenHttp, wrong: dict[str, object], what: str) -> None:
    with pytest.raises(SpecError, match=what) as failure:
        open_http(**(ONE | wrong))
    assert (failure.value.line or 0) >= 8


JSON_TEXT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False, places=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(st.text(min_size=1), JSON_TEXT, max_size=4), max_size=5))
def test_nothing_is_lost_whatever_the_rows(rows: list[dict[str, object]]) -> None:
    """Every row is there; what is not marked as a defect reads back as what was sent."""
    sent = json.dumps(rows, default=float, ensure_ascii=True).encode()
    parsed = json_rows.parsed(sent, "utf-8")
    columns, defects, present = json_rows.columns(parsed, None, "utf-8")
    assert present == frozenset(columns)
    for place, row in enumerate(parsed):
        if place in defects:
            assert defects[place][0] == "illegal_bytes"
            continue
        values = [column[place].as_py() for column in columns.values()]
        given_values = [
            value for value in map(json_rows.text_of, row.values()) if value is not None
        ]
        assert sorted(value for value in values if value is not None) == sorted(given_values)


@settings(max_examples=200, deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_numbers_keep_their_digits(number: Decimal) -> None:
    assert Decimal(json_rows.plain(f"{number:E}")) == number


def test_number_of_rows_is_kept(open_http: OpenHttp, service: rest.Service) -> None:
    body(service, json.dumps(cases(3)).encode())
    assert numbers(open_http(**ONE).read()) == numbers(cases(3))
