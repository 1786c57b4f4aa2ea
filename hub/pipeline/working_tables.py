"""What a checkpoint looks at: which suites for which departments, and the working tables that hold the rows of one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

import mappings
from hub.core.codelists import codelists
from hub.core.errors import SpecError
from hub.core.progress import advanced
from hub.core.specs import department_slugs, read_department
from hub.pipeline.installation import Hub
from quality import judgements, suites, thresholds
from quality.expected import Expected
from quality.suites import WHOLE, Suite
from quality.thresholds import Thresholds
from warehouse import working as tables
from warehouse.expectations import EVERYBODY


@dataclass(frozen=True, slots=True)
class Plan:
    """What a checkpoint looks at: suites, thresholds, the departments of each suite, and folders that are broken.

    Suites that concern no department are left out.
    """

    scope: str
    suites: dict[str, Suite]
    thresholds: Thresholds
    departments: dict[str, list[str]]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Working:
    """A working table: its suite, whether it holds rows or facts, and the expectations that look at it.

    `broken`: expectation id → why it could not be computed. `size`: rows of the entity.
    """

    suite: Suite
    schema: str
    of_rows: bool
    broken: dict[str, str] = field(default_factory=dict)
    size: int = 0

    @property
    def name(self) -> str:
        return f"{'rows' if self.of_rows else 'facts'}_{self.suite.name}"

    @property
    def table(self) -> str:
        """Its name in the warehouse."""
        return f"{self.schema}.{self.name}"

    @property
    def expected(self) -> tuple[Expected, ...]:
        return self.suite.rows() if self.of_rows else self.suite.facts()

    def fails(self, expected: Expected) -> str:
        """The condition under which a row of the table fails."""
        if expected.rows is None:
            return f"expectation = '{expected.id}' and not holds"
        return f"({expected.rows.judged}) and ({expected.rows.fails.replace('{rows}', self.table)})"

    def counts(self, connection: Connection) -> dict[str, dict[str, tables.Counted]]:
        """Expectation → department → how many rows were judged and failed; without those that cannot be counted."""
        if not self.of_rows:
            found = tables.facts_breakdown(connection, self.table)
            return {one.id: found.get(one.id, {}) for one in self.expected}
        checks = [
            (one.id, one.rows.judged, self.fails(one))
            for one in self.expected
            if one.rows and one.id not in self.broken
        ]
        return tables.breakdown(connection, self.table, checks)


def plan(hub: Hub, department: str | None) -> Plan:
    """What the checkpoint of a department, or of the whole warehouse, looks at.

    A department is looked at in every suite whose entity its mapping fills, or of which it has rows. Raises SpecError
    when the one department's folder is broken; among all of them a broken one is judged by what is there.
    """
    root, lists = hub.settings.departments, codelists()
    slugs = [department] if department else department_slugs(root)
    with hub.engine.connect() as connection:
        reporting = tables.departments_by_entity(connection)
    chosen = {department} if department else set().union(slugs, *reporting.values())
    found, folders, problems = suites.load(lists), {}, []
    for slug in slugs:
        try:
            for entity in _reported(root, slug):
                reporting[entity].add(slug)
            thresholds.apply(found, {slug: root / slug}, lists)
            folders[slug] = root / slug
        except SpecError as problem:
            if department:
                raise
            problems.append(str(problem))
    extended, allowed = thresholds.apply(found, folders, lists)
    departments = {name: sorted(of & chosen) for name, of in reporting.items()}
    departments[WHOLE] = sorted(chosen)
    looked_at = {name: suite for name, suite in extended.items() if departments[name]}
    return Plan(department or EVERYBODY, looked_at, allowed, departments, tuple(problems))


def _reported(root: Path, slug: str) -> set[str]:
    """The entities that a department's mapping fills. Raises SpecError."""
    mapping = mappings.read(read_department(root, slug))
    return {row.entity for dataset in mapping.specs.values() for row in dataset.rows}


def fill(hub: Hub, planned: Plan, schema: str) -> list[Working]:
    """Fill the working tables, all of one moment."""
    working = []
    still = hub.engine.execution_options(isolation_level="REPEATABLE READ")
    with still.begin() as connection:
        tables.allow_memory(connection)
        for suite in planned.suites.values():
            departments = planned.departments[suite.name]
            scope = f"(select unnest(array[{tables.quoted(departments)}]::text[]) as department)"
            placed = {"{scope}": scope, "{rows}": f"{schema}.rows_{suite.name}"}
            broken: dict[str, str] = {}
            if suite.entity:
                rows = _fill_rows(connection, suite, schema, placed)
                broken, size = rows.broken, rows.size
                working.append(rows)
                advanced("copy", planned.scope, suite.name, size)
            working.append(_fill_facts(connection, planned, suite, schema, placed, broken))
    return working


def _fill_rows(
    connection: Connection, suite: Suite, schema: str, placed: Mapping[str, str]
) -> Working:
    working = Working(suite, schema, of_rows=True)
    failed = tables.make_rows(
        connection, working.table, lambda without: _placed(suite.rows_sql(without), placed), suite.derived()
    )  # fmt: skip
    for each in suite.expected:
        errors = [failed[name] for name in each.derived if name in failed]
        working.broken.update({each.id: errors[0]} if errors else {})
    size = tables.count_rows(connection, working.table)
    return Working(suite, schema, of_rows=True, broken=working.broken, size=size)


def _fill_facts(
    connection: Connection, planned: Plan, suite: Suite, schema: str, placed: Mapping[str, str], broken: Mapping[str, str]
) -> Working:  # fmt: skip
    working = Working(suite, schema, of_rows=False, broken=dict(broken))
    tables.new_facts(connection, working.table)
    for fact in suite.facts():
        if fact.id in broken:
            continue
        judged = judgements.wanted(fact, planned.departments[suite.name], planned.thresholds)
        error = tables.add_facts(
            connection, working.table, fact.id, _placed(fact.fact, placed), fact.holds, judged,
            planned.thresholds.allowed(fact),
        )  # fmt: skip
        working.broken.update({fact.id: error} if error else {})
    return working


def _placed(sql: str, placed: Mapping[str, str]) -> str:
    for place, table in placed.items():
        sql = sql.replace(place, table)
    return sql
