"""Computing a dataset's slots for a batch: parse everything first, then see what did not parse."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from hub.core.batches import SRC
from hub.core.entities import POLARS_TYPES, Kind
from mappings.conversions import Conversion
from mappings.crosswalks import NOTHING, Crosswalks
from mappings.forms import TO_HALF_WIDTH, as_text, half_width
from mappings.lookups import WANTED_SCHEMA, translate
from mappings.plan import Plan, Slot
from mappings.rejects import rejects
from mappings.spec import POWERS, When
from mappings.times import is_sentinel

_SHOWN_REASONS = ("bad_date",)


@dataclass(frozen=True, slots=True)
class Values:
    """`frame`: the prepared fields, plus one column per slot and per condition. `unmapped`: codelist, code, name."""

    frame: pl.DataFrame
    rejects: list[pl.DataFrame]
    unmapped: list[pl.DataFrame]


def evaluate(plan: Plan, live: pl.DataFrame, crosswalks: Crosswalks) -> Values:
    """All slots of the plan over the prepared rows."""
    converted = {
        slot: conversion
        for slot in plan.slots.values()
        if (conversion := slot.conversion) is not None
    }
    inputs = live.with_columns(
        (_join if slot.expression.join else _unless)(slot, live).alias(_input(slot))
        for slot in converted
        if slot.expression.join or slot.expression.unless
    )
    parsed = inputs.with_columns(
        conversion.parse(pl.col(_input(slot)), inputs.schema[_input(slot)]).alias(slot.name)
        for slot, conversion in converted.items()
    )
    parsed = parsed.with_columns(
        *(_direct(plan, slot, live) for slot in plan.slots.values() if not _is_read(slot)),
        *(_condition(plan, when, live).alias(name) for name, when in plan.conditions.items()),
    )
    bad = _failures(plan, converted, parsed)
    finished = parsed.with_columns(
        conversion.finish(pl.col(slot.name)).alias(slot.name)
        for slot, conversion in converted.items()
        if conversion.finish is not None
    )
    return _translated(plan, finished, crosswalks, bad)


def used(plan: Plan, slot: str) -> pl.Expr:
    """Whether a record wants the slot's value: always, or where one of its conditions holds."""
    conditions = plan.uses[slot]
    if None in conditions:
        return pl.lit(True)
    return pl.any_horizontal([pl.col(name) for name in conditions if name is not None])


def _is_read(slot: Slot) -> bool:
    return slot.conversion is not None or slot.table is not None


def _input(slot: Slot) -> str:
    if slot.expression.join or slot.expression.unless:
        return f"{slot.name}:made"
    return slot.expression.field or ""


def _join(slot: Slot, live: pl.DataFrame) -> pl.Expr:
    """The texts of the fields with the separator between; blank ones are left out, all blank is blank."""
    parts = [_text(name, live) for name in slot.expression.join or ()]
    text = pl.concat_str(parts, separator=slot.expression.sep, ignore_nulls=True)
    return pl.when(pl.any_horizontal(part.is_not_null() for part in parts)).then(text)


def _unless(slot: Slot, live: pl.DataFrame) -> pl.Expr:
    """The field's value, but blank where the other field holds the same."""
    field, other = slot.expression.field or "", slot.expression.unless or ""
    return pl.when(_text(field, live).ne_missing(_text(other, live))).then(pl.col(field))


def _direct(plan: Plan, slot: Slot, live: pl.DataFrame) -> pl.Expr:
    expression = slot.expression
    if expression.present is not None:
        return _has_value(plan, expression.present).alias(slot.name)
    if expression.contains is not None and expression.field is not None:
        part = expression.contains.translate(TO_HALF_WIDTH)
        text = half_width(_text(expression.field, live))
        return text.str.contains(part, literal=True).alias(slot.name)
    return pl.lit(expression.const, dtype=POLARS_TYPES[slot.kind]).alias(slot.name)


def _has_value(plan: Plan, field: str) -> pl.Expr:
    """Not blank; and where the mapping reads the field as a time, no sentinel either. Expects parsed slots."""
    given = pl.col(field).is_not_null()
    for slot in plan.slots.values():
        if slot.expression.field == field and slot.kind in (Kind.TIMESTAMP, Kind.DATE):
            given &= ~is_sentinel(pl.col(slot.name)).fill_null(False)
    return given


def _condition(plan: Plan, when: When, live: pl.DataFrame) -> pl.Expr:
    listed = when.equals or when.differs
    if listed is None:
        return _has_value(plan, when.field)
    wanted = [value.translate(TO_HALF_WIDTH) for value in listed]
    holds = half_width(_text(when.field, live)).is_in(wanted).fill_null(False)
    return holds if when.equals else holds.not_()


def _text(field: str, live: pl.DataFrame) -> pl.Expr:
    return as_text(pl.col(field), live.schema[field])


def _failures(
    plan: Plan, converted: dict[Slot, Conversion], parsed: pl.DataFrame
) -> list[pl.DataFrame]:
    """Rows whose field is not blank and parsed to nothing, where the value is wanted."""
    fallible = {slot: c.reason for slot, c in converted.items() if c.reason is not None}
    failed = parsed.select(
        (
            pl.col(_input(slot)).is_not_null() & pl.col(slot.name).is_null() & used(plan, slot.name)
        ).alias(slot.name)
        for slot in fallible
    )
    return [
        rejects(
            parsed.filter(failed[slot.name]), reason, slot.label,
            pl.col(_input(slot)) if reason in _SHOWN_REASONS else None,
        )
        for slot, reason in fallible.items()
        if failed[slot.name].any()
    ]  # fmt: skip


def _translated(
    plan: Plan, frame: pl.DataFrame, crosswalks: Crosswalks, bad: list[pl.DataFrame]
) -> Values:
    unmapped = []
    for slot in plan.slots.values():
        if slot.table is None or slot.expression.field is None:
            continue
        wanted = frame.select(_wanted(slot, frame))
        found = translate(wanted, crosswalks.table(slot.table))
        frame = frame.with_columns(found.replace(NOTHING, None).alias(slot.name))
        asked = (
            frame.select(SRC, used=used(plan, slot.name))
            .hstack([found.alias("found")])
            .hstack(wanted)
        )
        lost = asked.filter(
            pl.col("found").is_null()
            & pl.any_horizontal(pl.col("code", "name").is_not_null())
            & pl.col("used")
        )
        if lost.height:
            reason = "unmapped_power" if slot.table == POWERS else "unmapped_code"
            bad.append(rejects(lost, reason, slot.label, pl.coalesce("code", "name")))
            unmapped.append(lost.select(pl.lit(slot.table).alias("codelist"), "code", "name"))
    return Values(frame, bad, unmapped)


def _wanted(slot: Slot, frame: pl.DataFrame) -> list[pl.Expr]:
    """WANTED_SCHEMA: code, name and date of each record."""
    expression = slot.expression
    code = half_width(_text(expression.field or "", frame))
    name = _text(expression.name, frame) if expression.name else pl.lit(None)
    on = pl.col(slot.on) if slot.on else pl.lit(None)
    return [
        value.cast(dtype).alias(column)
        for (column, dtype), value in zip(WANTED_SCHEMA.items(), (code, name, on), strict=True)
    ]
