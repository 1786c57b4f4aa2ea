"""`hub check`: everything that can be known to be wrong without touching a source or the warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import catalogue
import connectors
import mappings
import supervision
from hub.core.errors import SpecError
from hub.core.specs import Department, department_slugs, read_department
from hub.pipeline.quality import check_thresholds


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
    """All problems of one folder: source, connector settings, mapping, crosswalks, thresholds of quality, sample."""
    try:
        department = read_department(departments, slug)
    except SpecError as problem:
        return (problem,)
    problems: list[SpecError] = []
    try:
        connectors.check(department)
    except SpecError as problem:
        problems.append(problem)
    problems.extend(mappings.check(department))
    problems.extend(check_thresholds(slug, department.folder))
    problems.extend(_folder_problems(department))
    return tuple(problems)


def _folder_problems(department: Department) -> list[SpecError]:
    problems = []
    if not any(path.is_file() for path in (department.folder / "sample").glob("*")):
        problems.append(
            SpecError(
                "no sample", file=department.folder / "sample",
                remedy="add a few invented rows in the department's own form, or a README of its layout",
            )
        )  # fmt: skip
    if department.spec.body not in catalogue.load().bodies:
        problems.append(
            department.source.error(
                f"body {department.spec.body} is not in the catalogue", ("body",),
                "add it to catalogue/bodies.yml or correct the code",
            )
        )  # fmt: skip
    return problems
