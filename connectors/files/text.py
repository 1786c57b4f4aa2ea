"""Format `text`: delimited text exports.

Lines are told apart in the bytes (in no charset that keeps ASCII does a line end occur inside a character), the
rest in the decoded text, because a delimiter such as '|' may be the second byte of a GB18030 character. Blocks of
plain lines go through Arrow's reader, all others through Python's `csv`, strict, which tells where a record began.
Every row is kept, whatever is wrong with it:

- bytes that are not of the charset: `illegal_bytes`, fields decoded with U+FFFD in their place;
- wrong number of fields: `damaged_row`, fields by position;
- quotes that do not close or close too early: that line alone is a `damaged_row`, the next line starts afresh.

Blank lines and the DOS end mark (0x1A) are furniture.
"""

from __future__ import annotations

import csv
import io
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv

from connectors.files.file_settings import FileSettings
from connectors.files.lines import BLOCK_LINES, skip_byte_order_mark
from connectors.files.lines import lines as all_lines
from connectors.files.settings import TextSettings
from connectors.files.slices import Slice
from connectors.tables import field_names, source_table
from hub.core.errors import SourceRefused

MAX_RECORD_LINES = 1_000
"""A quote that is not closed within so many lines is a damaged one, not a long field."""

NUL, REPLACEMENT = "\0", "\ufffd"
SEPARATORS = ("\x1f", "\x1e", "\x1d", "\x1c", *map(chr, range(0xE000, 0xF8FF)))
"""What may stand for a delimiter of several characters, which no parser takes: the first that the text lacks."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Consecutive lines and the records in them. `bounds[i]` to `bounds[i + 1]` are the lines of record i.

    A record is None where the quotes are damaged. The last bound is the first line that is left for the next
    block, because its record does not end in this one.
    """

    lines: Sequence[bytes]
    illegal: Sequence[int]
    records: list[list[str] | None]
    bounds: list[int]

    def raw(self, record: int) -> bytes:
        """The record's own bytes, without the line end."""
        begin, end = self.bounds[record : record + 2]
        return b"".join(self.lines[begin:end]).rstrip(b"\r\n")

    def illegal_records(self) -> set[int]:
        """Records that hold bytes which are not of the charset."""
        found = {bisect_right(self.bounds, line) - 1 for line in self.illegal}
        return found & set(range(len(self.records)))

    def furniture(self) -> dict[int, str]:
        """Records that are none, with the rule that says so."""
        return {
            index: "end_mark" if record else "blank"
            for index, record in enumerate(self.records)
            if record in ([], ["\x1a"])
        }


def read(path: Path, name: str, settings: FileSettings) -> Iterator[Slice]:
    """The rows of a text file; `_row` is the line on which a record begins, the header being line 1.

    Raises SourceRefused when the header cannot be read.
    """
    assert isinstance(settings, TextSettings)
    header = field_names(settings.fields)
    lines: list[bytes] = []
    line_number = 1
    with path.open("rb") as handle:
        skip_byte_order_mark(handle)
        source = all_lines(handle, path)
        while True:
            fresh = list(islice(source, BLOCK_LINES if header else 1))
            lines += fresh
            if not lines:
                break
            text = _text(lines, settings.charset)
            table = _plain_table(text, name, header, line_number, settings)
            if table is not None:
                yield Slice(name, table)
                used = len(lines)
            else:
                block = _parse(lines, text, settings, final=not fresh)
                furniture = block.furniture()
                kept = [at for at in range(len(block.records)) if at not in furniture]
                if kept and not header:
                    header = _header(block, kept.pop(0), f"{path}:{line_number}", settings)
                if header:
                    marks = ((line_number + block.bounds[at], furniture[at]) for at in furniture)
                    table = _table(block, kept, name, header, line_number)
                    yield Slice(name, table, tuple(marks))
                used = block.bounds[-1]
            line_number += used
            lines = lines[used:]
    if not header:
        raise SourceRefused("there is no header", where=str(path))


