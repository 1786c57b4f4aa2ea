"""Texts of another charset than the database declares."""

from __future__ import annotations

import pyarrow as pa

from connectors.sql import Column, with_charset
from connectors.sql.charsets import decode

NAME = with_charset(Column("XM", "varchar", pa.string(), is_text=True), "gb18030")
NOTE = with_charset(Column("BZ", "varchar", pa.string(), is_text=True), "gb18030")
NUMBER = with_charset(Column("ID", "bigint", pa.int64()), "gb18030")


def table(**columns: list[object]) -> pa.Table:
    kinds = {"ID": pa.int64(), "XM": pa.binary(), "BZ": pa.binary()}
    return pa.table({name: pa.array(each, kinds[name]) for name, each in columns.items()})


def test_a_column_is_decoded_with_nulls_empty_texts_and_line_ends_as_they_are():
    texts = ["张三", None, "", "㐂𠮷😀", "a\nb", "\u3000"]
    raw = [text if text is None else text.encode("gb18030") for text in texts]
    decoded, illegal = decode(table(ID=list(range(6)), XM=raw), (NUMBER, NAME))
    assert decoded["XM"].to_pylist() == texts and illegal == {}
    assert decoded.schema.types == [pa.int64(), pa.string()]


def test_a_zero_byte_in_a_text_does_not_shift_the_others():
    decoded, _ = decode(table(XM=[b"a\0b", b"c"]), (NAME,))
    assert decoded["XM"].to_pylist() == ["a\0b", "c"]


def test_illegal_bytes_leave_a_null_and_are_kept_with_the_name_of_their_column():
    good = "张三".encode("gb18030")
    rows = table(XM=[good, b"\xff\xff", b"\xd5"], BZ=[good, b"\xa4", good])
    decoded, illegal = decode(rows, (NAME, NOTE))
    assert decoded["XM"].to_pylist() == ["张三", None, None]
    assert decoded["BZ"].to_pylist() == ["张三", None, "张三"]
    assert illegal == {
        1: ("illegal_bytes", b"XM=\xff\xff\0BZ=\xa4"), 2: ("illegal_bytes", b"XM=\xd5"),
    }  # fmt: skip


def test_half_a_character_at_the_end_does_not_eat_the_next_value():
    decoded, illegal = decode(table(XM=[b"\xd5", b"A", b"B"]), (NAME,))
    assert decoded["XM"].to_pylist() == [None, "A", "B"] and set(illegal) == {0}


def test_an_empty_chunk():
    decoded, illegal = decode(table(XM=[]), (NAME,))
    assert decoded["XM"].to_pylist() == [] and illegal == {}
