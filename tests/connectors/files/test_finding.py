"""Which files are complete, which are new, and which need not be opened again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from connectors.files import finding
from connectors.files.places import matches, reaches
from hub.core.errors import SourceClosed, SourceRefused, SourceUnavailable

LINES = {"format": "text", "files": "*.txt", "delimiter": ","}
NOW = 1_700_000_000.0


def write(folder: Path, name: str, rows: list[str], changed: float = NOW - 3_600) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("A,B\n" + "".join(f"{row},x\n" for row in rows), "gb18030")
    os.utime(path, (changed, changed))
    return path


def names(batches) -> list[str]:
    return [file.name for batch in batches for file in batch.files]


@pytest.fixture
def opened(open_files):
    def make(**settings):
        connector = open_files(**LINES | settings)
        connector.clock = lambda: NOW
        return connector

    return make


@pytest.fixture
def hashed(monkeypatch) -> list[str]:
    """Names of the files whose content is looked at."""
    seen: list[str] = []
    content = finding.content

    def watched(paths):
        paths = list(paths)
        seen.append(paths[0].name)
        return content(paths)

    monkeypatch.setattr(finding, "content", watched)
    return seen


def test_a_file_with_its_old_stamp_is_not_opened(opened, folder, hashed):
    write(folder, "a.txt", ["1"])
    write(folder, "b.txt", ["2"])
    connector = opened()
    (first,) = connector.read("cases", None)
    assert first.cursor["stamps"].keys() == {"a.txt", "b.txt"} and hashed == ["a.txt", "b.txt"]
    hashed.clear()
    assert list(connector.read("cases", first.cursor)) == [] and hashed == []
    write(folder, "a.txt", ["3"], NOW - 1_800)  # as large as before
    (second,) = connector.read("cases", first.cursor)
    assert names([second]) == ["a.txt"] and hashed == ["a.txt"]
    assert list(connector.read("cases", second.cursor)) == []


def test_a_cursor_without_stamps_goes_on(opened, folder, hashed):
    write(folder, "a.txt", ["1"])
    connector = opened()
    (first,) = connector.read("cases", None)
    assert list(connector.read("cases", {"files": first.cursor["files"]})) == []
    assert hashed == ["a.txt", "a.txt"]


def test_the_stamp_of_a_file_that_has_only_just_changed_is_not_relied_upon(opened, folder, hashed):
    path = write(folder, "a.txt", ["1"], NOW - 1)
    connector = opened()
    (first,) = connector.read("cases", None)
    assert "stamps" not in first.cursor
    write(folder, "a.txt", ["2"], NOW - 1)  # within the clock's grain: same size, same date
    assert path.stat().st_mtime == NOW - 1
    assert names(connector.read("cases", first.cursor)) == ["a.txt"]


def test_a_new_date_alone_is_remembered_with_the_next_batch(opened, folder, hashed):
    write(folder, "a.txt", ["1"])
    connector = opened()
    (first,) = connector.read("cases", None)
    write(folder, "a.txt", ["1"], NOW - 60)
    write(folder, "b.txt", ["2"])
    (second,) = connector.read("cases", first.cursor)
    assert names([second]) == ["b.txt"]
    hashed.clear()
    assert list(connector.read("cases", second.cursor)) == [] and hashed == []


def test_stamps_of_files_that_are_gone_are_forgotten(opened, folder):
    gone = write(folder, "a.txt", ["1"])
    write(folder, "b.txt", ["2"])
    connector = opened()
    (first,) = connector.read("cases", None)
    gone.unlink()
    write(folder, "c.txt", ["3"])
    (second,) = connector.read("cases", first.cursor)
    assert second.cursor["stamps"].keys() == {"b.txt", "c.txt"}
    assert second.cursor["files"].keys() == {"a.txt", "b.txt", "c.txt"}
    assert names(connector.read("cases", None)) == ["b.txt", "c.txt"]


def test_content_that_returns_after_a_part_of_another_was_delivered_is_read_again(opened, folder):
    write(folder, "a.txt", ["1"])
    connector = opened()
    (first,) = connector.read("cases", None)
    between = first.cursor | {"partial": {"a.txt": {"sha256": "0" * 64, "rows": 1}}}
    assert names(connector.read("cases", between)) == ["a.txt"]


def test_young_files_wait_until_they_have_settled(opened, folder):
    write(folder, "old.txt", ["1"], NOW - 60)
    write(folder, "young.txt", ["2"], NOW - 10)
    write(folder, "skewed.txt", ["3"], NOW + 300)
    write(folder, "nonsense.txt", ["4"], NOW + 400 * 86_400)
    connector = opened(settle="30s")
    (first,) = connector.read("cases", None)
    assert names([first]) == ["nonsense.txt", "old.txt"]
    connector.clock = lambda: NOW + 400
    assert names(connector.read("cases", first.cursor)) == ["skewed.txt", "young.txt"]


@pytest.mark.parametrize("marker", ["{name}.ok", "{stem}.ok", "done/{stem}"])
def test_a_file_waits_for_its_marker(opened, folder, marker):
    write(folder, "a.txt", ["1"], NOW)
    files = "*" if not marker.startswith("done") else "*.txt"
    connector = opened(files=files, done_marker=marker)
    assert list(connector.read("cases", None)) == []
    mark = folder / marker.format(name="a.txt", stem="a")
    mark.parent.mkdir(exist_ok=True)
    mark.touch()
    if marker.startswith("done"):  # a folder that the pattern does not reach is not looked into
        assert list(connector.read("cases", None)) == []
    else:
        assert names(connector.read("cases", None)) == ["a.txt"]


def test_rows_that_the_source_marks_as_deleted(opened, folder):
    path = folder / "a.txt"
    path.write_text("A,ZT\n1,0\n2,9\n3\n")
    deleted = {"deletes": "flag", "deleted": {"column": "ZT", "equals": ["9", "8"]}}
    (batch,) = opened(**deleted).read("cases", None)
    assert batch.table["_deleted"].to_pylist() == [False, True, False]
    path.write_text("A,X\n1,0\n")
    with pytest.raises(SourceRefused, match="there is no column ZT"):
        list(opened(**deleted).read("cases", None))


def test_a_switch_that_is_thrown_between_files_keeps_what_was_read(opened, folder, hashed):
    for name in ("a.txt", "b.txt", "c.txt"):
        write(folder, name, [name])
    connector = opened()
    connector.pace.stopped = lambda: "by hand" if "c.txt" in hashed else None
    got = []
    with pytest.raises(SourceClosed, match="by hand"):
        for batch in connector.read("cases", None):
            got.append(batch)
    assert names(got) == ["a.txt", "b.txt"]
    connector.pace.stopped = lambda: None
    assert names(connector.read("cases", got[-1].cursor)) == ["c.txt"]


def test_batches_hold_what_the_source_gives_in_a_while(open_files, folder):
    write(folder, "a.txt", list(map(str, range(25))))
    connector = open_files(**LINES, protection="{rows_per_second: 1000}")
    connector.pace._sleep = lambda seconds: None
    assert len(list(connector.read("cases", None))) == 1
    connector.pace.protection = connector.pace.protection.model_copy(update={"rows_per_second": 1})
    sizes = [batch.table.num_rows for batch in connector.read("cases", None)]
    assert sizes == [10, 10, 5]


def test_patterns_reach_into_folders(opened, folder):
    for name in ("a.txt", "2012/b.txt", "2012/03/c.txt", ".2013/d.txt"):
        write(folder, name, [name])
    assert names(opened().read("cases", None)) == ["a.txt"]
    assert names(opened(files="2012/*.txt").read("cases", None)) == ["2012/b.txt"]
    assert names(opened(files="20*/**/*.txt").read("cases", None)) == [
        "2012/03/c.txt",
        "2012/b.txt",
    ]


@pytest.mark.parametrize(
    ("name", "pattern", "found"),
    [("a.txt", "*.txt", True), ("x/a.txt", "*.txt", False), ("x/a.txt", "*/*.txt", True),
     ("a.txt", "**/*.txt", True), ("x/y/a.txt", "**/*.txt", True), ("x/y/a.txt", "x/**/a.*", True),
     ("A.TXT", "*.txt", False), ("[1].txt", "[[]1].txt", True)],
)  # fmt: skip
def test_names_match_patterns(name, pattern, found):
    assert matches(name, pattern) == found


@pytest.mark.parametrize(
    ("folder_name", "pattern", "reached"),
    [("x/", "*.txt", False), ("x/", "*/*.txt", True), ("x/y/", "*/*.txt", False),
     ("x/y/", "**/*.txt", True), ("y/", "x/**", False), ("x/y/", "x/**/a", True)],
)  # fmt: skip
def test_folders_that_patterns_reach(folder_name, pattern, reached):
    assert reaches(folder_name, pattern) == reached


def test_a_whole_reading_ignores_what_was_read_before(opened, folder):
    write(folder, "a.txt", ["1"])
    gone = write(folder, "b.txt", ["2"])
    connector = opened()
    list(connector.read("cases", None))
    gone.unlink()
    assert names(connector.read_whole("cases")) == ["a.txt"]


@pytest.mark.parametrize("waits", ["young", "empty", "unmarked"])
def test_a_whole_reading_is_refused_while_a_file_waits(opened, folder, waits):
    """Its rows would be taken for deleted."""
    write(folder, "a.txt", ["1"])
    path = write(folder, "b.txt", ["2"], NOW - 10 if waits == "young" else NOW - 3_600)
    if waits == "empty":
        path.write_bytes(b"")
    more = {"settle": "30s"} if waits == "young" else {}
    connector = opened(**more | ({"done_marker": "{name}.ok"} if waits == "unmarked" else {}))
    with pytest.raises(SourceUnavailable, match="the next sweep tries again"):
        list(connector.read_whole("cases"))
    list(connector.read("cases", None))


def test_a_whole_reading_is_refused_when_a_file_changes_in_it(opened, folder, monkeypatch):
    path = write(folder, "a.txt", ["1"])
    connector = opened()
    content = finding.content

    def meanwhile(paths):
        found = content(paths)
        with path.open("a") as handle:
            handle.write("9,x\n")
        return found

    monkeypatch.setattr(finding, "content", meanwhile)
    with pytest.raises(SourceUnavailable, match="changes while it is read"):
        list(connector.read_whole("cases"))
