"""Files on a real SFTP server (paramiko's), over the loopback."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

import connectors
from connectors.files import sftp
from hub.core.errors import SourceRefused, SourceUnavailable, SpecError

paramiko = pytest.importorskip("paramiko", reason="the extra 'sftp' is not installed")

LINES = {"format": "text", "files": "*.txt", "delimiter": ",", "settle": "0s"}


@pytest.fixture
def drop(sftp_server, tmp_path) -> Path:
    """A folder of the server."""
    path = sftp_server.root / tmp_path.name / "数据 交换"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def url(sftp_server, drop):
    """The URL of that folder or one below it."""

    def make(below: str = "", **parameters: str) -> str:
        digest = hashlib.sha256(sftp_server.host_key.asbytes()).digest()
        given = parameters or {"hostkey": f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"}
        path = f"/{drop.relative_to(sftp_server.root)}{below}"
        query = "&".join(f"{name}={quote(value)}" for name, value in given.items())
        return f"{sftp_server.url(quote(path))}?{query}"

    return make


@pytest.fixture
def opened(make_department, url):
    def make(to: str | None = None, **settings: Any) -> connectors.Connector:
        declared = {name: value for name, value in (LINES | settings).items() if value is not None}
        return connectors.open(make_department({"cases": declared}), to or url())

    return make


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch) -> Path:
    """Where copies are made; nothing may stay there."""
    path = tmp_path / "scratch"
    path.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    return path


def write(folder: Path, name: str, rows: range, age: float = 3_600) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("A,B\n" + "".join(f"{row},镕\n" for row in rows), "gb18030")
    os.utime(path, (time.time() - age,) * 2)


def values(batches) -> list[str]:
    return [value for batch in batches for value in batch.table["A"].to_pylist()]


@pytest.fixture
def lost(monkeypatch) -> None:
    """A server that stops answering when a file is read."""
    from tests.services.sftp import _Folder

    opening = _Folder.open

    def cut(self, path, flags, attr):
        handle = opening(self, path, flags, attr)
        handle.read = lambda offset, length: paramiko.SFTP_FAILURE
        return handle

    monkeypatch.setattr(_Folder, "open", cut)


def test_files_are_fetched_read_and_removed(opened, drop, scratch):
    write(drop, "a.txt", range(3))
    write(drop, "办件/b.txt", range(3, 5))
    connector = opened(files="**/*.txt")
    (batch,) = connector.read("cases", None)
    assert values([batch]) == ["0", "1", "2", "3", "4"] and batch.table["B"][0].as_py() == "镕"
    assert [file.name for file in batch.files] == ["a.txt", "办件/b.txt"]
    assert len(batch.cursor["stamps"]) == 2 and list(scratch.iterdir()) == []


def test_a_file_with_its_old_stamp_is_not_fetched(opened, drop, monkeypatch):
    write(drop, "a.txt", range(3))
    connector = opened()
    (batch,) = connector.read("cases", None)
    monkeypatch.setattr(sftp.Sftp, "_fetch", None)  # whoever fetches a file now fails
    assert list(connector.read("cases", batch.cursor)) == []


def test_the_session_ends_with_the_reading(opened, drop):
    write(drop, "a.txt", range(3))
    connector = opened()
    reading = connector.read("cases", None)
    next(reading)
    transport = connector.place._ssh.get_transport()
    assert transport.is_active()
    reading.close()
    assert not transport.is_active() and connector.place._ssh is None


def test_a_table_is_fetched_with_its_memo(opened, drop):
    record = b" " + b"1".rjust(10)
    field = b"NOTE".ljust(11, b"\0") + b"M" + bytes(4) + bytes([10, 0]) + bytes(14)
    head = bytes([0x83, 112, 3, 5]) + (1).to_bytes(4, "little") + (65).to_bytes(2, "little")
    head += len(record).to_bytes(2, "little") + bytes(20)
    (drop / "T.DBF").write_bytes(head + field + b"\r" + record + b"\x1a")
    (drop / "t.dbt").write_bytes(bytes(512) + "意见".encode("gb18030") + b"\x1a\x1a")
    (batch,) = opened(format="dbf", files="*.DBF", delimiter=None).read("cases", None)
    assert batch.table["NOTE"].to_pylist() == ["意见"]


def test_young_files_wait_by_default(opened, drop):
    write(drop, "a.txt", range(3), age=3_600)
    write(drop, "b.txt", range(3), age=5)
    connector = opened(settle=None)
    (batch,) = connector.read("cases", None)
    assert [file.name for file in batch.files] == ["a.txt"]
    now = connector.clock()
    connector.clock = lambda: now + 60
    (batch,) = connector.read("cases", batch.cursor)
    assert [file.name for file in batch.files] == ["b.txt"]


def test_a_server_whose_key_is_not_the_known_one_is_refused(opened, url, drop, tmp_path):
    write(drop, "a.txt", range(3))
    other = tmp_path / "known_hosts"
    other.write_text("")
    for parameters in (
        {"hostkey": "SHA256:AAAA"},
        {"hostkey": "ssh-rsa AAAA"},
        {"known_hosts": str(other)},
    ):
        with pytest.raises(SourceRefused, match="key is not the known one"):
            list(opened(url(**parameters)).read("cases", None))


def test_a_file_of_known_hosts_that_is_none_is_refused(opened, url, tmp_path):
    other = tmp_path / "known_hosts"
    for content in (b"\xff\xfe", b"host ssh-rsa !!!\n"):
        other.write_bytes(content)
        with pytest.raises(SourceRefused, match="known"):
            list(opened(url(known_hosts=str(other))).read("cases", None))


def test_the_full_key_and_a_file_of_known_hosts(opened, url, sftp_server, drop, tmp_path):
    write(drop, "a.txt", range(3))
    full = sftp_server.known_host
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{sftp_server.port} {full}\n")
    for parameters in ({"hostkey": full}, {"known_hosts": str(known)}):
        assert len(values(opened(url(**parameters)).read("cases", None))) == 3


def test_wrong_credentials_are_refused_and_not_shown(opened, url):
    wrong = url().replace("hub:sftp-test@", "hub:geheim@")
    with pytest.raises(SourceRefused, match="are not accepted") as caught:
        list(opened(wrong).read("cases", None))
    assert "geheim" not in str(caught.value)


def test_a_folder_that_is_not_there(opened, url):
    with pytest.raises(SourceUnavailable, match="check the path"):
        list(opened(url("/none")).read("cases", None))


def test_a_connection_that_is_lost_while_a_file_is_fetched(opened, drop, scratch, lost):
    write(drop, "a.txt", range(3))
    with pytest.raises(SourceUnavailable, match=r"a\.txt"):
        list(opened().read("cases", None))
    assert list(scratch.iterdir()) == []


def test_a_server_that_is_gone(opened, url, sftp_server):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    gone = url().replace(f":{sftp_server.port}/", f":{free}/")
    with pytest.raises(SourceUnavailable, match="then try again"):
        list(opened(gone).read("cases", None))


def test_every_part_of_a_url_may_be_percent_encoded():
    there = sftp.place(
        urlsplit("sftp://%E5%B1%80:p%40ss%3A%2F@host:2222/a%20b?hostkey=ssh-rsa%20A+B/=")
    )
    assert there.login == sftp.Login("host", 2222, "局", "p@ss:/", hostkey="ssh-rsa A+B/=")
    assert there.root == "/a b" and "p@ss" not in repr(there.login)


@pytest.mark.parametrize(
    "broken",
    ["sftp://host/path", "sftp://u:geheim/x@host/path", "sftp://u@host", "sftp://u@host/x?port=1"],
)
def test_urls_that_cannot_be_right(opened, broken):
    with pytest.raises(SpecError, match="test_source") as caught:
        opened(broken)
    assert "geheim" not in str(caught.value)
