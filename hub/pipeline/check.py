"""`hub check`: everything that can be known to be wrong without touching a source or the warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import catalogue
import connectors
import mappings
import supervision
from hub.core.entities import ENTITIES
from hub.core.errors import SpecError
from hub.core.specs import (
    UNDECIDED,
    Department,
    SpecFile,
    department_slugs,
    read_department,
    read_yaml,
)
from hub.pipeline.quality import check_thresholds

NEEDED = ("power_code", "applied_at")


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was checked, and what is wrong with it."""

    kind: str
    name: str
    problems: tuple[SpecError, ...]


def check_all(departments: Path, slug: str | None = None) -> list[Checked]:
    """Check the catalogue, the rules and every department folder (or only `slug`)."""
    slugs = [slug] if slug else department_slugs(departments)
    checked = [Checked("department", name, check_department(departments, name)) for name in slugs]
    if slug is None:
        checked.insert(0, Checked("catalogue", "catalogue/items", tuple(catalogue.check())))
        checked.append(Checked("rules", "supervision/rules", tuple(supervision.check())))
    return checked


def check_department(departments: Path, slug: str) -> tuple[SpecError, ...]:
    """All problems of one folder: what is undecided, source, connector settings, mapping, crosswalks, thresholds, sample."""
    try:
        department = read_department(departments, slug)
    except SpecError as problem:
        return (problem,)
    problems: list[SpecError] = [*_undecided(department.source)]
    try:
        connectors.check(department)
    except SpecError as problem:
        problems.append(problem)
    problems.extend(_mapping_problems(department))
    problems.extend(check_thresholds(slug, department.folder))
    problems.extend(_folder_problems(department))
    return tuple(problems)


def _undecided(file: SpecFile) -> Iterator[SpecError]:
    """Every place of a file where a person has still to write something."""
    for at, value in _texts(file.data, ()):
        if value.startswith(UNDECIDED):
            name = ".".join(str(step) for step in at)
            yield file.error(
                f"undecided 待定: {name}",
                at,
                "write what it is; the comment there says what was seen",
            )


def _texts(data: object, at: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(data, str):
        yield at, data
    elif isinstance(data, dict):
        for key, part in data.items():
            yield from _texts(part, (*at, str(key)))
    elif isinstance(data, list):
        for place, part in enumerate(data):
            yield from _texts(part, (*at, place))


def _mapping_problems(department: Department) -> Iterator[SpecError]:
    own = department.folder / "mapping.yml"
    if own.exists():
        with suppress(SpecError):  # said by the check of the mapping
            yield from _undecided(read_yaml(own))
    problems = mappings.check(department)
    yield from problems
    if not problems:
        yield from _unjudgeable(department)


def _unjudgeable(department: Department) -> Iterator[SpecError]:
    """Columns of a case without which no rule can judge it, and which no dataset gives."""
    mapping = mappings.read(department)
    rows = [row for spec in mapping.specs.values() for row in spec.rows if row.entity == "case"]
    given = {column for row in rows for column in row.columns}
    for name in NEEDED if rows else ():
        if name not in given:
            column = ENTITIES["case"].column(name)
            yield mapping.file.error(
                f"case.{name} ({column.zh}) is not mapped", rows[0].at,
                "map it: no case can be judged without; see the fields under ignore",
            )  # fmt: skip


def _folder_problems(department: Department) -> list[SpecError]:
    problems = []
    if not any(path.is_file() for path in (department.folder / "sample").glob("*")):
        problems.append(
            SpecError(
                "no sample", file=department.folder / "sample",
                remedy="add a few invented rows in the department's own form, or a README of its layout",
            )
        )  # fmt: skip
    body = department.spec.body
    if body not in catalogue.load().bodies and not body.startswith(UNDECIDED):
        problems.append(
            department.source.error(
                f"body {body} is not in the catalogue", ("body",),
                "add it to catalogue/bodies.yml or correct the code",
            )
        )  # fmt: skip
    return problems
