"""Rejected rows to the department and back: export as a workbook, and what was corrected in it, landed as a new reading.

A corrected row is the row as it came with the corrected cells in their places: masked cells that nobody changed keep the
value of the raw object. The corrected rows are a raw object of their own (kind `correction`), whose manifest says which row
of which raw object each one corrects and in which fields; they go through mapping, gate and landing like any other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

import mappings
from hub.core.batches import BYTES, DEFECT, RESERVED, SRC, Certificate, RawBatch, SourceFile, Step
from hub.core.privacy import MASK
from hub.core.settings import TIME_ZONE
from hub.core.specs import read_department
from hub.pipeline.batch import keep_raw, prepare, read_raw
from hub.pipeline.installation import Hub
from hub.pipeline.quarantine import concerns
from mappings import explanation
from quality import quarantine, workbook
from quality.reasons import reasons
from quality.workbook import Filled, Line
from warehouse import ledger, workbench
from warehouse.landing import land
from warehouse.workbench import Row, Selection

_COVERED = (MASK[0], "＊")
_UNDECODABLE = "\ufffd"
_SAYS = {
    "replayed": "已重放", "accepted": "已按原样接受", "corrected": "已更正", "superseded": "已被新的报送取代", "rejected": "已拒收",
}  # fmt: skip


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


def export(
    hub: Hub, department: str, out: Path, step: Step, chosen: Selection | None = None
) -> dict[str, int]:
    """Write the department's open rows as a workbook; logged with every row. Returns dataset → rows; no file for none.

    Raises SpecError, and LandingError when a raw object is missing.
    """
    spec = read_department(hub.settings.departments, department)
    chosen = chosen or Selection(department=department)
    sheets: dict[str, list[Line]] = {}
    for kept in _kept(hub, chosen):
        sheets.setdefault(kept.dataset, []).extend(kept.lines)
    if not sheets:
        return {}
    for lines in sheets.values():
        lines.sort(key=lambda line: line.quarantine_id)
    workbook.write(out, sheets, f"{spec.spec.title.zh}：未入库记录更正表")
    ids = [line.quarantine_id for lines in sheets.values() for line in lines]
    with hub.engine.begin() as connection:
        workbench.take(connection, ids, step)
    return {dataset: len(lines) for dataset, lines in sheets.items()}


def _kept(hub: Hub, chosen: Selection) -> Iterator[Kept]:
    with hub.engine.connect() as connection:
        rows = workbench.masked_rows(connection, chosen)
    by_batch: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        by_batch.setdefault((row["department"], row["dataset"], row["batch_id"]), []).append(row)
    for (slug, dataset, batch_id), of_batch in by_batch.items():
        mapping = mappings.read(read_department(hub.settings.departments, slug))
        with hub.engine.connect() as connection:
            header = ledger.read_header(connection, batch_id)
        raw = read_raw(hub, header).take(pa.array([row["raw_row"] for row in of_batch], pa.int64()))
        yield Kept(mapping, dataset, of_batch, raw, _lines(mapping, dataset, of_batch, raw))


def _lines(mapping: mappings.Mapping, dataset: str, rows: list[Row], raw: pa.Table) -> list[Line]:
    uses = explanation.uses(mapping, dataset)
    shown = quarantine.masked_rows(pl.DataFrame(raw), mapping.sensitive_roles(dataset))
    lines = []
    for row, values in zip(rows, shown, strict=True):
        reason = reasons()[row["reason"]]
        own = {name: values.get(name) for name in raw.column_names if name not in RESERVED}
        wrong = tuple(name for name in own if concerns(row["column"], name, uses.get(name, [])))
        lines.append(
            Line(row["quarantine_id"], row["source_file"], row["source_row"], f"{reason.zh}（{reason.code}）",
                 row["message"], reason.remedy_zh, wrong, own)
        )  # fmt: skip
    return lines


def import_(hub: Hub, path: Path, step: Step) -> Imported:
    """Land what was corrected in a workbook. Rows that cannot be taken are refused one by one; the rest goes on.

    Raises SpecError for a file that is no such workbook.
    """
    filled = workbook.read(path)
    found = Imported()
    known = _open(hub, _known(filled, found), found)
    file = SourceFile(
        path.name, len(filled), hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size
    )
    parts: dict[tuple[str, str, str], list[Corrected]] = {}
    for kept in _kept(hub, Selection(ids=tuple(known))) if known else ():
        if (corrected := _corrected(kept, known, found)) is not None:
            key = (kept.rows[0]["department"], kept.dataset, str(corrected.table.schema))
            parts.setdefault(key, []).append(corrected)
    for (slug, dataset, _), of_shape in parts.items():
        found.certificates.append(_land(hub, slug, dataset, of_shape, file, step))
    return found


def _known(filled: Sequence[Filled], found: Imported) -> dict[int, Filled]:
    """Number → row, of rows with a number, each once."""
    known: dict[int, Filled] = {}
    for one in filled:
        number = one.quarantine_id
        if not (number.isascii() and number.isdigit() and len(number) <= 18):
            found.refuse(
                one,
                "没有隔离号 no number",
                "重新导出，不要改动隔离号 export it again",
                workbook.HEAD[0],
            )
        elif int(number) in known:
            found.refuse(
                one,
                "隔离号重复 this number stands here twice",
                "只保留一行 keep one row",
                workbook.HEAD[0],
            )
        else:
            known[int(number)] = one
    return known


def _open(hub: Hub, known: dict[int, Filled], found: Imported) -> dict[int, Filled]:
    """Those that still wait."""
    with hub.engine.connect() as connection:
        rows = workbench.chosen_rows(connection, Selection(ids=tuple(known), state=None))
    states = dict(rows.select("quarantine_id", "state").rows()) if known else {}
    for number, one in known.items():
        if number not in states:
            found.refuse(
                one,
                "没有这个隔离号 no such number",
                "核对隔离号，或重新导出 export it again",
                workbook.HEAD[0],
            )
        elif states[number] != "open":
            what = f"该行{_SAYS[states[number]]} the row no longer waits ({states[number]})"
            found.refuse(one, what, "从表中删去该行 leave it out", workbook.HEAD[0])
    return {number: one for number, one in known.items() if states.get(number) == "open"}


def _corrected(kept: Kept, known: dict[int, Filled], found: Imported) -> Corrected | None:
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


def _land(
    hub: Hub, slug: str, dataset: str, parts: Sequence[Corrected], file: SourceFile, step: Step
) -> Certificate:
    table = pa.concat_tables([part.table for part in parts])
    rows = [row for part in parts for row in part.rows]
    fields = [names for part in parts for names in part.fields]
    corrects = [
        {"quarantine_id": row["quarantine_id"], "raw_object": row["raw_object"], "raw_row": row["raw_row"], "fields": names}
        for row, names in zip(rows, fields, strict=True)
    ]  # fmt: skip
    raw = RawBatch(dataset, table, (file,), {})
    header = keep_raw(hub, slug, raw, 0.0, kind="correction", corrects=corrects)
    ids = pl.Series([row["quarantine_id"] for row in rows], dtype=pl.Int64)
    replays = pl.DataFrame({"quarantine_id": ids}).with_row_index(SRC).cast({SRC: pl.Int64})
    department = read_department(hub.settings.departments, slug)
    landing = prepare(hub, department, parts[0].mapping, header, table, replays, step=step)
    return land(hub.engine, landing)
