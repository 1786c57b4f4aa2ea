"""The rows of a department's report: what queries gave, under the names that the department knows, masked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hub.core.codelists import codelists
from hub.core.entities import ENTITIES
from hub.core.privacy import mask_message
from hub.core.specs import Department
from mappings import Mapping
from mappings.spec import POWERS
from quality.department_report.content import Lateness
from quality.department_report.wording import REASONS, Words
from warehouse import deliveries
from warehouse.deliveries import Period

Row = dict[str, Any]

OPEN = "open"
"""State of a quarantined row that waits."""
_STOPPED = ("stopped", "failed")
"""States of a batch that goes on only when a human has looked at it."""
_SHOWN_CODES = 5
_HOURS = {"h": 1, "d": 24}
_PLACES = ("table", "files", "path", "operation")
"""Settings of a dataset by which its department knows it."""
_MASKED = ("source_file", "record_key", "source_code", "source_name", "zh", "en")
_RECORD_COLUMNS = {"record_key": "编号"}


@dataclass(frozen=True, slots=True)
class Ground:
    """What a report stands on: `at` is the local time at which it is true, `period` what it is about."""

    connection: Connection
    department: Department
    mapping: Mapping
    words: Words
    period: Period
    at: datetime

    def label(self, dataset: str) -> str:
        """How the department knows a dataset: what it tells of, its slug, its table or files: 办件 cases（*.xlsx）."""
        rows = self.mapping.specs[dataset].rows if dataset in self.mapping.specs else ()
        told = {row.entity for row in rows}
        title = next((entity.zh for name, entity in ENTITIES.items() if name in told), "")
        settings = self.department.spec.datasets.get(dataset, {})
        places = (settings.get(name) for name in _PLACES)
        place = next((place for place in places if isinstance(place, str)), "")
        return f"{title} {dataset}".strip() + (f"（{place}）" if place else "")


def by_dataset(ground: Ground, rejected: list[Row]) -> list[Row]:
    """One row per declared dataset, and per dataset that delivered and is declared no more."""
    slug, declared = ground.department.slug, ground.department.spec.datasets
    delivered = deliveries.delivered(ground.connection, slug, ground.period)
    found = {row["dataset"]: row for row in delivered}
    waiting: dict[str, int] = {}
    for row in rejected:
        if row["state"] == OPEN:
            waiting[row["dataset"]] = waiting.get(row["dataset"], 0) + row["rows"]
    nothing = dict.fromkeys(("batches", "rows_read", *ground.words.fates), 0)
    return [
        {
            "dataset": dataset,
            "label": ground.label(dataset),
            **nothing,
            "last_landed_at": None,
            **found.get(dataset, {}),
            "waiting": waiting.get(dataset, 0),
        }
        for dataset in dict.fromkeys((*declared, *found, *waiting))
    ]


def batches(ground: Ground) -> list[Row]:
    """Batches that have not landed; `stopped`: until somebody decides."""
    words = ground.words.batches
    return [
        row
        | {
            "label": ground.label(row["dataset"]),
            "stopped": row["state"] in _STOPPED,
            "state_zh": words[row["state"]].zh if row["state"] in words else row["state"],
        }
        for row in deliveries.waiting_batches(
            ground.connection, ground.department.slug, Period(None, ground.at)
        )
    ]


def groups(ground: Ground, rejected: list[Row], codes: list[Row]) -> list[Row]:
    """Rows that wait by dataset, reason and field, most rows first, with where they stand in the source."""
    places: dict[tuple[Any, ...], list[Row]] = {}
    bound = ground.words.references
    for row in deliveries.references(
        ground.connection, ground.department.slug, ground.period, bound
    ):
        places.setdefault(_group(row), []).append(_clean(row))
    return [
        row
        | _reason(row["reason"])
        | {
            "label": ground.label(row["dataset"]),
            "field": _field(ground.mapping, row["dataset"], row["column"] or ""),
            "codes": _codes(ground.words, row["reason"], codes),
            "references": places.get(_group(row), []),
        }
        for row in rejected
        if row["state"] == OPEN
    ]


def unmapped(ground: Ground) -> list[Row]:
    """Codes that came without a line; `known_now`: the crosswalk of today has one."""
    to_date = Period(None, ground.at)
    rows = deliveries.unmapped(ground.connection, ground.department.slug, to_date)
    return [
        _clean(row)
        | {"known_now": _is_known(ground.mapping, row), "codelist_zh": _codelist(row["codelist"])}
        for row in rows
    ]


def trend(months: list[Row], late: Lateness) -> list[Row]:
    """Months of landing, each with the share of the month's cases that were told of late."""
    shares = {m["month"]: m["late"] / m["timed"] for m in late.months if m["timed"]}
    return [row | {"share_late": shares.get(row["month"])} for row in months]


