"""zeep on our own session: it speaks the protocol, `connectors.http.session` decides whom to ask and what to try again.

Nothing is fetched but the WSDL and what it imports from the same host or the department's folder; nothing is cached;
document types and entities are refused. Messages name operations and codes, never texts of the service.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import zeep
from zeep import exceptions
from zeep.helpers import serialize_object
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken

from connectors.http.connection import WebConnection
from connectors.http.session import Answer, Denied, Passing, Question, Session
from connectors.settings import SUBSETS_OF_GB18030
from connectors.soap.settings import SoapSettings
from hub.core.errors import SourceRefused
from hub.core.privacy import mask_message

XML_TYPES = ("text/xml", "application/soap+xml", "application/xml", "multipart/related")
FAULT_STATUS = (400, 500)
"""With which a SOAP fault comes: 500, in SOAP 1.2 also 400."""
STRANGERS_FAULT = (
    "failedauthentication", "invalidsecurity", "invalidsecuritytoken", "failedcheck", "messageexpired",
)  # fmt: skip
"""Fault codes of WS-Security that say: not you, or not now by your clock."""
SERVERS_FAULT = ("server", "receiver")
"""Fault codes that say: not because of what was asked."""
_DECLARATION = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.-]+)["'][^>]*\?>""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.-]+)""", re.IGNORECASE)
_LONGEST_CODE = 60


class SessionTransport(Transport):
    """What zeep asks goes through our session. `folder`: where WSDL files may lie. `date`: of the last answer."""

    def __init__(self, session: Session, folder: Path) -> None:
        super().__init__(cache=None)  # type: ignore[no-untyped-call]
        self.web, self.folder = session, folder.resolve()
        self.date: str | None = None

    def load(self, url: str) -> bytes:
        """A WSDL or schema. Raises SourceRefused for other hosts and files outside the folder."""
        if "://" in url and not url.startswith("file:"):
            return self.web.ask(Question("GET", url), lambda answer: answer.body)
        path = Path(url.removeprefix("file://")).resolve()
        if not path.is_relative_to(self.folder):
            raise SourceRefused(
                f"the WSDL wants {path.name} from outside the department's folder", where=self.web.where,
                remedy="put the schemas it imports beside it",
            )  # fmt: skip
        try:
            return path.read_bytes()
        except OSError as failure:
            raise SourceRefused(
                f"{path.name} cannot be read ({failure.strerror})", where=self.web.where,
                remedy="put the WSDL and the schemas it imports into the department's folder",
            ) from None  # fmt: skip

    def post(self, address: str, message: Any, headers: Mapping[str, str]) -> Any:
        """One attempt. Faults are answers; other errors raise as the session does."""
        question = Question("POST", address, content=message, headers=headers, accepts=_is_fault)
        answer = self.web.answer(question)
        self.date = answer.headers.get("date")
        if answer.body and answer.content_type not in XML_TYPES:
            raise SourceRefused(
                f"answers {answer.content_type or 'without a type'}, which is no SOAP", where=self.web.where,
                remedy="the connection's URL must be that of the service itself",
            )  # fmt: skip
        return SimpleNamespace(
            status_code=answer.status,
            content=_as_utf8(answer),
            headers=answer.headers,
            encoding="utf-8",
        )


