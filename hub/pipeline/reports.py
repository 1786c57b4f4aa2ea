"""Reports to departments: what the warehouse knows of their deliveries, put beside their mapping and our words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

import mappings
import supervision
from hub.core.codelists import codelists
from hub.core.entities import ENTITIES
from hub.core.privacy import mask_message
from hub.core.settings import TIME_ZONE
from hub.core.specs import Department, read_department
from hub.pipeline.installation import Hub
from mappings.spec import POWERS
from quality.department_report import page, priorities
from quality.department_report.content import Action, Lateness, Report
from quality.department_report.wording import REASONS, Words, words
from warehouse import checks, deliveries, lateness
from warehouse.deliveries import Period

FOLDER = Path("quality") / "reports"
"""Below HUB_HOME."""
_OPEN, _IDLE = "open", {"batches": 0, "last_landed_at": None}
_STOPPED = ("stopped", "failed")
_SHOWN_CODES = 5
_FRESHNESS = re.compile(r"^\d+[mhd]$")
_PLACES = ("table", "files", "path", "sheets", "operation", "document")
"""Settings of a dataset by which its department knows it."""
_MASKED = ("source_file", "record_key", "source_code", "source_name", "zh", "en")


def report(hub: Hub, slug: str, month: date | None = None, as_of: datetime | None = None) -> Report:
    """The report of one department, of a local month or to date, as of `as_of` (local; default: now).

    Raises SpecError when its folder is broken.
    """
    department = read_department(hub.settings.departments, slug)
    mapping, said = mappings.read(department), words()
    zone = ZoneInfo(TIME_ZONE)
    at = supervision.local_time(as_of or datetime.now(zone))
    period = _period(month, at)
    with hub.engine.connect() as connection:
        return _assembled(connection, department, mapping, said, period, at.astimezone(zone), month)


def write(reports: list[Report], out: Path, index: bool = False) -> list[Path]:
    """Write each report's page into `out`, and an index of them; returns the paths, the index first."""
    out.mkdir(parents=True, exist_ok=True)
    pages = {page.name(each): page.render(each) for each in reports}
    if index:
        pages = {"index.html": page.index(reports), **pages}
    for name, html in pages.items():
        (out / name).write_text(html, "utf-8")
    return [out / name for name in pages]


def _period(month: date | None, at: datetime) -> Period:
    if month is None:
        return Period(None, at)
    zone = ZoneInfo(TIME_ZONE)
    first = datetime(month.year, month.month, 1, tzinfo=zone)
    after = datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=zone)
    return Period(first, min(after, at))


def _assembled(
    connection: Connection, department: Department, mapping: mappings.Mapping, said: Words,
    period: Period, at: datetime, month: date | None,
) -> Report:  # fmt: skip
    slug, spec = department.slug, department.spec
    to_date = Period(None, at)
    heard = deliveries.silence(connection, slug, to_date)
    hours = heard["hours"]
    overdue = hours is None or hours > _hours(department)
    rejected = deliveries.rejected(connection, slug, period)
    unmapped = list(_unmapped(deliveries.unmapped(connection, slug, to_date), mapping))
    groups = list(_groups(connection, slug, period, rejected, mapping, said, unmapped))
    batches = [
        batch
        | {
            "stopped": batch["state"] in _STOPPED,
            "state_zh": _title(said.batches, batch["state"]),
            "place": _place(spec.datasets.get(batch["dataset"], {})),
        }
        for batch in deliveries.waiting_batches(connection, slug, to_date)
    ]
    late = _lateness(connection, slug, said, period)
    inspected = _checkpoint(checks.checkpoint(connection, slug, to_date))
    actions: list[Action] = [
        *priorities.of_batches(said, batches),
        *([priorities.of_silence(said, hours, spec.freshness)] if overdue else []),
        *priorities.of_rejected(said, groups),
        *priorities.of_checkpoint(said, inspected),
        *priorities.of_lateness(said, late),
    ]
    return Report(
        department=slug,
        title_zh=spec.title.zh,
        title_en=spec.title.en,
        as_of=at,
        month=month,
        freshness=spec.freshness,
        silent_hours=hours,
        overdue=overdue,
        last_landed_at=heard["last_landed_at"],
        deliveries=list(_deliveries(connection, department, period, said, rejected)),
        batches=batches,
        rejected=groups,
        fates=_fates(rejected),
        waiting_before=deliveries.rejected_before(connection, slug, period) if month else 0,
        lateness=late,
        trend=deliveries.months(connection, slug, period, said.months),
        gate=[
            _described(check) | {"bad": bool(check["failures"] or check["not_evaluated"])}
            for check in checks.gate_checks(connection, slug, period)
        ],
        checkpoint=inspected,
        unmapped=unmapped,
        actions=priorities.rank(said, actions),
    )


