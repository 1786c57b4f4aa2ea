"""Asking a web service: who we are, whom we trust, what is tried again and what is not.

Tried again, with growing pauses: no connection, an answer cut short, 408, 425, 429 and 5xx (for as long as
Retry-After says), and what the reader of an answer calls `Passing`. Not tried again: everything else. Messages name
paths and codes, never bodies or addresses with their parameters.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

from connectors.http.connection import WebConnection
from connectors.http.paths import MISSING, at, steps
from hub.core.errors import SourceRefused, SourceUnavailable

if TYPE_CHECKING:
    import httpx
    from tenacity import RetryCallState

    from connectors.pace import Pace

T = TypeVar("T")

ATTEMPTS = 5
LONGEST_WAIT: float = 120
"""Seconds that a reading waits for a service at most; one that asks for more is left for the next run."""
MOST_REDIRECTS = 5
MIB = 2**20
PASSING = {408, 425, 429}
LASTING = {501, 505}
"""Server errors that another try does not change."""


class Passing(Exception):
    """What may be over in a moment. `after`: seconds that the service asks us to wait."""

    def __init__(self, what: str, after: float | None = None) -> None:
        super().__init__(what)
        self.what, self.after = what, after


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer with a status of 2xx. `url`: without the connection's own parameters."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    next_link: str | None

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask for. `url` is a path below the connection, or an address of the same service."""

    method: str
    url: str
    params: Mapping[str, Any] | None = None
    json: Any = None
    form: Mapping[str, Any] | None = None
    content: bytes | None = None
    headers: Mapping[str, str] | None = None
    accepts: Callable[[Answer], bool] = lambda _: False
    """Answers that are answers whatever their status."""


class Session:
    """Connections to one service; use it as a context manager. `where` begins every message."""

    def __init__(
        self,
        connection: WebConnection,
        pace: Pace,
        where: str,
        *,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.connection, self.pace, self.where = connection, pace, where
        self._attempts, self._sleep = attempts, sleep
        self._client = _client(connection, where)
        self._token: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, question: Question, read: Callable[[Answer], T]) -> T:
        """The answer, as `read` understands it. Raises as `trying` does, and what `read` raises."""
        return self.trying(lambda: read(self.answer(question)), self._place(question))

    def trying(self, work: Callable[[], T], where: str) -> T:
        """Do what may raise Passing, again and again with pauses. Raises SourceUnavailable when it stays so."""
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

        retrying = Retrying(
            retry=retry_if_exception_type(Passing), stop=stop_after_attempt(self._attempts),
            wait=self._pause, sleep=self._sleep, reraise=True,
        )  # fmt: skip
        try:
            return retrying(work)
        except Passing as failure:
            raise SourceUnavailable(
                failure.what, where=where, remedy="the next run tries again"
            ) from None

    def answer(self, question: Question) -> Answer:
        """One attempt. Raises Passing and SourceRefused."""
        renewed = False
        while True:
            if self.connection.login and self._token is None:
                self._token = self._log_in()
                renewed = True
            answer = self._sent(question)
            if answer.status in (401, 403) and self.connection.login and not renewed:
                self._token = None  # tokens expire in the middle of a long reading
                continue
            if not question.accepts(answer):
                self._check_status(answer, question)
            return answer

    def _log_in(self) -> str:
        connection = self.connection
        secret = {
            connection.login_user: connection.user,
            connection.login_password: connection.password,
        }
        question = Question("POST", connection.login or "", json=secret)
        answer = self._sent(question)
        self._check_status(answer, question)
        self.pace.took(0, len(answer.body))
        import json

        try:
            token = at(json.loads(answer.body), steps(connection.token))
        except ValueError:
            token = MISSING
        if not isinstance(token, str) or not token:
            raise SourceRefused(
                f"the login gives no token at '{connection.token}'", where=self._place(question),
                remedy="check user and password, and the parameters login and token of the connection",
            )  # fmt: skip
        return token

    def _sent(self, question: Question) -> Answer:
        """One request and its redirections within the service."""
        import httpx

        self.pace.wait()
        request = self._client.build_request(
            question.method, self.connection.url(question.url), params=self._params(question),
            json=question.json, data=question.form, content=question.content,
            headers={**self._token_header(), **(question.headers or {})},
        )  # fmt: skip
        try:
            for _ in range(MOST_REDIRECTS):
                self._check_origin(str(request.url), question)
                answer, following = self._received(request)
                if following is None:
                    return answer
                request = following
        except httpx.TransportError as failure:
            self.pace.took(0)
            if _is_distrust(failure):
                raise Distrusted(
                    f"its certificate is not trusted ({_reason(failure)})", where=self._place(question),
                    remedy="have the certificate renewed, or name its authority: ca=/path/to/ca.pem",
                ) from None  # fmt: skip
            raise Passing(f"no answer ({type(failure).__name__})") from None
        except (httpx.DecodingError, httpx.StreamError) as failure:
            self.pace.took(0)
            raise Passing(f"the answer is damaged ({type(failure).__name__})") from None
        raise SourceRefused(
            f"sends us on more than {MOST_REDIRECTS} times", where=self._place(question)
        )

    def _received(self, request: httpx.Request) -> tuple[Answer, httpx.Request | None]:
        import httpx

        limit = self.connection.max_mb * MIB
        ends = time.monotonic() + 10 * self.connection.timeout
        response = self._client.send(request, stream=True)
        try:
            body = bytearray()
            for piece in response.iter_bytes():
                body += piece
                if len(body) > limit:
                    raise SourceRefused(
                        f"the answer is larger than {self.connection.max_mb} MiB", where=self.where,
                        remedy="ask for smaller pages, or raise max_mb of the connection",
                    )  # fmt: skip
                if time.monotonic() > ends:
                    raise httpx.ReadTimeout("too slow as a whole", request=request)
        finally:
            response.close()
        link = response.links.get("next", {}).get("url")
        answer = Answer(
            str(request.url), response.status_code, response.headers, bytes(body),
            str(request.url.join(link)) if link else None,
        )  # fmt: skip
        return answer, response.next_request

    def _params(self, question: Question) -> httpx.QueryParams | None:
        """The parameters to add; None leaves those of the address alone."""
        import httpx

        connection = self.connection
        own = (
            {connection.key_param: connection.key}
            if connection.key_param and connection.key
            else {}
        )
        if not question.params and not own:
            return None
        return httpx.URL(question.url).params.merge(dict(question.params or {})).merge(own)

    def _token_header(self) -> dict[str, str]:
        if self._token is None:
            return {}
        return {self.connection.token_header: f"{self.connection.token_prefix}{self._token}"}

    def _check_origin(self, url: str, question: Question) -> None:
        if _origin(url) != _origin(self.connection.base):
            raise SourceRefused(
                f"sends us to another host ({urlsplit(url).hostname})", where=self._place(question),
                remedy="if that is right, let the connection's URL name it",
            )  # fmt: skip

    def _check_status(self, answer: Answer, question: Question) -> None:
        status = answer.status
        if 200 <= status < 300:
            return
        self.pace.took(0, len(answer.body))
        if status in PASSING or (status >= 500 and status not in LASTING):
            raise Passing(f"answers {status}", _retry_after(answer.headers.get("retry-after")))
        if status in (401, 403, 407):
            raise Denied(
                f"answers {status}", where=self._place(question),
                remedy="check user, password or token of the connection, and what they may read",
            )  # fmt: skip
        raise NotServed(
            f"answers {status}", where=self._place(question),
            remedy="compare path, method and parameters in source.yml with the service's description",
        )  # fmt: skip

    def _pause(self, state: RetryCallState) -> float:
        from tenacity import wait_exponential_jitter

        failure = state.outcome.exception() if state.outcome else None
        if not isinstance(failure, Passing) or failure.after is None:
            return float(wait_exponential_jitter(initial=1, max=LONGEST_WAIT / 2)(state))
        if failure.after > LONGEST_WAIT:
            raise SourceUnavailable(
                f"{failure.what} and asks us to wait {failure.after:.0f} seconds", where=self.where,
                remedy="run again after that",
            )  # fmt: skip
        return failure.after

    def _place(self, question: Question) -> str:
        return f"{self.where} ({question.method} {urlsplit(question.url).path or '/'})"


