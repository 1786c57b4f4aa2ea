"""What the pages of the public directory show, taken from the catalogue by the columns of the forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from catalogue import Catalogue, differences, national
from catalogue.directory import svg
from catalogue.forms import layout
from catalogue.forms.layout import Column, Form
from catalogue.forms.rows import Row, rows
from catalogue.loading import DISCLOSURE
from catalogue.spec import DisclosureItem, DisclosureVersion, Limit, Power, PowerVersion
from catalogue.words import zh

Item = Power | DisclosureItem
Version = PowerVersion | DisclosureVersion
KEYS = ("code", "version", "shown")
SAID_ELSEWHERE = (*KEYS, "effective_from", "effective_to", "why", "name", "type")
"""Columns of an item that its page shows in the heading."""
HOLDS, AHEAD, PAST = "有效 in force", "尚未生效 not yet in force", "已失效 no longer in force"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    text: str
    number: bool


def state(version: Version, on: date) -> str:
    """Whether a version holds on a day, in words."""
    if version.effective_from > on:
        return AHEAD
    return PAST if version.effective_to and version.effective_to < on else HOLDS


def shown_version(item: Item, on: date) -> Version:
    """The version that holds on the day; without one the last that did, else the first that will."""
    begun = [version for version in item.versions if version.effective_from <= on]
    return begun[-1] if begun else item.versions[0]


def index_row(item: Item, on: date, types: dict[str, Any]) -> dict[str, Any]:
    """One line of the index."""
    version = shown_version(item, on)
    row: dict[str, Any] = {
        "code": item.code, "name": version.name, "href": page(item), "state": state(version, on),
        "holds": state(version, on) == HOLDS, "type": type_of(letters(item), types),
    }  # fmt: skip
    words = [item.code, version.name, row["type"]["zh"], *version.basis]
    if isinstance(version, PowerVersion):
        words += [version.content, version.service_object, *(m.name for m in version.materials)]
        row |= {"by_law": limit(version.statutory_limit), "promised": limit(version.promised_limit)}
        row["fee"] = "收费" if version.charges else "不收费"
    else:
        words += version.fields_required
        row |= {"by_law": limit(version.publish_within), "promised": "", "fee": ""}
    return row | {"text": " ".join(words).lower()}


def letters(item: Item) -> str:
    """The letters of an item's type."""
    return item.type if isinstance(item, Power) else DISCLOSURE


def type_of(code: str, types: dict[str, Any]) -> dict[str, str]:
    """A type's letters and both names."""
    return {"code": code, "zh": types[code].zh, "en": types[code].en}


def page(item: Item) -> str:
    """The file of an item's page."""
    folder = "powers" if isinstance(item, Power) else "disclosure"
    return f"{folder}/{item.code}.html"


def chart_file(item: Item, version: Version) -> str:
    """The file of a version's flow chart."""
    return f"charts/{item.code}-v{version.version}.svg"


def limit(span: Limit) -> str:
    """A limit in words."""
    return f"{span.value} {zh('limit_unit', span.unit)}"


def codes_of(item: Item, catalogue: Catalogue, on: date) -> list[dict[str, Any]]:
    """The item's codes in other schemes that hold on the day."""
    schemes = national.national().schemes
    return [
        {"code": entry.code, "title": schemes[entry.scheme].title.zh, "source": entry.source}
        for entry in catalogue.crosswalk
        if entry.power_code == item.code and entry.holds(on)
    ]


def versions(item: Item, catalogue: Catalogue, on: date) -> list[dict[str, Any]]:
    """All versions of an item for its page, oldest first."""
    by_part = rows([item], catalogue.names(), root=catalogue.root)
    main = shown_version(item, on)
    found = []
    before: Version | None = None
    every: tuple[Version, ...] = item.versions
    for version in every:
        own = {part: [r for r in listed if r["version"] == version.version] for part, listed in by_part.items()}  # fmt: skip
        said = state(version, on)
        found.append(
            {
                "number": version.version, "from": version.effective_from,
                "to": version.effective_to, "why": version.why, "state": said,
                "holds": said == HOLDS, "shown": version is main,
                "fields": list(_fields(own, catalogue.root)), "parts": list(_parts(own, catalogue.root)),
                "chart": _chart(item, version), "no_chart": _no_chart(version),
                "chart_file": chart_file(item, version),
                "changes": _changes(before, version, catalogue.root),
            }
        )  # fmt: skip
        before = version
    return found


def _chart(item: Item, version: Version) -> str | None:
    if isinstance(version, PowerVersion) and version.steps:
        return svg.draw(version, item.code)
    return None


def _no_chart(version: Version) -> str | None:
    """Why a power has no flow chart: the notice leaves penalties off the platform for now."""
    if isinstance(version, PowerVersion) and not version.steps:
        return "暂不在平台办理，未编制权力运行流程图 not handled on the platform, no flow chart"
    return None


def _changes(before: Version | None, version: Version, root: Path) -> list[str]:
    if before is None:
        return []
    found = differences.of_versions(before, version)
    return [differences.sentence(one, layout.choices("step", root)) for one in found]


def _form(part: str) -> Form:
    return next(form for form in layout.forms() if form.part == part)


def _fields(own: dict[str, list[Row]], root: Path) -> Iterator[dict[str, Any]]:
    """The fields of an item, a limit's number and unit together; fields that say nothing are left out."""
    part = "powers" if own["powers"] else "disclosure"
    (row,) = own[part]
    for column in _form(part).columns:
        name, _, half = column.field.partition(".")
        value = row.get(column.field)
        if name in SAID_ELSEWHERE or half == "unit" or value is None:
            continue
        text = layout.shown(column, value, root)
        if half == "value":
            text = f"{value} {zh('limit_unit', row[f'{name}.unit'])}"
        lines = str(text).split("\n") if column.kind == "lines" else []
        english = re.split("[,;]", column.en)[0]
        yield {"zh": column.heading, "en": english, "text": text, "lines": lines}


def _parts(own: dict[str, list[Row]], root: Path) -> Iterator[dict[str, Any]]:
    """The tables of an item: steps, materials, fees …; transitions are what the chart shows."""
    for form in layout.forms():
        if form.part in ("powers", "disclosure", "transitions") or not own[form.part]:
            continue
        hidden = (*KEYS, "order", *(("step",) if form.part == "steps" else ()))
        columns = [c for c in form.columns if c.field not in hidden and ".unit" not in c.field]
        yield {
            "name": form.name, "title": form.title, "headings": [c.heading for c in columns],
            "rows": [[_cell(column, row, root) for column in columns] for row in own[form.part]],
        }  # fmt: skip


def _cell(column: Column, row: Row, root: Path) -> Cell:
    value = row.get(column.field)
    if value is None:
        return Cell("", False)
    name, _, half = column.field.partition(".")
    if half == "value":
        return Cell(f"{value} {zh('limit_unit', row[f'{name}.unit'])}", False)
    if column.kind == "money":
        return Cell(f"{value:,.2f}", True)
    return Cell(str(layout.shown(column, value, root)), False)