def _plain_table(
    text: str | None, name: str, header: list[str], first_line: int, settings: TextSettings
) -> pa.Table | None:
    """The table of lines that are one record each, with all their fields and without quotes; None for others.

    The short way: Arrow's reader means the same as `csv` only where nothing is special.
    """
    if text is None or not header:
        return None
    special = (settings.quote or "\x1a", "\x1a", "\n\n", "\n\r\n")
    if (
        any(one in text for one in special)
        or text.startswith(("\n", "\r", "\ufeff"))
        or text.count("\r") != text.count("\r\n")
    ):
        return None
    text, delimiter = _with_one_delimiter(text, settings.delimiter)
    if not delimiter.isascii():
        return None
    data = pa.py_buffer(text.encode())
    try:
        found = arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(
                column_names=header, use_threads=False, block_size=data.size + 1
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, quote_char=False, ignore_empty_lines=False
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    columns = {column: found[column].combine_chunks() for column in header}
    return source_table(name, columns, list(range(first_line, first_line + found.num_rows)))


def _with_one_delimiter(text: str, delimiter: str) -> tuple[str, str]:
    """The text with a delimiter of one character, and that character."""
    if len(delimiter) == 1:
        return text, delimiter
    separator = next(one for one in SEPARATORS if one not in text)
    return text.replace(delimiter, separator), separator


def _restored(record: list[str], separator: str, delimiter: str) -> list[str]:
    """The record with its delimiters: what stands in quotes is none."""
    if separator == delimiter:
        return record
    return [one.replace(separator, delimiter) for one in record]


def _parse(
    lines: Sequence[bytes], text: str | None, settings: TextSettings, *, final: bool
) -> _Block:
    illegal: list[int] = []
    if text is None:
        readable, illegal = _readable(lines, settings.charset)
        text = "".join(readable)
    text, delimiter = _with_one_delimiter(text, settings.delimiter)
    texts = io.StringIO(text, newline="\n").readlines()
    options: dict[str, Any] = {"delimiter": delimiter, "strict": True}
    if settings.quote is None:
        options["quoting"] = csv.QUOTE_NONE
    else:
        options["quotechar"] = settings.quote
    records: list[list[str] | None] = []
    bounds = [0]
    while bounds[-1] < len(texts):
        begin = bounds[-1]
        reader = csv.reader(map(texts.__getitem__, range(begin, len(texts))), **options)
        try:
            for record in reader:
                records.append(_restored(record, delimiter, settings.delimiter))
                bounds.append(begin + reader.line_num)
        except csv.Error:
            at_end = begin + reader.line_num == len(texts)
            if at_end and not final and len(texts) - bounds[-1] <= MAX_RECORD_LINES:
                break
            records.append(None)
            bounds.append(bounds[-1] + 1)
    return _Block(lines, illegal, records, bounds)


def _text(lines: Sequence[bytes], charset: str) -> str | None:
    """The text of the lines; None if they hold bytes that are no text of the charset, NUL included."""
    try:
        text = b"".join(lines).decode(charset)
    except UnicodeDecodeError:
        return None
    return None if NUL in text else text


def _readable(lines: Sequence[bytes], charset: str) -> tuple[list[str], list[int]]:
    """What can be read of each line, U+FFFD standing for the rest, and which lines that concerns.

    The line end is kept apart: a broken character of several bytes must not take it along and join two lines.
    """
    texts, illegal = [], []
    for index, line in enumerate(lines):
        text = _text([line], charset)
        if text is None:
            body = line.rstrip(b"\r\n")
            end = line[len(body) :].decode("ascii")
            text = body.decode(charset, "replace").replace(NUL, REPLACEMENT) + end
            illegal.append(index)
        texts.append(text)
    return texts, illegal


def _header(block: _Block, record: int, where: str, settings: TextSettings) -> list[str]:
    header = block.records[record]
    if header is None or record in block.illegal_records():
        raise SourceRefused(
            f"the header is not {settings.charset} text with the declared quotes", where=where,
            remedy="correct 'charset', 'delimiter' and 'quote', or ask for the file again",
        )  # fmt: skip
    return field_names(header)


def _table(
    block: _Block, kept: list[int], name: str, header: list[str], first_line: int
) -> pa.Table:
    width = len(header)
    records: list[Any] = [block.records[index] for index in kept]
    reasons: dict[int, str] = {}
    if any(record is None or len(record) != width for record in records):
        for at, record in enumerate(records):
            if record is None or len(record) != width:
                reasons[at] = "damaged_row"
                records[at] = ((record or []) + [None] * width)[:width]
    if block.illegal:
        illegal = block.illegal_records()
        reasons |= {at: "illegal_bytes" for at, index in enumerate(kept) if index in illegal}
    columns = zip(*records, strict=True) if records else [()] * width
    return source_table(
        name,
        dict(zip(header, columns, strict=True)),
        [first_line + block.bounds[index] for index in kept],
        defects={at: (reason, block.raw(kept[at])) for at, reason in reasons.items()},
    )
