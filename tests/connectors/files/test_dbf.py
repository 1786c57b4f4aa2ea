"""DBF tables, written here byte by byte and read back; one real table of a real office."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

import dbfread
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.files import dbf
from connectors.files.settings import DbfSettings
from hub.core.errors import SourceRefused

GB = DbfSettings(format="dbf", files="*")
REAL = Path(__file__).parents[4] / "shared" / "data" / "legacy_samples" / "gbk.dbf"

Field = tuple[str, str, int]


def table(
    fields: list[Field], records: Iterable[tuple[bytes, list[bytes]]], *, version=0x30, count=None
) -> bytes:
    """A table file. Values are padded to their width; numbers (N) on the left."""
    records = list(records)
    body = b""
    for mark, values in records:
        body += mark
        for (_, kind, width), value in zip(fields, values, strict=True):
            body += value.rjust(width) if kind in "NF" else value.ljust(width)
    descriptors = b"".join(
        struct.pack("<11sc4xBB14x", name.encode("gb18030"), kind.encode(), width & 255, width >> 8)
        for name, kind, width in fields
    )
    size = 1 + sum(width for _, _, width in fields)
    total = len(records) if count is None else count
    head = struct.pack("<BBBBIHH20x", version, 112, 3, 5, total, 33 + len(descriptors), size)
    return head + descriptors + b"\r" + body + b"\x1a"


def fpt(memos: list[bytes], block: int = 64) -> tuple[bytes, list[int]]:
    """A FoxPro memo file and the block number of each memo."""
    data, numbers = struct.pack(">IHH504x", 0, 0, block), []
    for memo in memos:
        numbers.append(len(data) // block)
        data += (struct.pack(">II", 1, len(memo)) + memo).ljust(
            -(-(8 + len(memo)) // block) * block
        )
    return data, numbers


def read(path: Path, declared: DbfSettings = GB) -> list[dict]:
    return [row for part in dbf.read(path, path.name, declared) for row in part.table.to_pylist()]


def test_types_padding_and_deleted_records(tmp_path, reserved_types):
    path = tmp_path / "MZBJ.DBF"
    fields = [("编号", "C", 8), ("金额", "N", 9), ("日期", "D", 8), ("是否", "L", 1)]
    path.write_bytes(
        table(
            fields,
            [
                (b" ", ["A张".encode("gb18030"), b"12.50", b"20120305", b"T"]),
                (b"*", [b"B", b"", b"", b"?"]),
                (b" ", [b"", b"*********", b"2012 3 5", b"F"]),
            ],
        )
    )
    rows = read(path)
    assert [tuple(row[name] for name, _, _ in fields) for row in rows] == [
        ("A张     ", "12.50", "2012-03-05", "T"),
        ("B       ", None, None, None),
        ("        ", "*********", "2012 3 5", "F"),
    ]
    assert [row["_row"] for row in rows] == [1, 2, 3]
    assert [row["_deleted"] for row in rows] == [False, True, False]
    assert {row["_defect"] for row in rows} == {None}
    (part,) = dbf.read(path, "MZBJ.DBF", GB)
    assert {name: part.table.schema.field(name).type for name in reserved_types} == reserved_types


def test_binary_numbers_of_visual_foxpro(tmp_path):
    path = tmp_path / "t.dbf"
    fields = [("I", "I", 4), ("B", "B", 8), ("Y", "Y", 8), ("T", "T", 8)]
    moment = struct.pack("<ii", 2_455_992, 52_200_001)  # Julian day of 2012-03-05, 14:30 and 1 ms
    path.write_bytes(
        table(
            fields,
            [
                (b" ", [struct.pack("<i", -7), struct.pack("<d", 2.5), struct.pack("<q", 123_450), moment]),
                (b" ", [bytes(4), struct.pack("<d", 3), struct.pack("<q", -1), bytes(8)]),
            ],
        )
    )  # fmt: skip
    assert [tuple(row[name] for name, _, _ in fields) for row in read(path)] == [
        ("-7", "2.5", "12.3450", "2012-03-05 14:30:00"), ("0", "3", "-0.0001", None),
    ]  # fmt: skip


@pytest.mark.parametrize("wide", [4, 10])
def test_memos_of_foxpro(tmp_path, wide):
    memos = ["[01]申请书\r\n[02]户口簿".encode("gb18030"), "长".encode("gb18030") * 100]
    data, numbers = fpt(memos)
    pointers = [
        struct.pack("<I", number) if wide == 4 else str(number).rjust(10).encode()
        for number in (*numbers, 0, 9_999)
    ]
    path = tmp_path / "MZBJ.DBF"
    path.write_bytes(table([("材料", "M", wide)], [(b" ", [pointer]) for pointer in pointers]))
    (tmp_path / "mzbj.Fpt").write_bytes(data)
    rows = read(path)
    assert [row["材料"] for row in rows] == ["[01]申请书\r\n[02]户口簿", "长" * 100, None, None]
    assert [row["_defect"] for row in rows] == [None, None, None, "damaged_row"]
    assert rows[3]["_bytes"] == b" " + pointers[3].ljust(wide)


def test_memos_of_dbase(tmp_path):
    three = bytes(512) + b"alpha\x1a\x1a".ljust(512, b"\0") + b"beta\x1a"
    four = struct.pack("<20xH490x", 512) + b"\xff\xff\x08\0" + struct.pack("<I", 13) + b"gamma"
    for version, memo, pointers, texts in (
        (0x83, three, [b"1", b"2", b""], ["alpha", "beta", None]),
        (0x8B, four, [b"1", b"7"], ["gamma", None]),
    ):
        path = tmp_path / "t.dbf"
        path.write_bytes(table([("M", "M", 10)], [(b" ", [p]) for p in pointers], version=version))
        (tmp_path / "t.dbt").write_bytes(memo)
        assert [row["M"] for row in read(path)] == texts


def test_a_missing_memo_file_is_refused(tmp_path):
    path = tmp_path / "MZBJ.DBF"
    path.write_bytes(table([("材料", "M", 4)], [(b" ", [bytes(4)])]))
    with pytest.raises(SourceRefused, match=r"memo file is not beside it.*MZBJ\.fpt"):
        read(path)


def test_a_memo_that_changes_alone_is_new_content(open_files, folder):
    (folder / "a.dbf").write_bytes(table([("M", "M", 4)], [(b" ", [struct.pack("<I", 8)])]))
    (folder / "a.fpt").write_bytes(fpt([b"one"])[0])
    opened = open_files(format="dbf", files="*.dbf")
    (first,) = opened.read("cases", None)
    assert list(opened.read("cases", first.cursor)) == []
    (folder / "a.fpt").write_bytes(fpt([b"two"])[0])
    (second,) = opened.read("cases", first.cursor)
    assert (first.table["M"].to_pylist(), second.table["M"].to_pylist()) == (["one"], ["two"])


def test_illegal_bytes_harm_their_own_record_only(tmp_path):
    cut = "张三".encode("gb18030")[:3]  # CHAR(n) cuts half a character
    path = tmp_path / "t.dbf"
    path.write_bytes(
        table([("A", "C", 3), ("B", "C", 4)], [(b" ", [b"1", b"x"]), (b" ", [cut, b"y"]), (b" ", [b"3", b"z"])])
    )  # fmt: skip
    rows = read(path)
    assert [row["_defect"] for row in rows] == [None, "illegal_bytes", None]
    assert (
        rows[1]["A"] == "张\ufffd"
        and rows[1]["B"] == "y   "
        and rows[1]["_bytes"] == b" " + cut + b"y   "
    )
    assert rows[2]["B"] == "z   "


def test_nul_is_padding_at_the_end_and_no_text_elsewhere(tmp_path):
    path = tmp_path / "t.dbf"
    path.write_bytes(table([("A", "C", 4)], [(b" ", [b"ab\0\0"]), (b" ", [b"a\0b\0"])]))
    rows = read(path)
    assert [(row["A"], row["_defect"]) for row in rows] == [
        ("ab", None),
        ("a\ufffdb", "illegal_bytes"),
    ]


def test_a_record_with_a_strange_mark_is_damaged(tmp_path):
    path = tmp_path / "t.dbf"
    path.write_bytes(table([("A", "C", 2)], [(b" ", [b"1"]), (b"\x07", [b"2"])]))
    assert [row["_defect"] for row in read(path)] == [None, "damaged_row"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x", "is no dBase"),
        (table([("A", "C", 2)], [(b" ", [b"1"])], count=3), "ends within record 2"),
        (table([("A", "C", 2)], [(b" ", [b"1"]), (b" ", [b"2"])], count=1), "records follow"),
        (table([("图", "G", 10)], [(b" ", [b""])]), "field 图 is of type G"),
        (table([("A", "C", 2)], [], version=0x04), "is no dBase"),
    ],
)
def test_files_that_cannot_be_trusted_are_refused(tmp_path, content, said):
    path = tmp_path / "t.dbf"
    path.write_bytes(content)
    with pytest.raises(SourceRefused, match=said):
        read(path)


def test_a_table_without_records(tmp_path):
    path = tmp_path / "t.dbf"
    path.write_bytes(table([("A", "C", 2)], []))
    (part,) = dbf.read(path, "t.dbf", GB)
    assert part.table.num_rows == 0 and part.table.column_names[0] == "A"


def test_a_large_table_comes_in_slices(tmp_path, monkeypatch):
    monkeypatch.setattr(dbf, "CHUNK_ROWS", 3)
    path = tmp_path / "t.dbf"
    path.write_bytes(table([("A", "N", 3)], [(b" ", [str(n).encode()]) for n in range(7)]))
    assert [part.table.num_rows for part in dbf.read(path, "t.dbf", GB)] == [3, 3, 1]
    assert [(row["A"], row["_row"]) for row in read(path)] == [(str(n), n + 1) for n in range(7)]


@pytest.mark.skipif(not REAL.exists(), reason="the legacy samples are not beside the repository")
def test_a_real_table_with_chinese_field_names():
    rows = read(REAL)
    assert list(rows[0])[:3] == ["设计编号", "审核信息", "是否打印"]
    assert len(rows) == 28
    assert rows[0]["设计编号"].rstrip() == "201500256-059K-001-001牡丹江林口朝阳"
    assert {row["_defect"] for row in rows} == {None}
    other = dbfread.DBF(str(REAL), encoding="gb18030")
    read_elsewhere = [*other, *other.deleted]
    assert sorted(row["设计编号"].rstrip() for row in rows) == sorted(
        record["设计编号"] for record in read_elsewhere
    )
    assert sum(row["_deleted"] for row in rows) == len(other.deleted)


texts = st.text(
    st.characters(exclude_characters="\0", exclude_categories=("Cs",))
    | st.sampled_from("镕𠀀|\n\x1a"),
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([b" ", b"*"]), texts, texts), min_size=1, max_size=10))
def test_every_record_comes_back(tmp_path_factory, records):
    path = tmp_path_factory.mktemp("dbf") / "t.dbf"
    path.write_bytes(
        table(
            [("甲", "C", 20), ("乙", "C", 300)],
            [(mark, [a.encode("gb18030"), b.encode("gb18030")]) for mark, a, b in records],
        )
    )
    for row, (mark, a, b) in zip(read(path), records, strict=True):
        assert row["_deleted"] == (mark == b"*") and row["_defect"] is None
        assert row["甲"] == a + " " * (20 - len(a.encode("gb18030")))
        assert row["乙"] == b + " " * (300 - len(b.encode("gb18030")))
