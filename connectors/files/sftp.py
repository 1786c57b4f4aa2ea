"""An SFTP server. Connection URL: sftp://user:password@host:port/path, percent-encoded, with the parameters

- `hostkey`: the server's key as `SHA256:…` (what `ssh-keygen -lf` prints) or as `ssh-ed25519 AAAA…`; or
- `known_hosts`: a file of known hosts; default that of the hub's user;
- `key`, `passphrase`: file of a private key, in place of a password.

A server whose key is not known is refused: whoever answers in its place would get the password.
"""

from __future__ import annotations

import base64
import hashlib
import stat
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote

from connectors.files.places import Entry, reaches
from connectors.files.remote import SETTLE, copies
from hub.core.errors import SourceRefused, SourceUnavailable

SECONDS = 30.0
"""How long the server may keep silent."""
PARAMETERS = {"hostkey", "known_hosts", "key", "passphrase"}


@dataclass(frozen=True, slots=True)
class Login:
    """Where to and as whom."""

    host: str
    port: int
    user: str
    password: str | None = field(default=None, repr=False)
    hostkey: str | None = None
    known_hosts: str | None = None
    key: str | None = None
    passphrase: str | None = field(default=None, repr=False)


def place(url: SplitResult) -> Sftp:
    """The folder of a URL. Raises ValueError if it lacks host, user or path, or has other parameters."""
    try:
        port = url.port or 22
    except ValueError:  # its text shows a part of the URL, which may be one of the password
        raise ValueError("has a port that is no number") from None
    if not url.hostname or not url.username or not url.path:
        raise ValueError("is no URL of an SFTP folder with its user")
    # A '+' in a key's Base64 is a '+', which parse_qs would make a blank.
    given = {name: values[-1] for name, values in parse_qs(url.query.replace("+", "%2B")).items()}
    if unknown := given.keys() - PARAMETERS:
        raise ValueError(f"has unknown parameters: {', '.join(sorted(unknown))}")
    password = None if url.password is None else unquote(url.password)
    login = Login(url.hostname, port, unquote(url.username), password, **given)
    return Sftp(login, unquote(url.path))


class Sftp:
    """The files below a folder of a server, fetched one by one through one session."""

    settle = SETTLE

    def __init__(self, login: Login, root: str) -> None:
        self.login, self.root = login, root.rstrip("/") or "/"
        self.title = f"sftp://{login.host}{root}"
        self._ssh: Any = None
        self._session: Any = None

    def entries(self, pattern: str) -> list[Entry]:
        return list(self._walk("", pattern))

    def _walk(self, below: str, pattern: str) -> Iterator[Entry]:
        with self._answering(below):
            found = self._sftp().listdir_attr(self._path(below))
        for one in found:
            name = f"{below}{one.filename}"
            if one.st_mode is None or stat.S_ISREG(one.st_mode):
                yield _entry(name, one)
            elif stat.S_ISLNK(one.st_mode) and (target := self._target(name)) is not None:
                yield target
            elif stat.S_ISDIR(one.st_mode) and reaches(f"{name}/", pattern):
                yield from self._walk(f"{name}/", pattern)

    def _target(self, name: str) -> Entry | None:
        """The file that a link leads to; None where it leads elsewhere."""
        with self._answering(name):
            try:
                state = self._sftp().stat(self._path(name))
            except FileNotFoundError:
                return None
        return _entry(name, state) if stat.S_ISREG(state.st_mode or 0) else None

    def entry(self, name: str) -> Entry:
        with self._answering(name):
            return _entry(name, self._sftp().stat(self._path(name)))

    def local(self, entries: Sequence[Entry]) -> AbstractContextManager[Path]:
        return copies(entries, self._fetch)

    def _fetch(self, entry: Entry, target: Path) -> None:
        with self._answering(entry.name):
            self._sftp().get(self._path(entry.name), str(target))

    def _path(self, name: str) -> str:
        return f"{self.root.rstrip('/')}/{name}".rstrip("/") or "/"

    def close(self) -> None:
        """End the session."""
        if self._ssh is not None:
            self._ssh.close()
        self._ssh = self._session = None

    def _sftp(self) -> Any:
        if self._session is None:
            self._ssh = _connected(self.login, self.title)
            self._session = self._ssh.open_sftp()
            self._session.get_channel().settimeout(SECONDS)
        return self._session

    @contextmanager
    def _answering(self, name: str) -> Iterator[None]:
        where = f"{self.title.rstrip('/')}/{name}"
        try:
            yield
        except (SourceRefused, SourceUnavailable):
            self.close()
            raise
        except PermissionError:
            raise SourceRefused(
                "may not be read",
                where=where,
                remedy="have the user of the connection allowed to read",
            ) from None
        except (OSError, EOFError, _paramiko(where).SSHException) as failure:
            self.close()
            raise SourceUnavailable(
                f"cannot be read ({getattr(failure, 'strerror', None) or type(failure).__name__})",
                where=where, remedy="check the path of the connection and the server, then try again",
            ) from None  # fmt: skip


