"""Raw tables: the source's own fields and the reserved columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hub.core.batches import BYTES, DEFECT, DELETED, FILE, RESERVED, ROW
from hub.core.errors import SourceRefused
from hub.core.specs import Deleted

RESERVED_TYPES = {
    FILE: pa.string(), ROW: pa.int64(), DELETED: pa.bool_(), DEFECT: pa.string(), BYTES: pa.binary(),
}  # fmt: skip

Defects = Mapping[int, tuple[str, bytes]]
"""Position in the slice → (reason code, the row's own bytes)."""


def field_names(header: Sequence[str | None]) -> list[str]:
    """Usable column names: trimmed, an empty one named by its place, a repeated or reserved one numbered."""
    names: list[str] = []
    taken = set(RESERVED)
    for place, given in enumerate(header, 1):
        base = name = (given or "").strip() or f"column_{place}"
        count = 1
        while name in taken:
            count += 1
            name = f"{base}#{count}"
        taken.add(name)
        names.append(name)
    return names


def source_table(
    name: str,
    fields: Mapping[str, Any],
    rows: Any,
    *,
    deleted: Any = None,
    defects: Defects | None = None,
) -> pa.Table:
    """A table of source fields (Arrow or Python columns of text) with the reserved columns added.

    `rows`: row numbers as a person counts them. `deleted`: booleans, default all false.
    """
    count = len(rows)
    defects = defects or {}
    reserved = {
        FILE: pa.repeat(pa.scalar(name, pa.string()), count),
        ROW: rows if isinstance(rows, pa.Array) else pa.array(rows, pa.int64()),
        DELETED: pa.repeat(pa.scalar(False), count) if deleted is None else deleted,
        DEFECT: _sparse({at: reason for at, (reason, _) in defects.items()}, count, pa.string()),
        BYTES: _sparse({at: raw for at, (_, raw) in defects.items()}, count, pa.binary()),
    }
    columns = {
        key: value if isinstance(value, pa.Array) else pa.array(value, pa.string())
        for key, value in fields.items()
    }
    return pa.table(columns | reserved)


def deleted_mask(fields: Mapping[str, Any], deleted: Deleted | None, where: str) -> pa.Array | None:
    """Which rows the source marks as deleted (text or any type that has a text form); None if it has no such mark.

    Raises SourceRefused when the column of the mark is not there: unmarked would mean not deleted.
    """
    if deleted is None:
        return None
    if deleted.column not in fields:
        raise SourceRefused(
            f"there is no column {deleted.column}, which marks deleted rows", where=where,
            remedy="correct 'deleted' in source.yml, or ask what marks them now",
        )  # fmt: skip
    column = fields[deleted.column]
    if not isinstance(column, pa.Array | pa.ChunkedArray):
        column = pa.array(column, pa.string())
    marks = pc.is_in(column.cast(pa.string()), pa.array(deleted.equals))
    return marks.combine_chunks() if isinstance(marks, pa.ChunkedArray) else marks


def _sparse(values: Mapping[int, Any], count: int, kind: pa.DataType) -> pa.Array:
    if not values:
        return pa.nulls(count, kind)
    return pa.array([values.get(position) for position in range(count)], kind)