def _deliveries(
    connection: Connection, department: Department, period: Period, said: Words,
    rejected: list[dict[str, Any]],
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """One row per declared dataset, and per dataset that delivered and is declared no more."""
    found = {row["dataset"]: row for row in deliveries.delivered(connection, department.slug, period)}  # fmt: skip
    declared = department.spec.datasets
    for dataset in dict.fromkeys((*declared, *found)):
        waiting = sum(r["rows"] for r in rejected if r["dataset"] == dataset and r["state"] == _OPEN)  # fmt: skip
        none = {"rows_read": 0, **dict.fromkeys(said.fates, 0), **_IDLE, "dataset": dataset}
        yield {
            **none, **found.get(dataset, {}), "waiting": waiting,
            "place": _place(declared.get(dataset, {})),
        }  # fmt: skip


def _groups(
    connection: Connection, slug: str, period: Period, rejected: list[dict[str, Any]],
    mapping: mappings.Mapping, said: Words, unmapped: list[dict[str, Any]],
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """Rows that wait by dataset, reason and field, most rows first, with where they stand in the source."""
    places: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in deliveries.references(connection, slug, period, said.references):
        key = row["dataset"], row["reason"], row["column"]
        places.setdefault(key, []).append(_clean(row))
    reasons = codelists()[REASONS]
    for group in rejected:
        if group["state"] != _OPEN:
            continue
        zh, en = reasons.get(group["reason"], (group["reason"], group["reason"]))
        yield group | {
            "reason_zh": zh,
            "reason_en": en,
            "field": _field(mapping, group["dataset"], group["column"]),
            "codes": _codes(said, group["reason"], unmapped),
            "references": places.get((group["dataset"], group["reason"], group["column"]), []),
        }


def _field(mapping: mappings.Mapping, dataset: str, column: str | None) -> str:
    """The department's own field behind what the mapping or the gate named."""
    entity, _, name = (column or "").partition(".")
    if not name or entity not in ENTITIES:
        return (column or "").removeprefix("record.").replace("record_key", "编号")
    rows = mapping.specs[dataset].rows if dataset in mapping.specs else ()
    fields = [
        field
        for row in rows
        if row.entity == entity and name in row.columns
        for field in row.columns[name].value_fields
    ]
    title = next((c.zh for c in ENTITIES[entity].columns if c.name == name), name)
    return "、".join(dict.fromkeys(fields)) or title


def _codes(said: Words, reason: str, unmapped: list[dict[str, Any]]) -> list[str]:
    """The first codes that a reason is about and that still have no line."""
    about = said.reasons[reason].codes if reason in said.reasons else None
    wanted = [
        f"{row['source_code']} {row['source_name'] or ''}".strip()
        for row in unmapped
        if about and (row["codelist"] == POWERS) == (about == POWERS) and not row["known_now"]
    ]
    return wanted[:_SHOWN_CODES]


def _unmapped(rows: list[dict[str, Any]], mapping: mappings.Mapping) -> Iterator[dict[str, Any]]:
    """Codes that came without a line; `known_now`: the crosswalk of today has one."""
    for row in rows:
        lines = mapping.crosswalks.lines.get(row["codelist"], ())
        named = row["source_name"]
        known = any(
            line.source_code == row["source_code"]
            or (not line.source_code and named is not None and line.source_name == named)
            for line in lines
        )
        yield _clean(row) | {"known_now": known}


def _lateness(connection: Connection, slug: str, said: Words, period: Period) -> Lateness:
    told = lateness.basis(connection, slug)
    limit = _limit(slug, said, period.until.date())
    months = lateness.by_month(connection, slug, period, told, limit, said.buckets)
    return Lateness(told, limit, months, lateness.untimed(connection, slug, told))


def _limit(slug: str, said: Words, on: date) -> float:
    """Within how many hours the department has to report, by the rule that says so and its override, if it has one."""
    rules = supervision.load_rules()
    rule = next(each for each in rules if each.id == said.lateness.rule)
    name = said.lateness.parameter
    overrides = [
        each
        for each in supervision.read_overrides(rules)
        if (each.rule_id, each.parameter, each.department) == (rule.id, name, slug)
        and not (each.power_code or each.power_type)
        and each.valid_from <= on <= each.valid_to
    ]
    return float(overrides[0].value if overrides else rule.spec.parameters[name].default or 0)


def _checkpoint(run: dict[str, Any] | None) -> dict[str, Any] | None:
    return run and run | {"results": [_described(_clean(result)) for result in run["results"]]}


def _described(check: dict[str, Any]) -> dict[str, Any]:
    """A check with the names that people know its entity, column and reason by."""
    entity = ENTITIES.get(check["entity"])
    column = check.get("column")
    title = next((c.zh for c in entity.columns if c.name == column), column) if entity else column
    zh, en = codelists()[REASONS].get(check.get("reason", ""), (check.get("reason"), ""))
    return check | {
        "entity_zh": entity.zh if entity else check["entity"], "column_zh": title, "reason_zh": zh, "reason_en": en,
    }  # fmt: skip


def _fates(rejected: list[dict[str, Any]]) -> dict[str, int]:
    fates: dict[str, int] = {}
    for row in rejected:
        fates[row["state"]] = fates.get(row["state"], 0) + row["rows"]
    return fates


def _clean(row: dict[str, Any]) -> dict[str, Any]:
    """The row without anything that looks like an identity or phone number."""
    masked = {name: mask_message(row[name]) for name in _MASKED if row.get(name)}
    return row | masked


def _title(titles: Mapping[str, Any], name: str) -> str:
    return titles[name].zh if name in titles else name


def _place(settings: Mapping[str, Any]) -> str:
    """The table, files or message by which the department knows a dataset."""
    return " ".join(str(settings[name]) for name in _PLACES if isinstance(settings.get(name), str))


def _hours(department: Department) -> float:
    """The agreed freshness in hours. Raises SpecError."""
    agreed = department.spec.freshness
    if not _FRESHNESS.match(agreed):
        what = f"freshness: '{agreed}' is no time such as 24h or 31d"
        raise department.source.error(what, ("freshness",))
    return float(agreed[:-1]) * {"m": 1 / 60, "h": 1, "d": 24}[agreed[-1]]