def checkpoint(words: Words, run: Row) -> Row:
    """A checkpoint with its totals, whose results say which entity they are about."""
    results = [_clean(row) | _entity(words, row) for row in run["results"]]
    states = [row["state"] for row in results]
    totals = {state: states.count(state) for state in ("met", "failed", "no_values", "not_evaluated")}  # fmt: skip
    evaluated = totals["met"] + totals["failed"]
    return run | {"results": results, "expectations": len(results), "evaluated": evaluated} | totals


def gate(ground: Ground, checks: list[Row]) -> list[Row]:
    """Checks of the gate in words; `bad`: rows failed, or it did not run in some batch."""
    return [
        row
        | _entity(ground.words, row)
        | _reason(row["reason"])
        | {
            "label": ground.label(row["dataset"]),
            "bad": bool(row["failures"] or row["not_evaluated"]),
        }
        for row in checks
    ]


def agreed_hours(freshness: str) -> int:
    """An agreed freshness, such as 24h or 31d, in hours."""
    return int(freshness[:-1]) * _HOURS[freshness[-1]]


def _group(row: Row) -> tuple[Any, ...]:
    return row["dataset"], row["reason"], row["column"]


def _clean(row: Row) -> Row:
    """The row without anything that looks like an identity or phone number."""
    return row | {name: mask_message(row[name]) for name in _MASKED if row.get(name)}


def _field(mapping: Mapping, dataset: str, column: str) -> str:
    """The department's own field behind what the mapping (a field) or the gate (entity.column) named."""
    entity, _, name = column.partition(".")
    if name in _RECORD_COLUMNS:
        return _RECORD_COLUMNS[name]
    if not name or entity not in ENTITIES:
        return column
    rows = mapping.specs[dataset].rows if dataset in mapping.specs else ()
    given = (row.columns[name] for row in rows if row.entity == entity and name in row.columns)
    fields = dict.fromkeys(field for expression in given for field in expression.value_fields)
    return "、".join(fields) or _column(entity, name)


def _codes(words: Words, reason: str, rows: list[Row]) -> list[str]:
    """The first codes that a reason is about and that still have no line."""
    about = words.reasons[reason].codes if reason in words.reasons else None
    wanted = (
        f"{row['source_code']} {row['source_name'] or ''}".strip()
        for row in rows
        if about and (row["codelist"] == POWERS) == (about == POWERS) and not row["known_now"]
    )
    return [code for _, code in zip(range(_SHOWN_CODES), wanted, strict=False)]


def _is_known(mapping: Mapping, row: Row) -> bool:
    """Whether a line of today has the code, or, for what came without one, the name."""
    code, name = row["source_code"], row["source_name"]
    lines = mapping.crosswalks.lines.get(row["codelist"], ())
    return any(
        line.source_code == code if line.source_code else bool(name) and line.source_name == name
        for line in lines
    )


def _codelist(name: str) -> str:
    """What a crosswalk translates to: 申请渠道 channel."""
    wanted = "power_code" if name == POWERS else f"{name}_code"
    titles = (
        column.zh
        for entity in ENTITIES.values()
        for column in entity.columns
        if name == column.codelist or column.name == wanted
    )
    return next((f"{title} {name}" for title in titles), name)


def _entity(words: Words, row: Row) -> Row:
    name = row["entity"]
    title = ENTITIES[name] if name in ENTITIES else words.entities.get(name)
    return {
        "entity_zh": title.zh if title else name,
        "column_zh": _column(name, row.get("column") or ""),
    }


def _column(entity: str, name: str) -> str:
    columns: Iterator[str] = (
        column.zh for column in ENTITIES[entity].columns if column.name == name
    ) if entity in ENTITIES else iter(())  # fmt: skip
    return next(columns, _RECORD_COLUMNS.get(name, name))


def _reason(code: str) -> Row:
    zh, en = codelists()[REASONS].get(code, (code, code))
    return {"reason_zh": zh, "reason_en": en}