class SoapClient:
    """One operation of one service."""

    def __init__(self, settings: SoapSettings, session: Session, folder: Path) -> None:
        self.settings, self.session = settings, session
        self.transport = SessionTransport(session, folder)
        connection = session.connection
        with self._named(
            "its WSDL cannot be used", "compare 'wsdl' in source.yml with the service"
        ):
            # Entities: forbidden by default, said here because much depends on it.
            self._zeep = zeep.Client(  # type: ignore[no-untyped-call]
                _location(settings, connection, folder), transport=self.transport, wsse=_token(connection),
                settings=zeep.Settings(forbid_dtd=True, forbid_entities=True),
            )  # fmt: skip
        self._service = self._bound()

    def _bound(self) -> Any:
        """The port, at the connection's own address: the one in the WSDL is often that of an inner machine."""
        services = self._zeep.wsdl.services
        service = _chosen(services, self.settings.service, "service", self.session.where)
        port = _chosen(service.ports, self.settings.port, "port", self.session.where)
        operations = port.binding.all()
        if self.settings.operation not in operations:
            raise SourceRefused(
                f"the WSDL has no operation {self.settings.operation}", where=self.session.where,
                remedy=f"it has {', '.join(sorted(operations))}",
            )  # fmt: skip
        return self._zeep.create_service(port.binding.name.text, self.session.connection.base)  # type: ignore[no-untyped-call]

    def call(self, arguments: Mapping[str, Any]) -> Any:
        """The result as dicts, lists and values. Raises Passing and SourceRefused."""
        operation = self.settings.operation
        with self._named(f"{operation} cannot be called", "compare 'arguments' with the WSDL"):
            return serialize_object(self._service[operation](**arguments), dict)  # type: ignore[no-untyped-call]

    @contextmanager
    def _named(self, what: str, remedy: str) -> Iterator[None]:
        """zeep's errors as ours."""
        where = self.session.where
        try:
            yield
        except exceptions.Fault as fault:
            raise _of_fault(fault, where) from None
        except exceptions.TransportError:
            # Its own text holds the answer.
            raise Passing("the answer is no well-formed XML") from None
        except (exceptions.ValidationError, TypeError, exceptions.LookupError) as failure:
            said = mask_message(" ".join(str(failure).split()))[:300]
            raise SourceRefused(f"{what} ({said})", where=where, remedy=remedy) from None
        except (exceptions.Error, SyntaxError) as failure:
            said = type(failure).__name__
            raise SourceRefused(f"{what} ({said})", where=where, remedy=remedy) from None


def _of_fault(fault: exceptions.Fault, where: str) -> Exception:
    """By its code only: the text beside it may name people."""
    codes = [str(code).rpartition(":")[2] for code in (fault.code, *(fault.subcodes or ())) if code]
    code = codes[-1].rpartition("}")[2] if codes else "without a code"
    said = f"answers with the fault {mask_message(code[:_LONGEST_CODE])}"
    if code.lower() in STRANGERS_FAULT:
        return Denied(said, where=where, remedy="check user, password and wsse of the connection")
    if code.split(".")[0].lower() in SERVERS_FAULT:
        return Passing(said)
    return SourceRefused(said, where=where, remedy="look the code up in the service's description")


def _location(settings: SoapSettings, connection: WebConnection, folder: Path) -> str:
    place = settings.wsdl
    if place.startswith("?"):
        return connection.base + place
    return connection.origin + place if place.startswith("/") else str(folder.resolve() / place)


def _token(connection: WebConnection) -> Any:
    if connection.wsse is None:
        return None
    return UsernameToken(  # type: ignore[no-untyped-call]
        connection.user, connection.password, use_digest=connection.wsse == "digest"
    )


def _chosen(found: Mapping[str, Any], name: str | None, kind: str, where: str) -> Any:
    chosen = name or next(iter(found), "")
    if chosen in found:
        return found[chosen]
    raise SourceRefused(
        f"the WSDL has no {kind} {name or ''}".rstrip(), where=where,
        remedy=f"it has {', '.join(sorted(found)) or 'none'}",
    )  # fmt: skip


def _is_fault(answer: Answer) -> bool:
    return (
        answer.status in FAULT_STATUS
        and answer.content_type in XML_TYPES
        and b"Fault" in answer.body
    )


def _as_utf8(answer: Answer) -> bytes:
    """The body, where it is in a Chinese charset: the parser knows only the smaller ones of those."""
    declared = _DECLARATION.match(answer.body[:200])
    sent = _CHARSET.search(answer.headers.get("content-type", ""))
    name = sent[1].lower() if sent else declared[1].decode("ascii").lower() if declared else ""
    if name not in {*SUBSETS_OF_GB18030, "gb18030"}:
        return answer.body
    try:
        text = answer.body[declared.end() if declared else 0 :].decode("gb18030")
    except UnicodeDecodeError:
        raise Passing(f"the answer holds bytes that are not of {name}") from None
    return text.encode()
