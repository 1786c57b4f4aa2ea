"""A running SOAP service: rows as elements and as text, faults, credentials, and what is not fetched."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import connectors
from connectors.soap import SoapConnector
from hub.core.errors import SourceRefused, SourceUnavailable, SpecError
from tests.services import rest, soap

Rows = list[dict[str, Any]]
SECRET = "s3cret-value"
CASES = {
    "operation": "QueryCases", "rows": "case", "total": "total", "ok": {"path": "code", "equals": ["0"]},
    "paging": {"by": "page", "page_param": "page", "size_param": "size", "size": 4},
}  # fmt: skip
TEXT = {
    "operation": "QueryText", "result": "xml", "rows": "/DATA/ROW", "paging": CASES["paging"],
    "fields": {"no": "no", "name": "name"}, "ok": {"path": "/DATA/STATE", "equals": ["1"]},
}  # fmt: skip


@pytest.fixture
def service() -> Iterator[rest.Service]:
    with rest.serving() as running:
        yield running


Open = Callable[..., SoapConnector]


@pytest.fixture
def open_soap(make_department: Any, service: rest.Service) -> Open:
    """A connector with one dataset, `cases`; its pauses are only counted, under `pauses`."""

    def opened(parameters: str = "", user: str = "", **settings: Any) -> SoapConnector:
        url = service.url.replace("://", f"://{user}") + soap.PATH + parameters
        found = connectors.open(make_department({"cases": settings}, "soap"), url)
        assert isinstance(found, SoapConnector)
        found.sleep = lambda _: None
        return found

    return opened


def rows_of(connector: SoapConnector, cursor: Any = None) -> Rows:
    return [row for b in connector.read("cases", cursor) for row in b.table.to_pylist()]


def cases(count: int) -> Rows:
    return [
        {
            "no": f"A{at:03}", "name": "张三" if at % 2 else None, "fee": f"{at}.10", "serial": 2**62 + at,
            "at": f"2012-03-01T08:00:{at:02}+08:00", "urgent": "true",
        }
        for at in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, 4, 9])
def test_rows_as_elements(open_soap: Open, service: rest.Service, count: int) -> None:
    soap.install(service, {"QueryCases": soap.structured(cases(count))})
    read = rows_of(open_soap(**CASES))
    assert [row["no"] for row in read] == [row["no"] for row in cases(count)]
    if count:
        first = {name: value for name, value in read[0].items() if not name.startswith("_")}
        assert first == {
            "no": "A000", "name": None, "fee": "0.10", "serial": str(2**62),
            "at": "2012-03-01T08:00:00+08:00", "urgent": "true",
        }  # fmt: skip
        assert read[-1]["_row"] == count
        assert read[0]["_file"] == "QueryCases"


def test_rows_as_a_text_that_is_xml(open_soap: Open, service: rest.Service) -> None:
    soap.install(service, {"QueryText": soap.as_text(cases(6))})
    read = rows_of(open_soap(**TEXT))
    assert [(row["no"], row["name"]) for row in read] == [
        (row["no"], row["name"]) for row in cases(6)
    ]
    service.routes[soap.PATH] = _text_answer("<return>not XML</return>")
    with pytest.raises(SourceUnavailable, match="the text in the result is no XML"):
        rows_of(open_soap(**TEXT))
    service.routes[soap.PATH] = _text_answer("<return/>")
    assert rows_of(open_soap(**TEXT)) == []


def _text_answer(inner: str) -> rest.Route:
    def route(heard: rest.Heard) -> rest.Reply:
        if heard.method == "GET":
            return rest.Reply(soap.WSDL.encode(), headers=soap.TYPE)
        name = "QueryTextResponse"
        return soap.enveloped(f'<{name} xmlns="{soap.NAMESPACE}">{inner}</{name}>')

    return route


def test_chinese_charsets(open_soap: Open, service: rest.Service) -> None:
    """Declared as GB2312, written in its superset."""
    rows = cases(2)
    rows[0]["name"] = "㐀𠮷"
    soap.install(service, {"QueryCases": soap.structured(rows, "GB2312")})
    assert [row["name"] for row in rows_of(open_soap(**CASES))] == ["㐀𠮷", "张三"]


def test_since_and_resume(open_soap: Open, service: rest.Service) -> None:
    rows = cases(9)
    soap.install(service, {"QueryCases": soap.structured(rows)})
    connector = open_soap(**CASES, since={"param": "since", "field": "at", "lag": "2s"})
    batches = list(connector.read("cases", None))
    assert batches[-1].cursor == {"position": "2012-03-01T08:00:08+08:00"}
    assert [row["no"] for row in rows_of(connector, batches[-1].cursor)] == ["A006", "A007", "A008"]
    assert sum(batch.table.num_rows for batch in connector.read_whole("cases")) == 9
    middle = connector.read_range("cases", "2012-03-01T08:00:03", "2012-03-01T08:00:05")
    assert [row["no"] for b in middle for row in b.table.to_pylist()] == ["A003", "A004"]


def test_pages_by_last_serial(open_soap: Open, service: rest.Service) -> None:
    rows = cases(9)

    def answer(asked: soap.Asked) -> rest.Reply:
        after = [row for row in rows if row["serial"] > int(asked["since"])]
        return soap.structured(after)(asked | {"page": "1", "since": ""})

    soap.install(service, {"QueryCases": answer})
    by_serial = {
        "arguments": {"page": 1, "size": 4},
        "paging": {"by": "serial", "param": "since", "field": "serial", "first": "0"},
    }
    read = rows_of(open_soap(**{"operation": "QueryCases", "rows": "case"}, **by_serial))
    assert [row["no"] for row in read] == [row["no"] for row in rows]


def test_credentials(
    open_soap: Open, service: rest.Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    soap.install(service, {"QueryCases": soap.structured(cases(1))})
    open_ticket = open_soap(f"?key={SECRET}", **CASES, credentials={"ticket": "key"})
    rows_of(open_ticket)
    assert soap.question(service.heard[-1])[1]["ticket"] == SECRET
    rows_of(open_soap(user=f"u:{SECRET}@", **CASES))
    basic = base64.b64encode(f"u:{SECRET}".encode()).decode()
    assert service.heard[-1].headers["authorization"] == f"Basic {basic}"
    for way in ("text", "digest"):
        rows_of(open_soap(f"?wsse={way}", f"u:{SECRET}@", **CASES))
        envelope = service.heard[-1].body.decode()
        assert "UsernameToken" in envelope
        assert (SECRET in envelope) == (way == "text")
        assert "authorization" not in service.heard[-1].headers
    assert SECRET not in caplog.text
    with pytest.raises(SpecError, match="has no bearer, which ticket takes"):
        open_soap(**CASES, credentials={"ticket": "bearer"})


def test_faults(open_soap: Open, service: rest.Service) -> None:
    soap.install(service, {"QueryCases": soap.structured(cases(1))})
    wsdl = rest.Reply(soap.WSDL.encode(), headers=soap.TYPE)
    service.faults += [wsdl, soap.fault("Server"), rest.Reply(status=503)]
    assert len(rows_of(open_soap(**CASES))) == 1, "both pass"
    service.faults += [wsdl, soap.fault("Client.BadRegion")]
    with pytest.raises(SourceRefused, match=r"fault Client\.BadRegion") as failure:
        rows_of(open_soap(**CASES))
    assert "张三" not in str(failure.value)
    service.faults += [wsdl, soap.fault("FailedAuthentication")]
    with pytest.raises(SourceRefused, match="FailedAuthentication") as failure:
        rows_of(open_soap(**CASES))
    assert "password" in failure.value.remedy
    service.faults += [wsdl, *[soap.fault("Server")] * 9]
    with pytest.raises(SourceUnavailable, match="fault Server"):
        rows_of(open_soap(**CASES))
    service.faults.clear()
    service.faults += [wsdl, rest.Reply(b"<html>", headers={"Content-Type": "text/html"})]
    with pytest.raises(SourceRefused, match="text/html, which is no SOAP"):
        rows_of(open_soap(**CASES))
    whole = soap.structured(cases(3))({"page": "1", "size": "4"})
    service.faults += [wsdl, rest.Reply(whole.body[:-40], headers=whole.headers)]
    assert len(rows_of(open_soap(**CASES))) == 1
    soap.install(service, {"QueryCases": soap.structured(cases(1), code=7)})
    with pytest.raises(SourceRefused, match="code 7 at 'code'"):
        rows_of(open_soap(**CASES))


def test_a_wsdl_in_the_folder(open_soap: Open, service: rest.Service) -> None:
    soap.install(service, {"QueryCases": soap.structured(cases(2))})
    connector = open_soap(**CASES, wsdl="cases.wsdl")
    with pytest.raises(SourceRefused, match=r"cases\.wsdl cannot be read"):
        rows_of(connector)
    folder: Path = connector.department.folder
    (folder / "cases.wsdl").write_text(soap.WSDL)
    assert len(rows_of(connector)) == 2
    assert {heard.method for heard in service.heard} == {"POST"}


@pytest.mark.parametrize(
    ("imported", "what"),
    [
        ("http://schemas.invalid/other.xsd", r"another host \(schemas\.invalid\)"),
        ("../../../etc/other.xsd", "outside the department's folder"),
    ],
)
def test_nothing_else_is_fetched(
    open_soap: Open, service: rest.Service, imported: str, what: str
) -> None:
    clause = f'<xs:import namespace="urn:other" schemaLocation="{imported}"/><xs:complexType name="Question">'
    wsdl = soap.WSDL.replace('<xs:complexType name="Question">', clause)
    connector = open_soap(**CASES, wsdl="cases.wsdl")
    (connector.department.folder / "cases.wsdl").write_text(wsdl)
    with pytest.raises(SourceRefused, match=what):
        rows_of(connector)


def test_entities_are_refused(open_soap: Open, service: rest.Service) -> None:
    soap.install(service, {"QueryCases": soap.structured(cases(1))})
    wsdl = rest.Reply(soap.WSDL.encode(), headers=soap.TYPE)
    bomb = b'<!DOCTYPE x [<!ENTITY a "x">]><s:Envelope xmlns:s="urn:x">&a;</s:Envelope>'
    service.faults += [wsdl, rest.Reply(bomb, headers=soap.TYPE)]
    with pytest.raises(SourceRefused, match="DTDForbidden"):
        rows_of(open_soap(**CASES))
    assert len(rows_of(open_soap(**CASES))) == 1


def states(connector: SoapConnector) -> dict[str, str]:
    return {one.check: one.state for one in connector.diagnose()}


def test_doctor(open_soap: Open, service: rest.Service) -> None:
    soap.install(service, {"QueryCases": soap.structured(cases(2))})
    assert states(open_soap(**CASES)) == {
        "operation": "ok", "reachable": "ok", "certificate": "warning", "credentials": "ok",
        "clock_skew": "ok", "shape": "ok",
    }  # fmt: skip
    (gone,) = [
        one
        for one in open_soap(**(CASES | {"operation": "Query"})).diagnose()
        if one.state == "failed"
    ]
    assert "no operation Query" in gone.found
    assert "QueryCases, QueryText" in gone.remedy
    wrong = open_soap(**CASES, arguments={"region": "360121"})
    assert "region" in next(one.found for one in wrong.diagnose() if one.state == "failed")
    service.routes.clear()
    assert states(open_soap(**CASES))["page"] == "failed"


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"wsdl": "../x.wsdl"}, "department's folder"), ({"wsdl": "http://x/y"}, "department's folder"),
        ({"paging": {"by": "link"}}, "no link"), ({"result": "json"}, "no result 'json'"),
        ({"operation": ""}, "operation"), ({"credentials": {"ticket": "pin"}}, "ticket"),
        (TEXT | {"rows": "///"}, "rows"),
    ],
)  # fmt: skip
def test_settings_are_checked(open_soap: Open, wrong: dict[str, Any], what: str) -> None:
    with pytest.raises(SpecError, match=what):
        open_soap(**(CASES | wrong))