def _entry(name: str, state: Any) -> Entry:
    size, changed = state.st_size or 0, float(state.st_mtime or 0)
    return Entry(name, size, changed, f"{size}@{state.st_mtime}")


def _paramiko(where: str) -> Any:
    try:
        import paramiko  # type: ignore[import-untyped]
    except ImportError:
        raise SourceRefused(
            "paramiko is not installed", where=where, remedy="install the extra 'sftp'"
        ) from None
    return paramiko


def _connected(login: Login, where: str) -> Any:
    """A session with a server whose key is known. Raises SourceRefused, and what paramiko and sockets raise."""
    paramiko = _paramiko(where)
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(_OnlyThis(login.hostkey))
    if login.hostkey is None:
        _load_known_hosts(client, login, where)
    try:
        client.connect(
            login.host, login.port, login.user, login.password, key_filename=login.key,
            passphrase=login.passphrase, allow_agent=False, look_for_keys=False,
            timeout=SECONDS, banner_timeout=SECONDS, auth_timeout=SECONDS, channel_timeout=SECONDS,
        )  # fmt: skip
    except (_UnknownServer, paramiko.BadHostKeyException):
        client.close()
        raise SourceRefused(
            "the server's key is not the known one", where=where,
            remedy="compare it with the department (ssh-keyscan, ssh-keygen -lf), then set 'hostkey' of the connection",
        ) from None  # fmt: skip
    except paramiko.AuthenticationException:
        client.close()
        raise SourceRefused(
            "user, password or key are not accepted", where=where, remedy="correct the connection"
        ) from None
    except FileNotFoundError:
        client.close()
        raise SourceRefused(
            "the private key's file is not there",
            where=where,
            remedy="correct 'key' of the connection",
        ) from None
    except BaseException:
        client.close()
        raise
    return client


def _load_known_hosts(client: Any, login: Login, where: str) -> None:
    try:
        client.load_system_host_keys(login.known_hosts)
    except (OSError, ValueError, _paramiko(where).hostkeys.InvalidHostKey):
        raise SourceRefused(
            "the file of known hosts cannot be read", where=where,
            remedy="correct 'known_hosts' of the connection",
        ) from None  # fmt: skip


class _UnknownServer(Exception):
    """Its key is not the declared one."""


class _OnlyThis:
    """Paramiko's policy for a key that no file of known hosts has: only the declared one."""

    def __init__(self, declared: str | None) -> None:
        self.declared = declared

    def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
        """Raise _UnknownServer unless the key is the declared one."""
        blob = key.asbytes()
        fingerprint = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
        full = f"{key.get_name()} {base64.b64encode(blob).decode()}"
        if self.declared is None or self.declared.rstrip("=") not in (
            f"SHA256:{fingerprint}",
            full.rstrip("="),
        ):
            raise _UnknownServer
