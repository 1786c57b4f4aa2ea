"""A REST service on 127.0.0.1, in threads of this process: pages of rows by every kind of paging, and faults."""

from __future__ import annotations

import json
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Heard:
    """A request as it came."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer. `sent`: so many bytes of the body are sent, then the connection is cut."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    sent: int | None = None
    after: threading.Event | None = None
    """Wait for it before answering."""


Route = Callable[[Heard], Reply]


def document(content: Any, status: int = 200, **headers: str) -> Reply:
    """A JSON answer."""
    body = json.dumps(content, ensure_ascii=False).encode()
    return Reply(body, status, {"Content-Type": "application/json"} | headers)


class Service:
    """Routes by path; `faults` are answered first, one a request, whatever the path."""

    def __init__(self, server: ThreadingHTTPServer, scheme: str) -> None:
        self.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
        self.routes: dict[str, Route] = {}
        self.faults: deque[Reply] = deque()
        self.heard: list[Heard] = []
        self.closing = threading.Event()

    def reply(self, heard: Heard) -> Reply:
        """The answer to one request."""
        self.heard.append(heard)
        if self.faults:
            return self.faults.popleft()
        route = self.routes.get(heard.path)
        return route(heard) if route else Reply(b"not here", 404)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = (
        -1
    )  # head and body in one packet: else the second waits 40 ms for the first one's receipt
    service: Service

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.service.reply(Heard(self.command, parts.path, params, headers, body))
        if reply.after is not None:
            reply.after.wait(30)
        self.send_response_only(reply.status)
        if "Date" not in reply.headers:
            self.send_header("Date", self.date_time_string())
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body[: reply.sent])
        if reply.sent is not None:
            self.wfile.flush()
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing: tests look at what was heard."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Clients that give up are part of the tests."""


@contextmanager
def serving(certificate: tuple[str, str] | None = None) -> Iterator[Service]:
    """A running service; with a certificate (PEM files of it and of its key) over TLS."""
    handler = type("Handler", (_Handler,), {})
    server = _Server(("127.0.0.1", 0), handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    service = Service(server, "https" if certificate else "http")
    handler.service = service  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield service
    finally:
        service.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def by_offset(rows: Sequence[Row], most: int = 1_000) -> Route:
    """Pages by `offset` and `limit`, never more than `most` rows, with the total; rows in an envelope."""

    def route(heard: Heard) -> Reply:
        start = int(heard.params["offset"])
        size = min(int(heard.params["limit"]), most)
        listed = list(rows)
        return document(
            {"code": 200, "data": {"list": listed[start : start + size], "total": len(listed)}}
        )

    return route


def by_page(rows: Sequence[Row], size: int, beyond: str = "empty") -> Route:
    """Numbered pages from 1. `beyond` the last one: empty, the last one again, or 404."""

    def route(heard: Heard) -> Reply:
        number, last = int(heard.params["page"]), max((len(rows) + size - 1) // size, 1)
        if number > last and beyond == "missing":
            return document({"message": "no such page"}, 404)
        if number > last and beyond == "last":
            number = last
        part = list(rows[(number - 1) * size : number * size])
        return document({"rows": part, "total": len(rows)})

    return route


def by_cursor(rows: Sequence[Row], size: int) -> Route:
    """Each page names the cursor of the next one."""

    def route(heard: Heard) -> Reply:
        start = int(heard.params.get("after", "c0")[1:])
        end = start + size
        return document(
            {"rows": list(rows[start:end]), "next": f"c{end}" if end < len(rows) else None}
        )

    return route


def by_link(rows: Sequence[Row], size: int, path: str) -> Route:
    """The header Link names the next page, relative to this one; the body is the list itself."""

    def route(heard: Heard) -> Reply:
        start = int(heard.params.get("from", "0"))
        reply = document(list(rows[start : start + size]))
        if start + size < len(rows):
            reply.headers["Link"] = f'<{path}?from={start + size}>; rel="next"'
        return reply

    return route


def since(rows: Sequence[Row], field: str, size: int) -> Route:
    """Numbered pages of the rows whose field is at or above the parameter `since` and below `until`."""

    def route(heard: Heard) -> Reply:
        low, high = heard.params.get("since", ""), heard.params.get("until", "~")
        chosen = [row for row in list(rows) if row[field] is None or low <= row[field] < high]
        return by_page(chosen, size)(heard)

    return route