class Distrusted(SourceRefused):
    """The service does not prove who it is."""


class Denied(SourceRefused):
    """The service does not let us in."""


class NotServed(SourceRefused):
    """The service does not know what it is asked for."""


def _client(connection: WebConnection, where: str) -> httpx.Client:
    try:
        import httpx
        import tenacity  # noqa: F401 (here, so that a missing package is known before the first request)
    except ImportError as missing:
        raise SourceRefused(
            f"needs the package {missing.name}",
            where=where,
            remedy="pip install 'county-data-hub[http]'",
        ) from None
    for name in ("httpx", "httpcore"):  # they log addresses with their parameters
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        context = _trust(connection)
    except (OSError, ssl.SSLError) as failure:
        raise SourceRefused(
            f"the certificates in {connection.ca} cannot be read ({type(failure).__name__})", where=where,
            remedy="'ca' of the connection must name a PEM file",
        ) from None  # fmt: skip
    headers = {"User-Agent": "county-data-hub"}
    if connection.bearer:
        headers["Authorization"] = f"Bearer {connection.bearer}"
    if connection.key and not connection.key_param:
        headers[connection.key_header] = connection.key
    basic = None
    if connection.user and not connection.login and not connection.wsse:
        basic = httpx.BasicAuth(connection.user, connection.password or "")
    # trust_env: a proxy for the internet does not lead to a department.
    return httpx.Client(
        verify=context, timeout=connection.timeout, headers=headers, auth=basic, trust_env=False
    )


def _trust(connection: WebConnection) -> ssl.SSLContext:
    """Whom to trust. Without TLS nobody: reading the public certificates takes longer than many an answer."""
    if connection.base.startswith("http:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return ssl.create_default_context(cafile=connection.ca)


def _retry_after(text: str | None) -> float | None:
    """Seconds or a date (RFC 9110, 10.2.3)."""
    if text is None:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max((moment.astimezone(UTC) - datetime.now(UTC)).total_seconds(), 0.0)


def _origin(url: str) -> tuple[str, str | None, int]:
    parts = urlsplit(url)
    return (
        parts.scheme,
        parts.hostname,
        parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0),
    )


def _is_distrust(failure: BaseException) -> bool:
    cause: BaseException | None = failure
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return "CERTIFICATE_VERIFY_FAILED" in str(failure)


def _reason(failure: BaseException) -> str:
    """What OpenSSL says is wrong with a certificate, without its subject."""
    return (
        str(failure).partition("verify failed:")[2].partition(".")[0].partition(" (_ssl")[0].strip()
    )
