"""What `hub doctor` says of files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from connectors.diagnosis import Diagnosis

LINES = {"format": "text", "files": "*.txt", "delimiter": ","}
NOW = 1_700_000_000.0


@pytest.fixture
def examine(open_files):
    def run(**settings) -> dict[str, Diagnosis]:
        declared = {name: value for name, value in (LINES | settings).items() if value is not None}
        connector = open_files(**declared)
        connector.clock = lambda: NOW
        return {found.check: found for found in connector.diagnose()}

    return run


def write(folder: Path, name: str, data: bytes, age: float = 7_200) -> None:
    (folder / name).write_bytes(data)
    os.utime(folder / name, (NOW - age, NOW - age))


def test_a_sound_folder(examine, folder):
    write(folder, "a.txt", "编号,姓名\n1,镕\n".encode("gb18030"), age=3 * 86_400)
    write(folder, "b.txt", b"A\n", age=90)
    write(folder, "c.txt.tmp", b"A\n")
    found = examine()
    assert [one.state for one in found.values()] == ["ok"] * 4
    assert found["files"].found == "2 files; the oldest is 3 days old, the newest 1 minutes"
    assert found["header"].found == "2 fields: 编号, 姓名"
    assert "镕" not in str(found)


def test_a_folder_that_is_gone(examine, folder):
    shutil.rmtree(folder)
    found = examine()
    assert found["reachable"].state == "failed" and "mounted" in found["reachable"].remedy


def test_files_that_are_not_there_or_not_complete(examine, folder):
    write(folder, "a.txt", b"A\n", age=10)
    found = examine(settle="1m")
    assert found["files"].state == "warning" and "1 not complete" in found["files"].found


def test_a_date_in_the_future(examine, folder):
    write(folder, "a.txt", b"A\n1\n", age=-100)
    assert examine()["clock_skew"].state == "warning"


def test_bytes_that_are_not_of_the_charset(examine, folder):
    write(folder, "a.txt", b"A,B\n1,110101199003077777\n2,\xff\xff110101199003077777\n")
    charset = examine()["charset"]
    assert charset.state == "warning"
    assert "1 of the first 2 rows of a.txt are not gb18030" in charset.found
    assert "row 3 (bytes ff ff 31 31)" in charset.found


def test_a_charset_that_only_happens_to_fit(examine, folder):
    write(folder, "a.txt", "编号,姓名\n1,张三李四\n".encode())
    charset = examine()["charset"]
    assert charset.state == "warning" and "but are UTF-8" in charset.found
    assert examine(charset="utf-8")["charset"].state == "ok"


def test_a_layout_that_does_not_fit(examine, folder):
    write(folder, "a.txt", b"A,B\n1;2\n3;4\n")
    header = examine()["header"]
    assert header.state == "failed" and "2 of the first 2 rows of a.txt are damaged" in header.found


def test_fields_that_are_never_there(examine, folder):
    write(folder, "a.txt", b'{"a": 1}\n{"a": 2}\n')
    header = examine(format="jsonl", fields={"A": "a", "B": "b"}, delimiter=None)["header"]
    assert header.state == "warning" and header.found.endswith("for B")


def test_a_file_that_is_refused(examine, folder):
    write(folder, "a.txt", b"\xff\xff,B\n1,2\n")
    header = examine()["header"]
    assert header.state == "failed" and "the header is not gb18030" in header.found


def test_a_program_that_is_missing(examine, folder, monkeypatch):
    monkeypatch.setenv("PATH", str(folder))
    version = examine(format="access", table="T", delimiter=None)["version"]
    assert version.state == "failed" and "mdbtools" in version.remedy


def test_every_dataset_is_looked_at(make_department, folder):
    import connectors

    department = make_department({"a": LINES, "b": LINES | {"files": "*.csv"}})
    found = list(connectors.open(department, folder.as_uri()).diagnose())
    assert [one.dataset for one in found if one.check == "files"] == ["a", "b"]
