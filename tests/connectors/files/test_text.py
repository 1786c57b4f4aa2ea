"""Text exports: exact on what is right, and every row kept of what is not."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.files import text
from connectors.files.settings import TextSettings
from hub.core.errors import SourceRefused

BAR = TextSettings(format="text", files="*", delimiter="|")
ILLEGAL = (b"\xff\x41", b"\x80\x30", b"\x81\x20")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("text") / "GSBJ.txt"


def read(file: Path, content: bytes, declared: TextSettings = BAR) -> list[dict]:
    file.write_bytes(content)
    return [row for part in text.read(file, file.name, declared) for row in part.table.to_pylist()]


def furniture(file: Path, declared: TextSettings = BAR) -> list[tuple[int, str]]:
    return [mark for part in text.read(file, file.name, declared) for mark in part.furniture]


def test_line_breaks_delimiters_and_doubled_quotes_inside_quotes(file, reserved_types):
    content = '编号|意见\n1|"第一行\r\n第二行|""同意"""\n2|无\n2|无\n'.encode("gb18030")
    rows = read(file, content)
    assert [(row["编号"], row["意见"], row["_row"]) for row in rows] == [
        ("1", '第一行\r\n第二行|"同意"', 2), ("2", "无", 4), ("2", "无", 5),
    ]  # fmt: skip
    assert all(row["_defect"] is None and row["_bytes"] is None for row in rows)
    *_, part = text.read(file, "GSBJ.txt", BAR)
    assert {name: part.table.schema.field(name).type for name in reserved_types} == reserved_types
    assert {str(part.table.schema.field(name).type) for name in ("编号", "意见")} == {"string"}
    assert {row["_file"] for row in rows} == {"GSBJ.txt"}


def test_both_ways_of_reading_agree(file, monkeypatch):
    plain = "".join(f"{n}| 名{n} ||NULL\r\n" for n in range(50))
    content = f"A|B|C|D\r\n{plain}".encode("gb18030")
    quick = read(file, content)
    monkeypatch.setattr(text, "_plain_table", lambda *given: None)
    assert read(file, content) == quick
    assert (quick[49]["B"], quick[49]["C"], quick[49]["D"], quick[49]["_row"]) == (
        " 名49 ",
        "",
        "NULL",
        51,
    )


def test_the_second_byte_of_a_character_may_look_like_a_delimiter(file):
    assert "亅".encode("gb18030") == b"\x81|"
    (row,) = read(file, "A|B|C\n1|亅|2\n".encode("gb18030"))
    assert (row["A"], row["B"], row["C"]) == ("1", "亅", "2")


@pytest.mark.parametrize("illegal", ILLEGAL)
def test_illegal_bytes_harm_their_own_row_only(file, illegal):
    with pytest.raises(UnicodeDecodeError):
        illegal.decode("gb18030")
    bad = b"2|" + illegal + "|乙".encode("gb18030")
    rows = read(file, "A|B|C\r\n1|甲|甲\r\n".encode("gb18030") + bad + b"\r\n3|c|c\r\n")
    assert [row["_defect"] for row in rows] == [None, "illegal_bytes", None]
    assert rows[1]["_bytes"] == bad
    assert rows[1]["A"] == "2" and "\ufffd" in rows[1]["B"] and rows[1]["C"] == "乙"
    assert [row["_row"] for row in rows] == [2, 3, 4]
    assert (rows[0]["B"], rows[2]["B"]) == ("甲", "c")


def test_pairs_that_look_illegal_in_gbk_are_characters_of_gb18030(file):
    rows = read(file, b"A|B\n\xa3\xa0|\xa4\x57\n")
    assert [row["_defect"] for row in rows] == [None]


def test_nul_is_no_text(file):
    rows = read(file, b"A|B\n1|x\x00y\n2|z\n")
    assert [row["_defect"] for row in rows] == ["illegal_bytes", None]
    assert rows[0]["B"] == "x\ufffdy" and rows[0]["_bytes"] == b"1|x\x00y"


def test_an_illegal_row_over_several_lines_keeps_all_its_bytes(file):
    rows = read(file, b'A|B\n1|"x\n\xff\x41y"\n2|z\n')
    assert rows[0]["_defect"] == "illegal_bytes" and rows[0]["_bytes"] == b'1|"x\n\xff\x41y"'
    assert (rows[1]["_row"], rows[1]["_defect"]) == (4, None)


def test_wrong_number_of_fields(file):
    rows = read(file, b"A|B|C\n1|2\n1|2|3|4\n1|2|3\n")
    assert [row["_defect"] for row in rows] == ["damaged_row", "damaged_row", None]
    assert [row["C"] for row in rows] == [None, "3", "3"]
    assert [row["_bytes"] for row in rows] == [b"1|2", b"1|2|3|4", None]


def test_a_quote_that_never_closes_damages_one_line(file):
    rows = read(file, b'A|B\n1|"open\n2|x\n3|"y"\n4|z\n')
    assert [(row["_row"], row["_defect"]) for row in rows] == [
        (2, "damaged_row"), (3, None), (4, None), (5, None),
    ]  # fmt: skip
    assert rows[0]["_bytes"] == b'1|"open'
    assert [row["B"] for row in rows[1:]] == ["x", "y", "z"]


def test_a_line_end_of_another_kind_inside_a_line_damages_it(file):
    rows = read(file, b"A|B\n1|a\r2|b\n3|c\r\n")
    assert [(row["A"], row["_row"], row["_defect"]) for row in rows] == [
        (None, 2, "damaged_row"), ("3", 3, None),
    ]  # fmt: skip
    assert rows[0]["_bytes"] == b"1|a\r2|b"


