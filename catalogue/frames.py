"""The catalogue as tables: one frame per warehouse table, with exactly its columns and types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from catalogue.crosswalk import Entry
from catalogue.loading import Region
from catalogue.spec import Body, DisclosureItem, Power, PowerVersion

TEXT, INT, BOOL, DAY, MONEY = pl.String(), pl.Int64(), pl.Boolean(), pl.Date(), pl.Decimal(16, 2)
LINE_BREAK = "\n"
"""Separates the several values of one text column (basis, fields_required)."""

_VERSION = {"power_code": TEXT, "version": INT}

TABLES: dict[str, dict[str, pl.DataType]] = {
    "catalogue.power": _VERSION
    | {
        "effective_from": DAY, "effective_to": DAY, "scheme": TEXT, "name": TEXT, "content": TEXT,
        "type": TEXT, "body_code": TEXT, "level": TEXT, "service_object": TEXT, "basis": TEXT,
        "conditions": TEXT, "statutory_value": INT, "statutory_unit": TEXT, "promised_value": INT,
        "promised_unit": TEXT, "case_kind": TEXT, "charges": BOOL, "supervision_channel": TEXT,
        "on_platform": BOOL,
    },
    "catalogue.step": _VERSION
    | {
        "step_code": TEXT, "step_order": INT, "name": TEXT, "post": TEXT, "authority": TEXT,
        "limit_value": INT, "limit_unit": TEXT, "kind": TEXT, "mandatory": BOOL, "special": BOOL,
    },
    "catalogue.transition": _VERSION | {"from_step": TEXT, "to_step": TEXT},
    "catalogue.material": _VERSION
    | {"material_code": TEXT, "name": TEXT, "required": BOOL, "copies": INT, "issuer": TEXT},
    "catalogue.fee": _VERSION
    | {
        "fee_code": TEXT, "name": TEXT, "standard_min": MONEY, "standard_max": MONEY, "unit": TEXT,
        "basis": TEXT, "reducible": BOOL,
    },
    "catalogue.risk_point": _VERSION
    | {
        "risk_code": TEXT, "step_code": TEXT, "name": TEXT, "kind": TEXT, "level": TEXT,
        "description": TEXT, "prevention": TEXT,
    },
    "catalogue.discretion": _VERSION
    | {
        "circumstance_code": TEXT, "description": TEXT, "penalty_kind": TEXT, "min_amount": MONEY,
        "max_amount": MONEY,
    },
    "catalogue.disclosure_item": {
        "item_code": TEXT, "version": INT, "effective_from": DAY, "effective_to": DAY, "name": TEXT,
        "body_code": TEXT, "basis": TEXT, "fields_required": TEXT, "publish_within_value": INT,
        "publish_within_unit": TEXT,
    },
    "catalogue.body": {
        "body_code": TEXT, "region_code": TEXT, "initials": TEXT, "name": TEXT, "nature": TEXT,
    },
    "catalogue.crosswalk": {
        "scheme": TEXT, "code": TEXT, "power_code": TEXT, "valid_from": DAY, "valid_to": DAY,
        "source": TEXT,
    },
    "reference.region": {"region_code": TEXT, "name": TEXT, "valid_from": DAY, "valid_to": DAY},
}  # fmt: skip

Row = tuple[Any, ...]


def build(
    powers: Iterable[Power],
    items: Iterable[DisclosureItem],
    bodies: Iterable[Body],
    regions: Iterable[Region],
    crosswalk: Iterable[Entry] = (),
) -> dict[str, pl.DataFrame]:
    """Table name → frame, for every table in TABLES."""
    rows: Mapping[str, list[Row]] = {name: [] for name in TABLES}
    for power in powers:
        for version in power.versions:
            for table, row in _power_rows(power, version):
                rows[table].append(row)
    rows["catalogue.disclosure_item"].extend(row for item in items for row in _item_rows(item))
    rows["catalogue.body"].extend((b.code, b.region, b.initials, b.name, b.nature) for b in bodies)
    rows["catalogue.crosswalk"].extend(
        (e.scheme, e.code, e.power_code, e.valid_from, e.valid_to, e.source) for e in crosswalk
    )
    rows["reference.region"].extend((r.code, r.name, r.valid_from, r.valid_to) for r in regions)
    return {
        name: pl.DataFrame(rows[name], schema=columns, orient="row")
        for name, columns in TABLES.items()
    }


def _power_rows(power: Power, v: PowerVersion) -> Iterator[tuple[str, Row]]:
    key = (power.code, v.version)
    yield "catalogue.power", (
        *key, v.effective_from, v.effective_to, power.scheme, v.name, v.content, power.type,
        power.body, power.level, v.service_object, LINE_BREAK.join(v.basis), v.conditions,
        v.statutory_limit.value, v.statutory_limit.unit, v.promised_limit.value,
        v.promised_limit.unit, v.case_kind, v.charges, v.supervision_channel, v.on_platform,
    )  # fmt: skip
    for order, s in enumerate(v.steps, start=1):
        limit = (s.limit.value, s.limit.unit) if s.limit else (None, None)
        yield "catalogue.step", (
            *key, s.code, order, s.name, s.post, s.authority, *limit, s.kind, s.mandatory, s.special,
        )  # fmt: skip
    for t in v.transitions:
        yield "catalogue.transition", (*key, t.from_step, t.to_step)
    for m in v.materials:
        yield "catalogue.material", (*key, m.code, m.name, m.required, m.copies, m.issuer)
    for f in v.fees:
        yield "catalogue.fee", (
            *key, f.code, f.name, f.standard_min, f.standard_max, f.unit, f.basis, f.reducible,
        )  # fmt: skip
    for r in v.risk_points:
        yield "catalogue.risk_point", (
            *key, r.code, r.step, r.name, r.kind, r.level, r.description, r.prevention,
        )  # fmt: skip
    for d in v.discretion:
        yield "catalogue.discretion", (
            *key, d.code, d.description, d.penalty_kind, d.min_amount, d.max_amount,
        )  # fmt: skip


def _item_rows(item: DisclosureItem) -> Iterator[Row]:
    for v in item.versions:
        yield (
            item.code, v.version, v.effective_from, v.effective_to, v.name, item.body,
            LINE_BREAK.join(v.basis), LINE_BREAK.join(v.fields_required), v.publish_within.value,
            v.publish_within.unit,
        )  # fmt: skip
