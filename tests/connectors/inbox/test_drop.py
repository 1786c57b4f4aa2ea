"""The drop folder: finished files are taken once, like a push; what is wrong is said beside them."""

from __future__ import annotations

import json
import os
import time

import pytest

from hub.core.errors import SourceRefused
from tests.connectors.inbox.sending import drop, fates, push, run

ROWS = "no,name\n1,甲\n2,乙\n".encode()


def beside(spool, name):
    return json.loads((spool.folder / "drop" / f"{name}.receipt.json").read_text("utf-8"))


def left(spool):
    return sorted(path.name for path in (spool.folder / "drop").iterdir())


def test_a_dropped_file_gives_way_to_its_receipt(inbox):
    spool = inbox.spool("cases")
    drop(spool, "今日.csv", ROWS)
    batch = next(inbox.read("cases", None))
    assert left(spool) == ["今日.csv.receipt.json"]
    receipt = beside(spool, "今日.csv")
    assert (receipt["state"], receipt["rows"], receipt["size"]) == ("received", 2, len(ROWS))
    assert batch.table["_file"].to_pylist() == [receipt["id"]] * 2
    inbox.acknowledge("cases", batch.table, fates(["landed", "quarantined"]))
    receipt = beside(spool, "今日.csv")
    assert (receipt["state"], receipt["fates"], receipt["reasons"]) == (
        "landed", {"landed": [[1, 1]], "quarantined": [[2, 2]]}, {"bad_date": [[2, 2]]}
    )  # fmt: skip


def test_all_formats_by_their_ending_oldest_first(inbox):
    spool = inbox.spool("cases")
    drop(spool, "b.json", b'[{"no": "3"}]', age=30)
    drop(spool, "a.xml", b"<Package><Case><No>2</No></Case></Package>", age=40)
    drop(spool, "c.TXT", b"no\n1\n", age=50)
    assert [row["no"] for row in run(inbox)] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "name", ["x.csv.tmp", "x.csv.part", ".x.csv", "y.csv.receipt.json"], ids=str
)
def test_files_that_are_not_finished_wait(inbox, name):
    drop(inbox.spool("cases"), name, ROWS)
    assert run(inbox) == []
    assert left(inbox.spool("cases")) == [name]


def test_a_file_that_somebody_just_wrote_to_waits(inbox):
    path = drop(inbox.spool("cases"), "x.csv", ROWS, age=0)
    assert run(inbox) == []
    moment = time.time() - 60
    os.utime(path, (moment, moment))
    assert len(run(inbox)) == 2


def test_links_folders_and_empty_files_are_left(inbox, tmp_path):
    spool = inbox.spool("cases")
    (tmp_path / "secret.csv").write_bytes(ROWS)
    drop(spool, "empty.csv", b"")
    (spool.folder / "drop" / "link.csv").symlink_to(tmp_path / "secret.csv")
    (spool.folder / "drop" / "folder.csv").mkdir()
    os.mkfifo(spool.folder / "drop" / "pipe.csv")
    assert run(inbox) == []
    assert len(left(spool)) == 4


def test_a_marker_says_that_a_file_is_finished(open_inbox):
    inbox = open_inbox(done_marker="{stem}.ok")
    spool = inbox.spool("cases")
    drop(spool, "x.csv", ROWS)
    assert run(inbox) == []
    drop(spool, "x.ok", b"")
    assert len(run(inbox)) == 2
    assert left(spool) == ["x.csv.receipt.json"]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("x.json", b'[{"a": 1},\n{"a": NaN}]', "NaN is no JSON number"),
        ("x.pdf", b"%PDF", "its name must end in"),
        ("x.csv", b"no\n" + b"1\n" * 11, "more than 10 rows"),
        ("y.csv", b"no\n" + b"1" * 200, "203 bytes, more than 200"),
    ],
)
def test_what_cannot_be_read_stays_with_the_reason_beside_it(open_inbox, name, data, said):
    inbox = open_inbox(max_rows=10, max_bytes=200)
    spool = inbox.spool("cases")
    drop(spool, name, data)
    drop(spool, "sound.csv", b"no\n7\n")
    rows = []
    with pytest.raises(SourceRefused, match=said):
        for batch in inbox.read("cases", None):
            rows += batch.table.to_pylist()
            inbox.acknowledge("cases", batch.table, fates(["landed"]))
    assert [row["no"] for row in rows] == ["7"]
    assert said in beside(spool, name)["error"]
    assert left(spool) == sorted([name, f"{name}.receipt.json", "sound.csv.receipt.json"])
    drop(spool, "x.csv", b"no\n8\n") if name == "x.csv" else (spool.folder / "drop" / name).unlink()
    run(inbox)


def test_killed_before_the_file_was_removed_it_is_not_taken_twice(inbox, monkeypatch):
    from pathlib import Path

    spool = inbox.spool("cases")
    path = drop(spool, "x.csv", ROWS)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            list(inbox.read("cases", None))
    assert path.exists()
    push(spool, [{"no": "9"}])
    assert len(run(inbox)) == 3
    assert left(spool) == ["x.csv.receipt.json"]


def test_the_same_content_dropped_again_is_new(inbox):
    spool = inbox.spool("cases")
    for age, data in ((60, ROWS), (50, ROWS.replace(b"1", b"5")), (40, ROWS)):
        drop(spool, "x.csv", data, age)
        assert len(run(inbox)) == 2


def test_the_drop_folder_may_be_a_link(inbox, tmp_path):
    spool = inbox.spool("cases")
    spool.prepare()
    (spool.folder / "drop").rmdir()
    (tmp_path / "theirs").mkdir()
    (spool.folder / "drop").symlink_to(tmp_path / "theirs")
    drop(spool, "x.csv", ROWS)
    assert len(run(inbox)) == 2
    assert left(spool) == ["x.csv.receipt.json"]


def test_a_name_that_is_no_text_is_refused(inbox):
    spool = inbox.spool("cases")
    drop(spool, os.fsdecode(b"\xb0\xec.csv"), ROWS)
    with pytest.raises(SourceRefused, match="no UTF-8"):
        run(inbox)