def test_without_quotes_a_quote_is_a_character(file):
    declared = TextSettings(format="text", files="*", delimiter="|", quote=None)
    assert [row["B"] for row in read(file, b'A|B\n1|"x\n2|5"\n', declared)] == ['"x', '5"']


def test_blank_lines_and_the_dos_end_mark_are_furniture(file):
    rows = read(file, b"A|B\n1|x\n\n2|y\n\x1a")
    assert [row["_row"] for row in rows] == [2, 4]
    assert furniture(file) == [(3, "blank"), (5, "end_mark")]


def test_without_a_header_the_fields_are_declared(file):
    declared = TextSettings(
        format="text", files="*", delimiter=",", header=False, fields=("A", "B")
    )
    rows = read(file, b"1,x\n2,y", declared)
    assert [(row["A"], row["B"], row["_row"]) for row in rows] == [("1", "x", 1), ("2", "y", 2)]


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_a_byte_order_mark_is_no_part_of_the_first_name(file, charset):
    declared = TextSettings(format="text", files="*", delimiter=",", charset=charset)
    (row,) = read(file, '\ufeff"编号",名\n1,乙\n'.encode(charset), declared)
    assert (row["编号"], row["名"]) == ("1", "乙")


def test_nameless_repeated_and_reserved_names_are_told_apart(file):
    (row,) = read(file, b"A|A|_row||\n1|2|3|4|5\n")
    named = {name: value for name, value in row.items() if value in set("12345")}
    assert named == {"A": "1", "A#2": "2", "_row#2": "3", "column_4": "4", "column_5": "5"}


@pytest.mark.parametrize("content", [b"A|\xff\x41\n1|2\n", b'A|"B\n1|2\n', b"\n\n"])
def test_a_header_that_cannot_be_read_is_refused(file, content):
    file.write_bytes(content)
    with pytest.raises(SourceRefused, match=r"GSBJ\.txt"):
        list(text.read(file, file.name, BAR))


def test_records_go_on_across_blocks_of_lines(file, monkeypatch):
    monkeypatch.setattr(text, "BLOCK_LINES", 3)
    content = b'A|B\n1|"x\ny\nz\nu\nv"\n2|w\n\n3|"\n\n"\n4|"open\n5|end'
    rows = read(file, content)
    assert [(row["A"], row["B"], row["_row"], row["_defect"]) for row in rows] == [
        ("1", "x\ny\nz\nu\nv", 2, None), ("2", "w", 7, None), ("3", "\n\n", 9, None),
        (None, None, 12, "damaged_row"), ("5", "end", 13, None),
    ]  # fmt: skip
    assert furniture(file) == [(8, "blank")]


RARE = "镕㐀𠀀䶮\ue5e5亅é€\u3000"
fields = st.text(
    st.one_of(
        st.sampled_from('|"\r\n\x1a,; ' + RARE),
        st.characters(exclude_characters="\0", exclude_categories=("Cs",)),
    ),
    max_size=6,
)


def written(fields: tuple[str, ...], always: bool) -> str:
    """One record as an export program writes it."""
    return "|".join(
        '"' + field.replace('"', '""') + '"' if always or set(field) & set('|"\r\n') else field
        for field in fields
    )


@settings(max_examples=80, deadline=None)
@given(
    table=st.lists(st.tuples(fields, fields, fields), max_size=12),
    end=st.sampled_from(["\n", "\r\n"]),
    always=st.booleans(),
    block=st.sampled_from([2, 5, 50_000]),
)
def test_whatever_is_written_is_read(file, table, end, always, block):
    records = [written(record, always) + end for record in [("A", "B", "C"), *table]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "BLOCK_LINES", block)
        rows = read(file, "".join(records).encode("gb18030"))
    assert [(row["A"], row["B"], row["C"]) for row in rows] == table
    assert {row["_defect"] for row in rows} <= {None}
    lines = itertools.accumulate((record.count("\n") for record in records), initial=1)
    assert [row["_row"] for row in rows] == list(lines)[1:-1]


def line_groups(starts: list[int], lines: list[bytes]) -> Iterator[bytes]:
    for begin, end in itertools.pairwise([*starts, len(lines) + 1]):
        yield b"".join(lines[begin - 1 : end - 1]).rstrip(b"\r\n")


@settings(max_examples=80, deadline=None)
@given(
    body=st.lists(
        st.sampled_from([b"1", b"|", b'"', b"\n", b"\r\n", b"\xff", b"\x81", b"\xd5\xc5"])
    ),
    block=st.sampled_from([1, 4, 50_000]),
)
@example(body=[b"\xff", b"1", b"\n", b"1", b"\n", b"|"], block=4)  # as if the first of four bytes
@example(body=[b"\x81", b"1", b"\r\n", b"\n", b"|"], block=50_000)
def test_no_line_is_lost_whatever_the_bytes(file, body, block):
    content = b"A|B\n" + b"".join(body)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "BLOCK_LINES", block)
        rows = read(file, content)
        marks = furniture(file)
    lines = io.BytesIO(content).readlines()
    starts = sorted([row["_row"] for row in rows] + [line for line, _ in marks])
    assert starts[:1] in ([], [2]) and len(starts) == len(set(starts))
    assert bool(starts) == (len(lines) > 1)
    raw = dict(zip(starts, line_groups(starts, lines), strict=True))
    for row in rows:
        if row["_defect"]:
            assert row["_bytes"] == raw[row["_row"]]
        else:
            (parsed,) = csv.reader(
                io.StringIO(raw[row["_row"]].decode("gb18030"), newline=""),
                delimiter="|",
                strict=True,
            )
            assert parsed == [row["A"], row["B"]]
