"""Listing, cursor and batching: each content is read once, nothing twice, nothing never."""

from __future__ import annotations

import logging
import os
import shutil
import time
from pathlib import Path

import pytest

from connectors.files import finding, slices, text
from hub.core.batches import CHUNK_ROWS
from hub.core.errors import SourceRefused, SourceUnavailable

LINES = {"format": "text", "files": "*.txt", "delimiter": ","}


def write(folder: Path, name: str, rows: range | list[str], header: str = "A,B") -> Path:
    path = folder / name
    path.write_text(header + "\n" + "".join(f"{row},x\n" for row in rows), "gb18030")
    return path


def values(batches, column: str = "A") -> list[str]:
    return [value for batch in batches for value in batch.table[column].to_pylist()]


def test_small_files_share_a_batch_in_name_order(open_files, folder):
    write(folder, "b.txt", range(2))
    write(folder, "a.txt", range(10, 13))
    (batch,) = open_files(**LINES).read("cases", None)
    assert batch.dataset == "cases"
    assert batch.table["_file"].to_pylist() == ["a.txt"] * 3 + ["b.txt"] * 2
    assert [(file.name, file.rows) for file in batch.files] == [("a.txt", 3), ("b.txt", 2)]
    assert batch.cursor == {"files": {file.name: file.sha256 for file in batch.files}}
    assert [file.bytes for file in batch.files] == [
        (folder / name).stat().st_size for name in ("a.txt", "b.txt")
    ]


def test_a_content_is_read_once_and_changed_content_again(open_files, folder):
    opened = open_files(**LINES)
    write(folder, "a.txt", range(2))
    write(folder, "b.txt", range(2))
    (first,) = opened.read("cases", None)
    os.utime(folder / "a.txt", (1, 1))
    assert list(opened.read("cases", first.cursor)) == []
    write(folder, "a.txt", range(3))
    (second,) = opened.read("cases", first.cursor)
    assert values([second]) == ["0", "1", "2"]
    assert set(second.cursor["files"]) == {"a.txt", "b.txt"}
    assert second.cursor["files"]["b.txt"] == first.cursor["files"]["b.txt"]
    assert list(opened.read("cases", second.cursor)) == []


def test_files_that_are_being_written_wait(open_files, folder):
    for name in (".a.txt", "b.txt.tmp", "c.txt.part"):
        write(folder, name, range(2))
    (folder / "empty.txt").touch()
    (folder / "folder.txt").mkdir()
    opened = open_files(**LINES | {"files": "*.txt*"})
    assert list(opened.read("cases", None)) == []
    (folder / "b.txt.tmp").rename(folder / "b.txt")
    (batch,) = opened.read("cases", None)
    assert [file.name for file in batch.files] == ["b.txt"]


def test_a_file_that_changes_while_it_is_read_waits(open_files, folder, monkeypatch, caplog):
    write(folder, "a.txt", range(2))
    growing = write(folder, "b.txt", range(2))
    opened = open_files(**LINES)
    found = finding.new_files(opened.source("cases"), slices.Position())

    def grow(read):
        def reading():
            yield from read()
            with growing.open("a") as handle:
                handle.write("9,x\n")

        return reading

    files = (
        slices.FoundFile(
            file.name, file.sha256, file.size,
            grow(file.read) if file.name == "b.txt" else file.read, file.same,
        )
        for file in found
    )  # fmt: skip
    with caplog.at_level(logging.INFO):
        (batch,) = slices.batches("cases", files, slices.Position())
    assert list(batch.cursor["files"]) == ["a.txt"]
    assert "b.txt changes while it is read" in caplog.text
    (batch,) = opened.read("cases", batch.cursor)
    assert values([batch]) == ["0", "1", "9"]


def test_a_batch_holds_whole_files_up_to_its_limit(open_files, folder):
    for name, rows in (("a", 30_000), ("b", 20_000), ("c", 10)):
        write(folder, f"{name}.txt", range(rows))
    batches = list(open_files(**LINES).read("cases", None))
    assert [[file.name for file in batch.files] for batch in batches] == [
        ["a.txt", "b.txt"], ["c.txt"],
    ]  # fmt: skip
    assert list(batches[0].cursor["files"]) == ["a.txt", "b.txt"]


def test_a_new_header_starts_a_new_batch(open_files, folder):
    write(folder, "a.txt", range(2))
    write(folder, "b.txt", range(2), header="A,旧名")
    write(folder, "c.txt", [], header="A,X")
    write(folder, "d.txt", range(2), header="A,旧名")
    batches = list(open_files(**LINES).read("cases", None))
    assert [batch.table.column_names[:2] for batch in batches] == [["A", "B"], ["A", "旧名"]]
    assert [[(file.name, file.rows) for file in batch.files] for batch in batches] == [
        [("a.txt", 2)], [("b.txt", 2), ("c.txt", 0), ("d.txt", 2)],
    ]  # fmt: skip


