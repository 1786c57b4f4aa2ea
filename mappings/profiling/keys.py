"""Which fields could name a record, and which could say what changed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import polars as pl

from mappings.profiling.profile import DatasetProfile, FieldProfile
from mappings.profiling.shapes import IDENTITY, INTEGER, PHONE, TIME

MOST_FIELDS = 12
"""Pairs are looked for among so many fields, those with the most different values."""


@dataclass(frozen=True, slots=True)
class Keys:
    """`keys`: single fields that name a row, or else pairs. `cursors`: times, and numbers that rise: what could say what is new.

    `rising`: those of the cursors whose values never fall in the order in which the rows came.
    """

    keys: tuple[tuple[str, ...], ...]
    cursors: tuple[str, ...]
    rising: tuple[str, ...]


def keys_of(found: DatasetProfile) -> Keys:
    """The candidates of a profile. What is unique in a sample need not be unique in all rows."""
    single = [(name,) for name, field in found.fields.items() if field.unique and _may_name(field)]
    single.sort(key=lambda names: found.fields[names[0]].kind == TIME)  # unique by chance, mostly
    filled = [field for field in found.fields.values() if 0 < field.filled == field.rows]
    cursors = [
        field
        for field in filled
        if field.fitting == field.rows
        and (field.kind == TIME or (field.kind == INTEGER and field.rising))
    ]
    return Keys(
        tuple(single or _pairs(found)),
        tuple(field.name for field in cursors),
        tuple(field.name for field in cursors if field.rising),
    )


def _may_name(field: FieldProfile) -> bool:
    """Nobody's number becomes a key: keys are shown."""
    return field.kind not in (IDENTITY, PHONE)


def _pairs(found: DatasetProfile) -> list[tuple[str, ...]]:
    filled = [
        field
        for field in found.fields.values()
        if 1 < found.rows == field.filled and _may_name(field)
    ]
    widest = sorted(filled, key=lambda field: -field.distinct)[:MOST_FIELDS]
    order = list(found.fields)
    names = sorted((field.name for field in widest), key=order.index)
    distinct = {field.name: field.distinct for field in widest}
    return [
        pair
        for pair in combinations(names, 2)
        if distinct[pair[0]] * distinct[pair[1]] >= found.rows and is_unique(found, *pair)
    ]


def is_unique(found: DatasetProfile, *names: str) -> bool:
    """Whether these fields together name a row of the sample, none of them ever blank."""
    if not found.rows or any(found.fields[name].filled < found.rows for name in names):
        return False
    return bool(found.hashes.select(pl.struct(names).n_unique()).item() == found.rows)
