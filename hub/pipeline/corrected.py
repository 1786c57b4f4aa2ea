"""What a department wrote into the workbook of its rejected rows, cell by cell: what is taken, and what is refused and why."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

import mappings
from hub.core.batches import BYTES, DEFECT, RESERVED, Certificate
from hub.core.privacy import MASK
from hub.core.settings import TIME_ZONE
from quality import workbook
from quality.reasons import reasons
from quality.workbook import Filled, Line
from warehouse.workbench import Row

_COVERED = (MASK[0], "＊")
_UNDECODABLE = "\ufffd"


@dataclass(frozen=True, slots=True)
class Kept:
    """Quarantined rows of one batch: what the warehouse says of them, the rows as they came, and as people may read them."""

    mapping: mappings.Mapping
    dataset: str
    rows: list[Row]
    raw: pa.Table
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Corrected:
    """Corrected rows: as they are to land, what they were, and which fields of each were corrected."""

    mapping: mappings.Mapping
    table: pa.Table
    rows: list[Row]
    fields: list[list[str]]


@dataclass(slots=True)
class Imported:
    """What came of a workbook. `unchanged`: rows in which nothing was corrected; `refused`: sheet, row, column, what, remedy."""

    certificates: list[Certificate] = field(default_factory=list)
    unchanged: int = 0
    refused: list[Row] = field(default_factory=list)

    def refuse(self, filled: Filled, what: str, remedy: str, name: str | None = None) -> None:
        column = filled.columns.get(name, "") if name else ""
        self.refused.append(
            {"sheet": filled.sheet, "row": filled.row, "column": f"{column} {name}".strip() if name else "",
             "quarantine_id": filled.quarantine_id, "what": what, "remedy": remedy}
        )  # fmt: skip


def corrected_rows(kept: Kept, known: dict[int, Filled], found: Imported) -> Corrected | None:
    """The rows of one batch in which something was corrected, as far as they can be taken."""
    taken: list[tuple[int, pa.Table, Filled, list[str]]] = []
    for at, (row, line) in enumerate(zip(kept.rows, kept.lines, strict=True)):
        one = known[row["quarantine_id"]]
        changes = _changes(one, row, line, found)
        table = _with(kept.raw.slice(at, 1), changes, one, found) if changes else None
        if changes and table is not None:
            taken.append((at, table, one, sorted(changes)))
    stay = _of_the_same_key(kept, taken, found)
    if not stay:
        return None
    return Corrected(
        kept.mapping, pa.concat_tables([table for _, table, _, _ in stay]),
        [kept.rows[at] for at, _, _, _ in stay], [fields for _, _, _, fields in stay],
    )  # fmt: skip


def _of_the_same_key(
    kept: Kept, taken: list[tuple[int, pa.Table, Filled, list[str]]], found: Imported
) -> list[tuple[int, pa.Table, Filled, list[str]]]:
    """A correction speaks of the same record: a key may be filled in where there was none, but not changed."""
    if not taken:
        return []
    positions = pa.array([at for at, _, _, _ in taken])
    before = mappings.record_keys(kept.mapping, kept.dataset, kept.raw.take(positions))
    corrected = pa.concat_tables([table for _, table, _, _ in taken])
    after = mappings.record_keys(kept.mapping, kept.dataset, corrected)
    moved = (before.is_not_null() & before.ne_missing(after)).to_list()
    stay = []
    for one, has_moved in zip(taken, moved, strict=True):
        if has_moved:
            found.refuse(
                one[2],
                "主键被改动 the key was changed",
                "恢复主键；编号有误的在来源更正后重报 restore it, or correct it at the source",
            )
        else:
            stay.append(one)
    return stay


def _changes(one: Filled, row: Row, line: Line, found: Imported) -> dict[str, str | None] | None:
    """Field → corrected text of its cell; None if nothing was corrected, or the row was refused."""
    if one.stamp != line.stamp:
        found.refuse(
            one,
            "导出之后该行又有变化 the row has changed since the export",
            "重新导出 export it again",
        )
        return None
    if row["reason"] == "damaged_row":
        found.refuse(
            one,
            "行结构损坏，无法逐格更正 fields of a damaged row may hold each other's values",
            reasons()["damaged_row"].remedy_zh,
        )
        return None
    changes = {
        name: came or None
        for name, came in one.values.items()
        if not workbook.same(workbook.cell_text(line.values.get(name)), came)
    }
    refused = len(found.refused)
    if one.corrected and one.corrected.strip():
        if one.wrong not in line.fields:
            found.refuse(
                one,
                "更正字段不是这一行出错的字段 this field is not the one that is wrong",
                "恢复更正字段，或直接改单元格",
                workbook.HEAD[-2],
            )
        elif one.wrong in changes and not workbook.same(changes[one.wrong], one.corrected):
            found.refuse(
                one,
                "更正为与单元格不一致 two different corrections of one field",
                "两处只填一处 keep one of them",
                one.wrong,
            )
        changes[one.wrong] = one.corrected
    for name, text in changes.items():
        _check_cell(one, line, name, text, found)
    if len(found.refused) > refused:
        return None
    found.unchanged += not changes
    return changes or None


def _check_cell(one: Filled, line: Line, name: str, text: str | None, found: Imported) -> None:
    fault = one.faults.get(name) or (
        one.faults.get(workbook.HEAD[-1]) if name == one.wrong else None
    )
    if fault:
        found.refuse(one, fault, "重新填写该单元格 fill in the cell again", name)
    elif name not in line.values:
        found.refuse(
            one,
            "来源的这一行没有此列 the row has no such column at the source",
            "清空该单元格 empty the cell",
            name,
        )
    elif text and any(mark in text for mark in _COVERED):
        found.refuse(
            one,
            "含有遮盖符号 the cell holds signs that hide a value",
            "完整填写，或恢复原样 fill it in whole, or leave it alone",
            name,
        )


def _with(
    row: pa.Table, changes: dict[str, str | None], one: Filled, found: Imported
) -> pa.Table | None:
    """The row as it came, with the corrected cells; None if it was refused."""
    for name, text in changes.items():
        at = row.schema.get_field_index(name)
        value = _typed(text, row.schema.field(at).type)
        if value is None:
            found.refuse(
                one,
                f"该列的类型是 {row.schema.field(at).type} the column holds another type",
                "按来源的格式填写",
                name,
            )
            return None
        row = row.set_column(at, row.schema.field(at), value)
    if DEFECT not in row.column_names or row[DEFECT][0].as_py() is None:
        return row
    unread = [
        n
        for n in row.column_names
        if n not in RESERVED and _UNDECODABLE in str(row[n][0].as_py() or "")
    ]
    for name in unread:
        found.refuse(
            one,
            "单元格仍有无法解码的字符 the cell still holds bytes that cannot be read",
            "重新填写该单元格 fill it in again",
            name,
        )
    return None if unread else _without_defect(row)


def _without_defect(row: pa.Table) -> pa.Table:
    for name in (DEFECT, BYTES):
        if (at := row.schema.get_field_index(name)) >= 0:
            row = row.set_column(at, row.schema.field(at), pa.nulls(1, row.schema.field(at).type))
    return row


def _typed(text: str | None, kind: pa.DataType) -> pa.Array | None:
    """A cell's text as a value of the source's column; None if it is none."""
    if text is None or not text.strip():
        return pa.nulls(1, kind)
    try:
        if pa.types.is_timestamp(kind) and kind.tz:
            local = pa.array([text.strip()]).cast(pa.timestamp("us"))
            return pc.assume_timezone(local, TIME_ZONE).cast(kind)
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            return pa.array([text], kind)
        return pa.array([text.strip()]).cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