def test_a_file_without_rows_moves_the_cursor(open_files, folder):
    write(folder, "a.txt", [])
    opened = open_files(**LINES)
    (batch,) = opened.read("cases", None)
    assert batch.table.num_rows == 0 and batch.table.column_names[:2] == ["A", "B"]
    assert list(opened.read("cases", batch.cursor)) == []


def test_a_large_file_is_split_and_resumed_at_any_batch(open_files, folder):
    rows = 2 * CHUNK_ROWS + 5
    write(folder, "a.txt", range(3))
    large = write(folder, "b.txt", range(rows))
    write(folder, "c.txt", range(4))
    opened = open_files(**LINES)
    batches = list(opened.read("cases", None))
    assert max(batch.table.num_rows for batch in batches) <= CHUNK_ROWS
    whole = [*map(str, range(3)), *map(str, range(rows)), *map(str, range(4))]
    assert values(batches) == whole
    assert [batch.cursor.get("partial", {}).keys() for batch in batches] == [
        set(), {"b.txt"}, {"b.txt"}, set(),
    ]  # fmt: skip
    assert [set(batch.cursor["files"]) for batch in batches][:3] == [{"a.txt"}] * 3
    for landed in (1, 2, 3):
        rest = list(opened.read("cases", batches[landed - 1].cursor))
        assert values(batches[:landed]) + values(rest) == whole
        assert rest[-1].cursor == batches[-1].cursor
    # New content in between: what was delivered of the old one does not count.
    write(folder, "b.txt", range(7))
    assert large.stat().st_size < 100
    rest = list(opened.read("cases", batches[1].cursor))
    assert values(rest) == [*map(str, range(7)), *map(str, range(4))]
    assert "partial" not in rest[-1].cursor


def test_a_resume_does_not_depend_on_how_a_file_is_sliced(open_files, folder, monkeypatch):
    write(folder, "a.txt", range(CHUNK_ROWS + 10))
    opened = open_files(**LINES)
    first, second = opened.read("cases", None)
    monkeypatch.setattr(text, "BLOCK_LINES", 30_000)
    (rest,) = opened.read("cases", first.cursor)
    assert values([rest]) == values([second])
    assert rest.files == second.files and rest.cursor == second.cursor


def test_a_refused_file_is_left_and_the_others_are_read(open_files, folder):
    write(folder, "a.txt", range(2))
    (folder / "b.txt").write_bytes(b"A,\xff\x41\n1,2\n")
    (folder / "c.txt").write_bytes(b'A,"\n1,2\n')
    write(folder, "d.txt", range(3))
    got = []
    with pytest.raises(SourceRefused) as caught:
        for batch in open_files(**LINES).read("cases", None):
            got.append(batch)
    assert [list(batch.cursor["files"]) for batch in got] == [["a.txt", "d.txt"]]
    assert f"{folder / 'b.txt'}:1" in str(caught.value)
    assert "2 files were left" in str(caught.value) and "c.txt" in str(caught.value)


def test_a_folder_that_is_gone_is_unavailable(open_files, folder):
    opened = open_files(**LINES)
    shutil.rmtree(folder)
    with pytest.raises(SourceUnavailable, match="share is mounted"):
        list(opened.read("cases", None))


def test_a_file_that_goes_away_is_unavailable_after_what_was_read(open_files, folder):
    write(folder, "a.txt", range(2))
    write(folder, "b.txt", range(2))
    found = list(finding.new_files(open_files(**LINES).source("cases"), slices.Position()))
    (folder / "b.txt").unlink()
    got = []
    with pytest.raises(SourceUnavailable, match=r"b\.txt"):
        for batch in slices.batches("cases", found, slices.Position()):
            got.append(batch)
    assert [list(batch.cursor["files"]) for batch in got] == [["a.txt"]]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_refused(open_files, folder):
    write(folder, "a.txt", range(2)).chmod(0)
    with pytest.raises(SourceRefused, match="read permission"):
        list(open_files(**LINES).read("cases", None))


def test_the_agreed_rate_is_kept_between_batches(open_files, folder):
    write(folder, "a.txt", range(300))
    write(folder, "b.txt", range(300), header="A,C")
    started = time.monotonic()
    batches = list(open_files(**LINES, protection="{rows_per_second: 1000}").read("cases", None))
    assert len(batches) == 2
    assert time.monotonic() - started >= 0.3


def test_acknowledging_files_changes_nothing(open_files, folder):
    import polars as pl

    path = write(folder, "a.txt", range(2))
    opened = open_files(**LINES)
    (batch,) = opened.read("cases", None)
    before = path.stat()
    opened.acknowledge("cases", batch.table, pl.DataFrame({"_src": [0], "fate": ["landed"]}))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
