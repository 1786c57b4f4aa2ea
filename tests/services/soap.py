"""A SOAP service on 127.0.0.1: a WSDL and a handler that reads and writes real envelopes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from tests.services import rest

NAMESPACE = "urn:test:cases"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
TYPE = {"Content-Type": "text/xml; charset=utf-8"}
PATH = "/services/Cases"

WSDL = f"""<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="{NAMESPACE}" targetNamespace="{NAMESPACE}">
  <wsdl:types>
    <xs:schema targetNamespace="{NAMESPACE}" elementFormDefault="qualified">
      <xs:complexType name="Question"><xs:sequence>
        <xs:element name="ticket" type="xs:string" minOccurs="0"/>
        <xs:element name="since" type="xs:string" minOccurs="0"/>
        <xs:element name="after" type="xs:long" minOccurs="0"/>
        <xs:element name="page" type="xs:int" minOccurs="0"/>
        <xs:element name="size" type="xs:int"/>
      </xs:sequence></xs:complexType>
      <xs:complexType name="Case"><xs:sequence>
        <xs:element name="no" type="xs:string"/>
        <xs:element name="name" type="xs:string" minOccurs="0" nillable="true"/>
        <xs:element name="fee" type="xs:decimal" minOccurs="0"/>
        <xs:element name="serial" type="xs:long"/>
        <xs:element name="at" type="xs:dateTime"/>
        <xs:element name="urgent" type="xs:boolean" minOccurs="0"/>
      </xs:sequence></xs:complexType>
      <xs:element name="QueryCases" type="t:Question"/>
      <xs:element name="QueryCasesResponse"><xs:complexType><xs:sequence>
        <xs:element name="code" type="xs:int"/>
        <xs:element name="total" type="xs:int"/>
        <xs:element name="case" type="t:Case" minOccurs="0" maxOccurs="unbounded"/>
      </xs:sequence></xs:complexType></xs:element>
      <xs:element name="QueryText" type="t:Question"/>
      <xs:element name="QueryTextResponse"><xs:complexType><xs:sequence>
        <xs:element name="return" type="xs:string" nillable="true"/>
      </xs:sequence></xs:complexType></xs:element>
    </xs:schema>
  </wsdl:types>
  <wsdl:message name="CasesIn"><wsdl:part name="parameters" element="t:QueryCases"/></wsdl:message>
  <wsdl:message name="CasesOut"><wsdl:part name="parameters" element="t:QueryCasesResponse"/></wsdl:message>
  <wsdl:message name="TextIn"><wsdl:part name="parameters" element="t:QueryText"/></wsdl:message>
  <wsdl:message name="TextOut"><wsdl:part name="parameters" element="t:QueryTextResponse"/></wsdl:message>
  <wsdl:portType name="CasesType">
    <wsdl:operation name="QueryCases"><wsdl:input message="t:CasesIn"/><wsdl:output message="t:CasesOut"/></wsdl:operation>
    <wsdl:operation name="QueryText"><wsdl:input message="t:TextIn"/><wsdl:output message="t:TextOut"/></wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="CasesBinding" type="t:CasesType">
    <soap:binding transport="http://schemas.xmlsoap.org/soap/http" style="document"/>
    <wsdl:operation name="QueryCases"><soap:operation soapAction="urn:QueryCases"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>
    <wsdl:operation name="QueryText"><soap:operation soapAction="urn:QueryText"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="Cases">
    <wsdl:port name="CasesPort" binding="t:CasesBinding">
      <soap:address location="http://inner-machine.invalid:8080{PATH}"/>
    </wsdl:port>
  </wsdl:service>
</wsdl:definitions>
"""

Row = dict[str, Any]
Asked = dict[str, str]


def question(heard: rest.Heard) -> tuple[str, Asked, Any]:
    """The operation, its arguments and the whole envelope of a request."""
    envelope = etree.fromstring(heard.body)
    (operation,) = envelope.find(f"{{{ENVELOPE}}}Body")
    arguments = {etree.QName(one).localname: one.text or "" for one in operation}
    return etree.QName(operation).localname, arguments, envelope


def enveloped(content: str, charset: str = "utf-8") -> rest.Reply:
    """A SOAP answer."""
    text = (
        f'<?xml version="1.0" encoding="{charset}"?><s:Envelope xmlns:s="{ENVELOPE}"><s:Body>{content}'
        "</s:Body></s:Envelope>"
    )
    kind = {"Content-Type": f"text/xml; charset={charset}"}
    return rest.Reply(text.encode("gb18030" if charset.startswith("GB") else charset), headers=kind)


def fault(code: str, text: str = "张三 360121199001011234") -> rest.Reply:
    """A SOAP 1.1 fault, with the status it must have."""
    inner = f"<s:Fault><faultcode>s:{code}</faultcode><faultstring>{text}</faultstring></s:Fault>"
    reply = enveloped(inner)
    return rest.Reply(reply.body, 500, reply.headers)


def _element(name: str, value: Any) -> str:
    return "" if value is None else f"<{name}>{escape(str(value))}</{name}>"


def structured(
    rows: Sequence[Row], charset: str = "utf-8", code: int = 0
) -> Callable[[Asked], rest.Reply]:
    """Pages of rows as elements that the WSDL describes."""

    def answer(asked: Asked) -> rest.Reply:
        chosen = [row for row in rows if str(row["at"]) >= asked.get("since", "")]
        size, number = int(asked["size"]), int(asked["page"])
        part = chosen[(number - 1) * size : number * size]
        cases = "".join(
            "<case>" + "".join(_element(name, value) for name, value in row.items()) + "</case>"
            for row in part
        )
        inner = f"<code>{code}</code><total>{len(chosen)}</total>{cases}"
        return enveloped(
            f'<QueryCasesResponse xmlns="{NAMESPACE}">{inner}</QueryCasesResponse>', charset
        )

    return answer


def as_text(rows: Sequence[Row]) -> Callable[[Asked], rest.Reply]:
    """Pages of rows as an XML document inside a text, with a declaration that lies about its charset."""

    def answer(asked: Asked) -> rest.Reply:
        size, number = int(asked["size"]), int(asked["page"])
        part = rows[(number - 1) * size : number * size]
        cases = "".join(
            "<ROW>" + "".join(_element(name, value) for name, value in row.items()) + "</ROW>"
            for row in part
        )
        document = f'<?xml version="1.0" encoding="GB2312"?><DATA><STATE>1</STATE>{cases}</DATA>'
        text = escape(document)
        return enveloped(
            f'<QueryTextResponse xmlns="{NAMESPACE}"><return>{text}</return></QueryTextResponse>'
        )

    return answer


def install(service: rest.Service, operations: dict[str, Callable[[Asked], rest.Reply]]) -> None:
    """Serve the WSDL and those operations at PATH."""

    def route(heard: rest.Heard) -> rest.Reply:
        if heard.method == "GET":
            return rest.Reply(WSDL.encode(), headers=TYPE)
        name, arguments, _ = question(heard)
        return operations[name](arguments)

    service.routes[PATH] = route
