"""Codes that no crosswalk knows: the queue, suggestions that nobody applies by themselves, approval, and coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rapidfuzz import fuzz

import catalogue
import mappings
from catalogue.spec import DisclosureVersion, PowerVersion
from hub.core.batches import Step
from hub.core.codelists import codelists
from hub.core.errors import SpecError
from hub.core.settings import TIME_ZONE
from hub.core.specs import Department, department_slugs, read_department
from hub.pipeline.installation import Hub
from mappings import amending, explanation
from mappings.amending import NewLine
from mappings.crosswalks import NOTHING, OPEN_CODELISTS, Crosswalks
from mappings.rejects import BY_NAME
from mappings.spec import POWERS
from warehouse import unmapped, workbench

Row = dict[str, Any]
Code = tuple[str, str]
"""Code list, and source code as the queue shows it."""
SUGGESTIONS = 3
LIKELY = 50
"""Below this score (of 100) nothing is suggested."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A canonical code that may be meant, with its score of 100 and what is alike. `own`: of the department's own body."""

    code: str
    name: str
    score: int
    alike: str
    own: bool = True


def queue(hub: Hub, department: str | None = None, resolved: bool = False) -> list[Row]:
    """Every code that some batch met without a line, the one that most rows wait for first.

    `rows_waiting`: open rows of today that carry it; `state`: open, or resolved when a crosswalk knows it and no waiting
    row needs a line on another day. Resolved ones are left out unless asked for.
    """
    found: list[Row] = []
    with hub.engine.connect() as connection:
        met = unmapped.codes(connection, department)
    for slug in sorted(
        {row["department"] for row in met} & {*department_slugs(hub.settings.departments)}
    ):
        mapping = mappings.read(read_department(hub.settings.departments, slug))
        carried, lacking = _waiting(hub, slug, mapping)
        for row in met:
            if row["department"] == slug:
                code = (row["codelist"], row["source_code"])
                state = "open" if lacking[code] or not _knows(mapping, code) else "resolved"
                found.append(row | {"rows_waiting": carried[code], "state": state})
    shown = [row for row in found if resolved or row["state"] == "open"]
    return sorted(
        shown, key=lambda r: (-r["rows_waiting"], r["department"], r["codelist"], r["source_code"])
    )


def _waiting(hub: Hub, slug: str, mapping: mappings.Mapping) -> tuple[Counter[Code], Counter[Code]]:
    """Open rows by code: all that carry it, and those for which it has no line on their day."""
    carried, lacking = Counter[Code](), Counter[Code]()
    bare = replace(mapping, crosswalks=Crosswalks({}))
    with hub.engine.connect() as connection:
        for dataset, rows in unmapped.waiting(connection, slug):
            if dataset not in mapping.specs:
                continue
            table = rows.to_arrow()
            for way, counted in ((bare, carried), (mapping, lacking)):
                codes = mappings.apply(way, dataset, table, hub.keys).unmapped
                for codelist, code, _, count in codes.iter_rows():
                    counted[codelist, code] += count
    return carried, lacking


def _knows(mapping: mappings.Mapping, code: Code) -> bool:
    codelist, source = code
    wanted = f"n{source.removeprefix(BY_NAME)}" if source.startswith(BY_NAME) else f"c{source}"
    return any(line.match == wanted for line in mapping.crosswalks.lines.get(codelist, ()))


def suggest(hub: Hub, department: str | None = None) -> list[Row]:
    """The open codes, each with what it may mean, best first. Nothing is written."""
    rows = queue(hub, department)
    for row in rows:
        row["suggestions"] = [asdict(one) for one in _suggestions(hub, row)]
    return rows


def _suggestions(hub: Hub, row: Row) -> list[Suggestion]:
    department = read_department(hub.settings.departments, row["department"])
    mapping = mappings.read(department)
    codelist, by_name = row["codelist"], row["source_code"].startswith(BY_NAME)
    code = "" if by_name else row["source_code"]
    name = row["source_name"] or row["source_code"].removeprefix(BY_NAME)
    if codelist == POWERS:
        targets = _powers(department)
    else:
        targets = {c: ((zh, en), True) for c, (zh, en) in codelists().get(codelist, {}).items()}
    lines = mapping.crosswalks.lines.get(codelist, ())
    known = [
        (line.source_code, line.code) for line in lines if line.source_code and line.code != NOTHING
    ]
    best: dict[str, Suggestion] = {}
    for target, (names, own) in targets.items():
        for score, alike in _scores(code, name, target, names, known):
            if score >= LIKELY and (target not in best or score > best[target].score):
                best[target] = Suggestion(target, names[0], score, alike, own)
    ranked = sorted(best.values(), key=lambda one: (-one.own, -one.score, one.code))
    return ranked[:SUGGESTIONS]


