"""Fixed width: positions in bytes and in characters."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.files import fixed
from connectors.files.settings import FixedSettings

LAYOUT = {"编号": "1-4", "姓名": "5-12", "状态": "13"}


def declared(**more: object) -> FixedSettings:
    return FixedSettings.model_validate(
        {"format": "fixed", "files": "*", "unit": "bytes", "fields": LAYOUT} | more
    )


def read(tmp_path: Path, data: bytes, settings: FixedSettings):
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    parts = list(fixed.read(path, "a.txt", settings))
    rows = [row for part in parts for row in part.table.to_pylist()]
    return rows, [mark for part in parts for mark in part.furniture]


def own(row: dict) -> tuple:
    return row["编号"], row["姓名"], row["状态"]


def test_positions_count_bytes(tmp_path, reserved_types):
    data = "0001张三    1\r\n0002欧阳修远2\r\n0003𠀀𠀀3   \r\n\x1a".encode("gb18030")
    rows, marks = read(tmp_path, data, declared())
    assert [own(row) for row in rows] == [
        ("0001", "张三    ", "1"), ("0002", "欧阳修远", "2"), ("0003", "𠀀𠀀", "3"),
    ]  # fmt: skip
    assert [row["_row"] for row in rows] == [1, 2, 3] and marks == [(4, "end_mark")]
    assert not any(row["_defect"] for row in rows)


def test_positions_count_characters(tmp_path):
    data = "编号姓名\n0001张三      1\n\n0002欧阳修远    2\n".encode("gb18030")
    rows, marks = read(tmp_path, data, declared(unit="characters", header=True))
    assert [own(row) for row in rows] == [
        ("0001", "张三      ", "1"),
        ("0002", "欧阳修远    ", "2"),
    ]
    assert [row["_row"] for row in rows] == [2, 4] and marks == [(1, "header"), (3, "blank")]


def test_lines_that_do_not_fit_and_bytes_that_are_no_text(tmp_path):
    good = "0001张三    1".encode("gb18030")
    lines = [
        good,
        good[:-1],
        good + b"x",
        good[:5] + b"\xff" + good[6:],
        good[:3] + good[4:] + b" ",
    ]
    rows, _ = read(tmp_path, b"\n".join(lines), declared())
    assert [row["_defect"] for row in rows] == [
        None, "damaged_row", "damaged_row", "illegal_bytes", "illegal_bytes",
    ]  # fmt: skip
    assert [row["_bytes"] for row in rows] == [None, *lines[1:]]


def test_trimmed_lines(tmp_path):
    data = "0001张三\n0002\n0003李四    1   \n0004李四    12\n".encode("gb18030")
    rows, _ = read(tmp_path, data, declared(trimmed=True))
    assert [own(row) for row in rows][:3] == [
        ("0001", "张三", ""), ("0002", "", ""), ("0003", "李四    ", "1"),
    ]  # fmt: skip
    assert [row["_defect"] for row in rows] == [None, None, None, "damaged_row"]


def test_many_lines_are_numbered_through(tmp_path):
    rows, _ = read(tmp_path, b"".join(b"%04dabcdefgh1\n" % n for n in range(9_999)), declared())
    assert [row["编号"] for row in rows] == [f"{n:04}" for n in range(9_999)]
    assert [row["_row"] for row in rows] == list(range(1, 10_000))


def test_an_empty_file_still_has_its_fields(tmp_path):
    rows, _ = read(tmp_path, b"", declared())
    assert rows == []


@pytest.mark.parametrize(
    "broken", [{"fields": {"A": "4-1"}}, {"fields": {"A": "0-1"}}, {"unit": "words"}]
)
def test_broken_layouts(broken):
    with pytest.raises(ValidationError):
        declared(**broken)
