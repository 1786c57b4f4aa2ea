"""The URL of a web connection: where the service is, how to be let in, whom to trust.

    https://user:password@host:8443/base?ca=/etc/ssl/county.pem&timeout=60

The parameters below are ours and are never sent as such. A value `env:NAME` is read from the environment.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from urllib.parse import parse_qsl, unquote, urlsplit

from hub.core.errors import SpecError
from hub.core.specs import Department


@dataclass(frozen=True, slots=True)
class WebConnection:
    """One web service. Secrets are not shown when it is printed."""

    base: str
    """scheme://host:port/path, without a slash at the end."""
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    """Sent as Basic authentication, or to `login`."""
    bearer: str | None = field(default=None, repr=False)
    """Token for the header Authorization: Bearer."""
    key: str | None = field(default=None, repr=False)
    """Secret for the header `key_header`, or the query parameter `key_param`."""
    key_header: str = "X-Api-Key"
    key_param: str | None = None
    login: str | None = None
    """Path to which user and password are posted for a token."""
    login_user: str = "username"
    login_password: str = "password"
    token: str = "token"
    """Where the token stands in the answer to the login."""
    token_header: str = "Authorization"
    token_prefix: str = "Bearer "
    wsse: str | None = None
    """How user and password go into the header of a SOAP envelope: text or digest (WS-Security UsernameToken)."""
    ca: str | None = None
    """File with the certificates of the authorities to trust instead of the public ones (PEM)."""
    timeout: float = 60.0
    """Seconds without a sign of life; an answer may take ten times as long as a whole."""
    max_mb: int = 256
    """Largest answer, unpacked, in MiB."""

    @property
    def origin(self) -> str:
        """scheme://host:port"""
        parts = urlsplit(self.base)
        return f"{parts.scheme}://{parts.netloc}"

    def url(self, path: str) -> str:
        """The address of a path below the connection; an address stays what it is."""
        return path if "://" in path else f"{self.base}/{path.lstrip('/')}" if path else self.base


_TEXTS = {one.name for one in fields(WebConnection)} - {
    "base", "user", "password", "timeout", "max_mb",
}  # fmt: skip


def parse(department: Department, url: str) -> WebConnection:
    """Read the URL of the department's connection. Raises SpecError; no message holds a part of it."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise _error(department, "has no port number after the host") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _error(department, "is no web URL")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    base = f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    found = WebConnection(
        base=base,
        user=_secret(department, unquote(parts.username)) if parts.username else None,
        password=_secret(department, unquote(parts.password)) if parts.password else None,
        timeout=_number(department, "timeout", given.pop("timeout", "60")),
        max_mb=int(_number(department, "max_mb", given.pop("max_mb", "256"))),
        **{name: _secret(department, given.pop(name)) for name in _TEXTS & given.keys()},
    )
    if given:
        raise _error(department, f"has unknown parameters: {', '.join(sorted(given))}")
    if found.wsse not in (None, "text", "digest"):
        raise _error(department, "has a 'wsse' that is neither text nor digest")
    if found.login and not (found.user and found.password):
        raise _error(department, "has 'login' but no user and password")
    return found


def _secret(department: Department, value: str) -> str:
    if not value.startswith("env:"):
        return value
    name = value.removeprefix("env:")
    if name not in os.environ:
        raise _error(department, f"needs {name}, which the environment does not have")
    return os.environ[name]


def _number(department: Department, name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number < 1e6:
        raise _error(department, f"has a '{name}' that is no positive number")
    return number


def _error(department: Department, what: str) -> SpecError:
    return department.source.error(
        f"connection '{department.spec.connection}' {what}", ("connection",),
        remedy="its URL must look like https://user:password@host/path?ca=/path/to/ca.pem",
    )  # fmt: skip
