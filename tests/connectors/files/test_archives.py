"""ZIP archives: members are files, and none of them is trusted."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import pytest

from connectors.files import archives
from hub.core.errors import SourceRefused

LINES = {"format": "text", "files": "*.zip!*.txt", "delimiter": ","}


def pack(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as target:
        for name, data in members.items():
            target.writestr(name, data)
    return path


def values(batches) -> list[str]:
    return [value for batch in batches for value in batch.table["A"].to_pylist()]


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch) -> Path:
    """Where copies are made; nothing may stay there."""
    path = tmp_path / "scratch"
    path.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(path))
    return path


def test_members_are_files_of_their_own(open_files, folder, scratch):
    pack(
        folder / "a.zip",
        {"b.txt": b"A\n2\n", "a.txt": b"A\n1\n", "x/c.txt": b"A\n9\n", "d.csv": b"A\n9\n"},
    )
    connector = open_files(**LINES)
    (batch,) = connector.read("cases", None)
    assert values([batch]) == ["1", "2"]
    assert [(file.name, file.rows) for file in batch.files] == [
        ("a.zip!a.txt", 1),
        ("a.zip!b.txt", 1),
    ]
    assert batch.table["_file"].to_pylist() == ["a.zip!a.txt", "a.zip!b.txt"]
    assert list(batch.cursor["files"]) == ["a.zip"]
    assert list(connector.read("cases", batch.cursor)) == []
    assert list(scratch.iterdir()) == []


def test_members_below_folders_and_the_other_way_to_declare(open_files, folder):
    pack(folder / "a.zip", {"x/y/c.txt": b"A\n9\n"})
    settings = LINES | {"files": "*.zip", "inside": "**/*.txt"}
    assert values(open_files(**settings).read("cases", None)) == ["9"]


def test_names_that_chinese_programs_write(open_files, folder):
    path = folder / "a.zip"
    name = "办件.txt".encode("gbk")
    pack(path, {"x" * len(name): b"A\n1\n"})
    path.write_bytes(path.read_bytes().replace(b"x" * len(name), name))
    (batch,) = open_files(**LINES | {"files": "*.zip!办*.txt"}).read("cases", None)
    assert [file.name for file in batch.files] == ["a.zip!办件.txt"]


def test_names_that_lead_out_of_the_archive_stay_names(open_files, folder, scratch):
    pack(folder / "a.zip", {"../../evil.txt": b"A\n1\n", "/etc/x.txt": b"A\n2\n"})
    settings = LINES | {"files": "*.zip!**/*.txt"}
    assert sorted(values(open_files(**settings).read("cases", None))) == ["1", "2"]
    assert not (folder.parent / "evil.txt").exists() and list(scratch.iterdir()) == []


def test_a_table_and_its_memo(open_files, folder):
    dbf = Path(__file__).parents[4] / "shared" / "data" / "legacy_samples" / "gbk.dbf"
    if not dbf.exists():
        pytest.skip("the sample tables are not here")
    pack(folder / "a.zip", {"T.DBF": dbf.read_bytes()})
    (batch,) = open_files(format="dbf", files="*.zip!*.DBF").read("cases", None)
    assert batch.table.num_rows == 28


def refused(open_files, **settings) -> str:
    with pytest.raises(SourceRefused) as caught:
        list(open_files(**LINES | settings).read("cases", None))
    return str(caught.value)


def test_an_encrypted_member_is_refused(open_files, folder):
    path = pack(folder / "a.zip", {"a.txt": b"A\n1\n"})
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    path.write_bytes(bytes(data))
    assert "a.zip!a.txt: is encrypted" in refused(open_files)


def test_a_member_that_swells_is_refused(open_files, folder, monkeypatch, scratch):
    monkeypatch.setattr(archives, "HARMLESS_BYTES", 1 << 20)
    pack(folder / "a.zip", {"a.txt": b"A\n" + b"0" * (5 << 20)})
    assert "swells to more than" in refused(open_files)
    monkeypatch.setattr(archives, "HARMLESS_BYTES", 64 << 20)
    monkeypatch.setattr(archives, "MOST_BYTES", 1 << 20)
    assert "swells to more than" in refused(open_files)
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("spoil", ["cut", "flipped", "none"])
def test_a_damaged_archive_is_refused(open_files, folder, spoil):
    path = pack(folder / "a.zip", {"a.txt": b"A\n" + bytes(range(48, 58)) * 50}, zipfile.ZIP_STORED)
    data = path.read_bytes()
    path.write_bytes(
        {"cut": data[:-30], "flipped": data.replace(b"0123", b"0124", 1), "none": b"PK no"}[spoil]
    )
    assert "is no ZIP archive that can be read" in refused(open_files)


def test_an_archive_without_such_members_is_refused(open_files, folder):
    pack(folder / "a.zip", {"a.csv": b"A\n1\n"})
    assert "no member matches *.txt" in refused(open_files)


def test_a_damaged_member_is_named_and_other_archives_are_read(open_files, folder):
    pack(folder / "a.zip", {"a.txt": b"A\n1\n", "b.txt": b"\xff\xff\n"})
    pack(folder / "b.zip", {"a.txt": b"A\n2\n"})
    got = []
    with pytest.raises(SourceRefused, match=r"a\.zip!b\.txt:1: the header is not"):
        for batch in open_files(**LINES).read("cases", None):
            got.append(batch)
    assert values(got) == ["2"]
