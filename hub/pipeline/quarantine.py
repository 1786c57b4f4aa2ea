"""The quarantine as a workbench: what waits, what is wrong with it, what it was expected to be, and what people decide."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

import mappings
from hub.core.batches import RESERVED, SRC, Certificate, Step
from hub.core.codelists import codelists
from hub.core.errors import HubError, LandingError, SpecError
from hub.core.privacy import mask_message
from hub.core.specs import read_department
from hub.pipeline.batch import prepare
from hub.pipeline.installation import Hub
from hub.pipeline.judging import Decided
from hub.pipeline.replay import Waiting, land_again, waiting_rows
from mappings import explanation
from quality import gate, quarantine
from quality.reasons import reasons
from warehouse import balance as balancing
from warehouse import workbench
from warehouse.workbench import Selection

Row = dict[str, Any]
SHOWN = 20


def listed(hub: Hub, chosen: Selection, limit: int) -> Row:
    """Counts of the chosen rows and the first `limit` of them."""
    with hub.engine.connect() as connection:
        return {
            "counts": workbench.counts(connection, chosen),
            "rows": workbench.rows(connection, chosen, limit),
        }


def shown(hub: Hub, quarantine_id: int) -> Row:
    """One row: where it came from, each field beside what was expected of it, what is wrong now, what to do, its life.

    Raises HubError if there is no such row.
    """
    with hub.engine.connect() as connection:
        row = workbench.row(connection, quarantine_id)
        life = workbench.history(connection, quarantine_id)
    if row is None:
        raise HubError(f"no quarantined row {quarantine_id}", remedy="see hub quarantine list")
    row["record_key"] = mask_message(row["record_key"]) if row["record_key"] else None
    return (
        row
        | _judgement(hub, row)
        | {"reason_is": asdict(reasons()[row["reason"]]), "history": life}
    )


def _judgement(hub: Hub, row: Row) -> Row:
    """`fields`, `wrong` (what today's mapping and gate say) and `not_judged` (why they cannot be asked, or None)."""
    masked: dict[str, Any] = row["raw_masked"] or {}
    why: str | None = None
    try:
        department = read_department(hub.settings.departments, row["department"])
        mapping = mappings.read(department)
        uses = explanation.uses(mapping, row["dataset"])
        raw = _raw_row(hub, row)
        wrong = _wrong(judged(hub, mapping, row["dataset"], raw))
        masked = (
            masked
            or quarantine.masked_rows(
                pl.DataFrame(raw.drop_columns([SRC])), mapping.sensitive_roles(row["dataset"])
            )[0]
        )
        masked = {name: masked.get(name) for name in raw.column_names if name != SRC}
    except (SpecError, LandingError) as failure:
        uses, wrong, why = {}, [], str(failure)
    return {"fields": _fields(masked, uses, wrong), "wrong": wrong, "not_judged": why}


def _raw_row(hub: Hub, row: Row) -> pa.Table:
    table = pq.read_table(io.BytesIO(hub.store.get(row["raw_object"])))
    at = pa.array([row["raw_row"]], pa.int64())
    return table.take(at).append_column(SRC, at)


def judged(
    hub: Hub,
    mapping: mappings.Mapping,
    dataset: str,
    raw: pa.Table,
    waived: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Everything that today's mapping and gate have against these rows, in REJECTS_SCHEMA."""
    mapped = mappings.apply(mapping, dataset, raw, hub.keys)
    return gate.inspect(mapped, codelists(), waived).rejects


def _wrong(rejects: pl.DataFrame) -> list[Row]:
    return [
        {**verdict, "message": mask_message(verdict["message"] or ""), **_remedy(verdict["reason"])}
        for verdict in rejects.drop(SRC).to_dicts()
    ]


def _remedy(reason: str) -> Row:
    known = reasons()[reason]
    return {
        "remedy_zh": known.remedy_zh, "remedy_en": known.remedy_en, "acceptable": known.acceptable,
    }  # fmt: skip


def _fields(
    masked: Mapping[str, Any], uses: Mapping[str, list[explanation.Use]], wrong: list[Row]
) -> list[Row]:
    """Each source field: its value (masked), what it is for, what is against it; fields that are missing come last."""
    known = {name: uses.get(name, []) for name in masked if name not in RESERVED}
    missing = {v["column"]: uses[v["column"]] for v in wrong
               if v["reason"] == "missing_column" and v["column"] in uses and v["column"] not in known}  # fmt: skip
    return [
        {
            "field": name,
            "value": masked.get(name),
            "missing": name in missing,
            "expected": [asdict(use) for use in used],
            "wrong": sorted({v["reason"] for v in wrong if concerns(v["column"], name, used)}),
        }
        for name, used in (known | missing).items()
    ]


def concerns(column: str | None, field: str, uses: list[explanation.Use]) -> bool:
    """Whether a verdict on `column` (source fields, or entity.column) is about that source field."""
    if column is None:
        return False
    return field in column.split("+") or any(use.target == column and use.decides for use in uses)


def assign(hub: Hub, chosen: Selection, assignee: str, step: Step) -> int:
    """Give open rows to somebody ('' for nobody). Returns how many."""
    return _take(hub, chosen, step, assignee=assignee)


def note(hub: Hub, chosen: Selection, step: Step) -> int:
    """Write a remark to rows. Returns how many."""
    return _take(hub, chosen, step)


def reject(hub: Hub, chosen: Selection, step: Step) -> int:
    """Decide that open rows never land. Returns how many."""
    return _take(hub, chosen, step, state="rejected")


def _take(hub: Hub, chosen: Selection, step: Step, **change: str) -> int:
    step = Step(step.actor, step.action, mask_message(step.note) if step.note else None)
    with hub.engine.begin() as connection:
        ids = workbench.chosen_rows(connection, chosen)["quarantine_id"].to_list()
        return workbench.take(connection, ids, step, **change)


def accept(hub: Hub, chosen: Selection, step: Step) -> Row:
    """Land open rows as they are, although a check of their values failed. What cannot be read lands as null.

    Only reasons that `quality/reasons.csv` declares acceptable are waived, and they are kept with the row. Returns
    `accepted`, the certificates, and `refused`: rows that the warehouse cannot hold, with what is against each; nothing
    of those has changed.
    """
    certificates: list[Certificate] = []
    refused: list[Row] = []
    step = Step(step.actor, "accept", mask_message(step.note) if step.note else None)
    for waiting in waiting_rows(hub, chosen):
        decided, bearable = _waivers(hub, waiting, refused)
        if bearable.replays.is_empty():
            continue
        certificate = land_again(hub, bearable, decided, step)
        certificates.append(certificate)
        refused += _late(bearable, certificate)
    accepted = sum(c.read - c.quarantined for c in certificates)
    return {"accepted": accepted, "certificates": certificates, "refused": refused}


def _waivers(hub: Hub, waiting: Waiting, refused: list[Row]) -> tuple[Decided, Waiting]:
    """What is waived, and the rows that land then; the others go to `refused` with what stands against them."""
    dataset = waiting.origin.dataset
    rejects = judged(hub, waiting.mapping, dataset, waiting.raw)
    acceptable = [code for code, reason in reasons().items() if reason.acceptable]
    waived = rejects.filter(pl.col("reason").is_in(acceptable)).select(SRC, "reason").unique()
    held = prepare(
        hub, waiting.department, waiting.mapping, waiting.origin, waiting.raw, decided=Decided(waived)
    ).quarantine  # fmt: skip
    against = pl.concat(
        [rejects.filter(~pl.col("reason").is_in(acceptable)), held.select(rejects.columns)]
    ).unique([SRC, "reason"], keep="first", maintain_order=True)
    refused += _refusals(against.join(waiting.replays, on=SRC))
    reasons_of = waived.group_by(SRC).agg(waived=pl.col("reason").sort())
    replays = waiting.replays.join(against, on=SRC, how="anti").join(reasons_of, on=SRC, how="left")
    replays = replays.with_columns(pl.col("waived").fill_null(pl.lit([], pl.List(pl.String))))
    return Decided(waived), waiting.only(replays)


def _refusals(against: pl.DataFrame) -> list[Row]:
    return [
        {"quarantine_id": row["quarantine_id"], "reason": row["reason"], "column": row["column"],
         "message": mask_message(row["message"] or ""), **_remedy(row["reason"])}
        for row in against.sort("quarantine_id", maintain_order=True).to_dicts()
    ]  # fmt: skip


def _late(waiting: Waiting, certificate: Certificate) -> list[Row]:
    """Rows that the landing itself could not let in: another record holds their key."""
    if not certificate.quarantined or certificate.fates is None:
        return []
    late = certificate.fates.filter(pl.col("fate") == "quarantined").with_columns(
        column=pl.lit(None, pl.String), message=pl.lit("")
    )
    return _refusals(late.join(waiting.replays, on=SRC))


def balance(hub: Hub, department: str | None = None) -> Row:
    """Per department and dataset, what became of every row that was read; `balanced` when all add up."""
    with hub.engine.connect() as connection:
        rows = balancing.balance(connection, department)
    return {"balanced": all(row["balanced"] for row in rows), "rows": rows}
