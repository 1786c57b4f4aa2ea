"""Rejected rows to the department and back: export as a workbook, and what was corrected in it, landed as a new reading.

A corrected row is the row as it came with the corrected cells in their places: masked cells that nobody changed keep the
value of the raw object. The corrected rows are a raw object of their own (kind `correction`), whose manifest says which row
of which raw object each one corrects and in which fields; they go through mapping, gate and landing like any other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa

import mappings
from hub.core.batches import RESERVED, SRC, Certificate, RawBatch, SourceFile, Step
from hub.core.privacy import mask_message
from hub.core.specs import read_department
from hub.pipeline.batch import keep_raw, prepare, read_raw
from hub.pipeline.corrected import Corrected, Imported, Kept, corrected_rows
from hub.pipeline.installation import Hub
from hub.pipeline.quarantine import concerns
from mappings import explanation
from quality import quarantine, workbook
from quality.reasons import reasons
from quality.workbook import Filled, Line
from warehouse import ledger, workbench
from warehouse.landing import land
from warehouse.workbench import Row, Selection

_SAYS = {
    "replayed": "已重放", "accepted": "已按原样接受", "corrected": "已更正", "superseded": "已被新的报送取代", "rejected": "已拒收",
}  # fmt: skip


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
        workbench.take(connection, ids, _masked(step))
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
        if (corrected := corrected_rows(kept, known, found)) is not None:
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
    mapping = parts[0].mapping
    landing = prepare(hub, department, mapping, header, table, replays, step=_masked(step))
    return land(hub.engine, landing)


def _masked(step: Step) -> Step:
    """The name of a file may be somebody's number."""
    return Step(step.actor, step.action, mask_message(step.note) if step.note else None)
