"""Texts that a database holds in another charset than it declares: fetched as bytes, decoded a column at a time."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from connectors.sql import Column

ILLEGAL_BYTES = "illegal_bytes"
_BETWEEN = b"\0"
"""Below 0x30, so no second byte of a character in any charset that keeps ASCII."""


def decode(
    table: pa.Table, columns: Sequence[Column]
) -> tuple[pa.Table, dict[int, tuple[str, bytes]]]:
    """The table with its bytes turned into text, and position → (reason code, bytes) of rows with illegal bytes.

    A value that is not of the charset becomes null; what it was stands in the second part as `column=bytes`, with a
    zero byte between two of them. Columns of text that came as text are left as they are.
    """
    illegal: dict[int, list[bytes]] = {}
    for at, column in enumerate(columns):
        if column.is_text and pa.types.is_binary(table.schema.types[at]):
            values = table.column(at).to_pylist()
            texts = _whole(values, column.charset or "utf-8")
            if texts is None:
                texts = _one_by_one(values, column, illegal)
            table = table.set_column(at, column.name, pa.array(texts, pa.string()))
    return table, {at: (ILLEGAL_BYTES, _BETWEEN.join(parts)) for at, parts in illegal.items()}


def _whole(values: Sequence[bytes | None], charset: str) -> list[str | None] | None:
    """All values decoded in one go, or None if one of them is illegal or holds the byte between them."""
    try:
        texts = _BETWEEN.join(value or b"" for value in values).decode(charset).split("\0")
    except UnicodeDecodeError:
        return None
    if len(texts) != len(values):
        return [] if not values else None
    return [None if value is None else text for value, text in zip(values, texts, strict=True)]


def _one_by_one(
    values: Sequence[bytes | None], column: Column, illegal: dict[int, list[bytes]]
) -> list[str | None]:
    texts: list[str | None] = []
    for at, value in enumerate(values):
        try:
            texts.append(None if value is None else value.decode(column.charset or "utf-8"))
        except UnicodeDecodeError:
            texts.append(None)
            illegal.setdefault(at, []).append(column.name.encode() + b"=" + (value or b""))
    return texts
