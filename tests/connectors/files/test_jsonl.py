"""JSON lines: exact numbers, nested values, damaged lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.files import jsonl
from connectors.files.settings import JsonLinesSettings


def declared(fields: dict[str, str], **more: object) -> JsonLinesSettings:
    return JsonLinesSettings.model_validate(
        {"format": "jsonl", "files": "*", "fields": fields} | more
    )


def read(tmp_path: Path, data: bytes, settings: JsonLinesSettings):
    path = tmp_path / "a.jsonl"
    path.write_bytes(data)
    parts = list(jsonl.read(path, "a.jsonl", settings))
    rows = [row for part in parts for row in part.table.to_pylist()]
    return rows, [mark for part in parts for mark in part.furniture]


def test_numbers_keep_their_digits(tmp_path):
    line = b'{"a": 1.50, "b": 12345678901234567890123, "c": 1e400, "d": -0, "e": true, "f": null, "g": "", "h": "1"}'
    rows, _ = read(tmp_path, line, declared({name: name for name in "abcdefghi"}))
    assert [rows[0][name] for name in "abcdefghi"] == [
        "1.50", "12345678901234567890123", "1e400", "-0", "true", None, "", "1", None,
    ]  # fmt: skip


def test_nested_values(tmp_path):
    line = '{"办件": {"编号": "A1", "步骤": [{"名": "受理"}, {"名": "办结", "费": 1.0}]}, "a.b": 2, "": 3}'
    fields = {
        "no": "办件.编号", "first": "办件.步骤.0.名", "last": "/办件/步骤/1/名", "dotted": "/a.b",
        "none": "办件.步骤.7.名", "deeper": "办件.编号.x", "all": "办件.步骤", "empty": "/",
    }  # fmt: skip
    rows, _ = read(tmp_path, line.encode("gb18030"), declared(fields, charset="gbk"))
    assert [rows[0][name] for name in fields] == [
        "A1", "受理", "办结", "2", None, None, '[{"名": "受理"}, {"名": "办结", "费": 1.0}]', "3",
    ]  # fmt: skip


def test_pointers_of_rfc_6901():
    assert jsonl.steps("/a~1b/m~0n/0") == ("a/b", "m~n", "0")
    assert jsonl.steps("a.b.0") == ("a", "b", "0")


@pytest.mark.parametrize(
    ("line", "defect"),
    [(b"{", "damaged_row"), (b"[1]", "damaged_row"), (b'{"a": 1, "a": 2}', "damaged_row"),
     (b'{"a": NaN}', "damaged_row"), (b'{"a": 1} {"a": 2}', "damaged_row"), (b'{"a": "\xff"}', "illegal_bytes"),
     (b'{"a": "\\ud800"}', "illegal_bytes"), (b'{"a": "\\u0000"}', "illegal_bytes"),
     (b'{"a": "x\ty"}', "damaged_row"), (b"[" * 200_000, "damaged_row")],
)  # fmt: skip
def test_a_line_that_cannot_be_read_is_kept(tmp_path, line, defect):
    rows, _ = read(tmp_path, b'{"a": "1"}\n' + line + b'\r\n{"a": "3"}', declared({"a": "a"}))
    assert [(row["a"], row["_row"], row["_defect"]) for row in rows] == [
        ("1", 1, None), (None, 2, defect), ("3", 3, None),
    ]  # fmt: skip
    assert rows[1]["_bytes"] == line


def test_blank_lines_are_furniture(tmp_path):
    rows, marks = read(
        tmp_path, b'\xef\xbb\xbf{"a": 1}\n\n  \n{"a": 2}\n\x1a', declared({"a": "a"})
    )
    assert [row["a"] for row in rows] == ["1", "2"]
    assert marks == [(2, "blank"), (3, "blank"), (5, "end_mark")]


values = st.none() | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=5)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(values, values), max_size=8))
def test_whatever_is_written_is_read(tmp_path_factory, rows):
    data = "".join(json.dumps({"a": a, "b": {"c": c}}) + "\n" for a, c in rows).encode()
    found, _ = read(tmp_path_factory.mktemp("jsonl"), data, declared({"a": "a", "c": "b.c"}))
    assert [(row["a"], row["c"]) for row in found] == rows