def _powers(department: Department) -> dict[str, tuple[Sequence[str], bool]]:
    """Powers and disclosure items: code → all its names, the newest first, and whether its body is the department's."""
    found: dict[str, tuple[Sequence[str], bool]] = {}
    for item in catalogue.load().items():
        versions: Sequence[PowerVersion | DisclosureVersion] = item.versions
        names = tuple(dict.fromkeys(version.name for version in reversed(versions)))
        found[item.code] = (names, item.body == department.spec.body)
    return found


def _scores(
    code: str, name: str, target: str, names: Sequence[str], known: Iterable[Code]
) -> Iterable[tuple[int, str]]:
    """How alike code and name are to those of the target, and to source codes that mean the target already."""
    for one in names:
        yield round(fuzz.ratio(name, one)), f"名称 name: {one}"
    if code:
        yield round(fuzz.ratio(code, target)), f"编码 code: {target}"
        for source, canonical in known:
            if canonical == target:
                yield round(fuzz.ratio(code, source)), f"来源编码 source code: {source}"


def approve(
    hub: Hub, slug: str, codelist: str, source_code: str, code: str, actor: str,
    name: str = "", valid_from: date | None = None, valid_to: date | None = None, note: str = "",
) -> Row:  # fmt: skip
    """Write the line into `powers.csv` or `codes.csv`, and into the log of the rows that wait for it.

    Returns file, line, warnings, how many rows wait, and the command that replays them. Raises SpecError with file and
    line when the line cannot stand there; then nothing has changed.
    """
    department = read_department(hub.settings.departments, slug)
    warnings = _check_target(department, codelist, code)
    if source_code.startswith(BY_NAME):
        source_code, name = "", source_code.removeprefix(BY_NAME)
    today = datetime.now(ZoneInfo(TIME_ZONE)).date()
    said = "；".join(filter(None, (note, f"{actor} {today} 核准")))
    path, number = amending.add(
        department, NewLine(codelist, source_code, name, code, valid_from, valid_to, said)
    )
    reason = "unmapped_power" if codelist == POWERS else "unmapped_code"
    with hub.engine.begin() as connection:
        ids = unmapped.waiting_with(connection, slug, reason, source_code or name)
        step = Step(actor, "map", f"{path.name}:{number} {source_code or name} → {code}")
        workbench.take(connection, ids, step)
    return {
        "file": str(path), "line": number, "warnings": warnings, "rows_waiting": len(ids),
        "replay": f"hub quarantine replay --department {slug} --reason {reason}",
    }  # fmt: skip


def _check_target(department: Department, codelist: str, code: str) -> list[str]:
    """Warnings about the target. Raises SpecError for a power that the catalogue does not have, and an unknown code list."""
    if codelist != POWERS:
        if codelist not in (*codelists(), *OPEN_CODELISTS):
            raise SpecError(
                f"no code list '{codelist}'", file=department.folder / "codes.csv",
                remedy=f"known: powers, {', '.join(sorted({*codelists(), *OPEN_CODELISTS}))}",
            )  # fmt: skip
        return []
    items = {item.code: item for item in catalogue.load().items()}
    if code not in items:
        near = sorted(items, key=lambda known: (-fuzz.ratio(code, known), known))[:SUGGESTIONS]
        raise SpecError(
            f"the catalogue has no power '{code}'", file=department.folder / "powers.csv", remedy=f"like it: {', '.join(near)}"
        )  # fmt: skip
    if items[code].body != department.spec.body:
        return [
            f"{code} 不是本部门的职权 is a power of {items[code].body}, not of {department.spec.body}"
        ]
    return []


def coverage(hub: Hub, department: str | None = None) -> list[Row]:
    """Per department, month of landing and code list: share of rows and of codes that are mapped."""
    slugs = [department] if department else department_slugs(hub.settings.departments)
    found: list[Row] = []
    for slug in slugs:
        columns, fields = _translated(
            mappings.read(read_department(hub.settings.departments, slug))
        )
        with hub.engine.connect() as connection:
            rows = unmapped.coverage(connection, slug, columns, fields)
        found += [{"department": slug} | row | _shares(row) for row in rows]
    return found


def _translated(
    mapping: mappings.Mapping,
) -> tuple[dict[str, set[unmapped.Place]], set[tuple[str, str, str]]]:
    columns: dict[str, set[unmapped.Place]] = {}
    fields = set()
    for dataset in mapping.datasets:
        for field, uses in explanation.uses(mapping, dataset).items():
            for use in uses:
                if use.codelist is not None:
                    entity, _, column = use.target.partition(".")
                    columns.setdefault(use.codelist, set()).add((entity, column))
                    fields.add((dataset, field, use.codelist))
    return columns, fields


def _shares(row: Row) -> Row:
    return {
        f"share_of_{what}": _share(row[f"{what}_mapped"], row[f"{what}_unmapped"])
        for what in ("rows", "codes")
    }


def _share(mapped: int, not_mapped: int) -> float | None:
    total = mapped + not_mapped
    return round(mapped / total, 4) if total else None
