"""The catalogue as rows of the forms: one mapping field → value for every version and every part of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from catalogue import codes
from catalogue.forms import layout
from catalogue.spec import DisclosureItem, DisclosureVersion, Limit, Power, PowerVersion

Row = dict[str, Any]
PARTS = ("materials", "fees", "discretion", "risk_points")


def rows(
    items: Iterable[Power | DisclosureItem],
    bodies: Mapping[str, str],
    on: date | None = None,
    root: Path = codes.ROOT,
) -> dict[str, list[Row]]:
    """Part → rows, of all versions or of those in force on a day. `bodies`: code → name."""
    found: dict[str, list[Row]] = {form.part: [] for form in layout.forms()}
    for item in items:
        code = codes.parse(item.code, root=root)
        known = {"code": item.code} | {
            name: layout.derived(name, code, bodies, root) for name in ("type", "body")
        }
        for version in item.versions:
            if on is None or version.effective_from <= on <= (version.effective_to or date.max):
                for part, row in _rows(item, version):
                    found[part].append(row | known)
    return found


def _rows(
    item: Power | DisclosureItem, version: PowerVersion | DisclosureVersion
) -> Iterator[tuple[str, Row]]:
    if isinstance(version, DisclosureVersion):
        yield "disclosure", _fields(version)
        return
    assert isinstance(item, Power)
    yield "powers", _fields(version) | {"level": item.level}
    key = {"version": version.version, "shown": version.name}
    for order, step in enumerate(version.steps, start=1):
        yield "steps", _fields(step) | key | {"step": step.code, "order": order}
    for transition in version.transitions:
        yield "transitions", _fields(transition) | key
    for part in PARTS:
        for one in getattr(version, part):
            yield part, _fields(one) | key | {"part": one.code}


def _fields(part: BaseModel) -> Row:
    """Its fields; a limit as its number and its unit."""
    found: Row = {}
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, Limit):
            found |= {f"{name}.value": value.value, f"{name}.unit": value.unit}
        else:
            found[name] = value
    return found
