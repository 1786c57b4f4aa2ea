"""A real SFTP server on 127.0.0.1: paramiko's server side over a folder, a thread for each session."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko

from tests.services.processes import scratch

USER, PASSWORD = "hub", "sftp-test"


@dataclass(frozen=True)
class Sftp:
    """A running server; what it serves lies in `root`."""

    port: int
    root: Path
    host_key: paramiko.PKey

    @property
    def known_host(self) -> str:
        """The server's key as a line of known_hosts has it, without the host."""
        return f"{self.host_key.get_name()} {self.host_key.get_base64()}"

    def url(self, path: str = "/") -> str:
        return f"sftp://{USER}:{PASSWORD}@127.0.0.1:{self.port}{path}"


class _Doorman(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        known = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if known else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def get_allowed_auths(self, username: str) -> str:
        return "password"


class _Folder(paramiko.SFTPServerInterface):
    """Reading below one folder; whoever tries to write is told no."""

    root: Path

    def _path(self, path: str) -> Path:
        return self.root / self.canonicalize(path).lstrip("/")

    def list_folder(self, path: str) -> Any:
        try:
            return [
                paramiko.SFTPAttributes.from_stat(entry.stat(), entry.name)
                for entry in self._path(path).iterdir()
            ]
        except OSError as failure:
            return paramiko.SFTPServer.convert_errno(failure.errno or 0)

    def stat(self, path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(self._path(path).stat())
        except OSError as failure:
            return paramiko.SFTPServer.convert_errno(failure.errno or 0)

    lstat = stat

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> Any:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return paramiko.SFTP_PERMISSION_DENIED
        handle = paramiko.SFTPHandle(flags)
        try:
            handle.readfile = self._path(path).open("rb")  # type: ignore[attr-defined]
        except OSError as failure:
            return paramiko.SFTPServer.convert_errno(failure.errno or 0)
        return handle


@contextmanager
def sftp() -> Iterator[Sftp]:
    """A server over an empty folder."""
    with scratch() as root, socket.create_server(("127.0.0.1", 0)) as listener:
        key = paramiko.ECDSAKey.generate()
        served = type("Served", (_Folder,), {"root": root})
        sessions: list[paramiko.Transport] = []

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    transport = paramiko.Transport(client)
                    transport.add_server_key(key)
                    transport.set_subsystem_handler("sftp", paramiko.SFTPServer, served)
                    sessions.append(transport)
                    transport.start_server(event=threading.Event(), server=_Doorman())

        threading.Thread(target=accept, daemon=True).start()
        yield Sftp(listener.getsockname()[1], root, key)
        listener.shutdown(socket.SHUT_RDWR)
        for transport in sessions:
            transport.close()
