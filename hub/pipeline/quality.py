"""Quality checkpoints: of one department after its landing, or of the whole warehouse; and what they left behind.

A checkpoint copies the rows that it looks at into working tables of one moment, has Great Expectations judge them,
counts the same by SQL, and keeps results and the key of every failing row in `ops`.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

import mappings
from hub.core.codelists import codelists
from hub.core.errors import HubError, SpecError
from hub.core.progress import advanced
from hub.core.specs import department_slugs, read_department
from hub.pipeline.installation import Hub
from quality import data_docs, outcomes, suites, thresholds
from quality.checkpoint import Checkpoint
from quality.outcomes import Outcome
from quality.suites import WHOLE, Suite
from quality.thresholds import Thresholds
from warehouse import expectations as kept

KEPT_RUNS = 30


@dataclass(frozen=True, slots=True)
class Plan:
    """What a checkpoint looks at: suites, thresholds, the departments of each suite, and folders that are broken."""

    scope: str
    suites: dict[str, Suite]
    thresholds: Thresholds
    departments: dict[str, list[str]]
    problems: tuple[str, ...]


@dataclass
class _Clock:
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        spent = time.perf_counter() - started
        self.seconds[name] = round(self.seconds.get(name, 0.0) + spent, 2)


def inspect(hub: Hub, department: str | None = None) -> dict[str, Any]:
    """Run the checkpoint of one department, or that of the whole warehouse, and publish its pages.

    Returns `expectations` (= evaluated + no_values + not_evaluated, each counted once per department), `evaluated`,
    `failed`, `no_values`, `not_evaluated`, `switched_off`, `grave` (critical ones that failed or were not evaluated),
    `rows` by entity, `seconds` by part, `run_id`, `data_docs`, `problems`, and the lists `failures`, `errors` and
    `checks`. None of them carries a value of a case. Raises SpecError, SourceUnavailable.
    """
    clock, run_id, started_at = _Clock(), str(uuid.uuid4()), datetime.now(UTC)
    with kept.working_schema(hub.engine) as schema:
        with hub.engine.connect() as connection:
            plan = _plan(hub, connection, department)
        pages = data_docs.Site(hub.settings.home / "quality" / "data_docs")
        with clock.part("tables"):
            working = _working_tables(hub, plan, schema)
        with clock.part("import"):
            url = hub.engine.url.render_as_string(hide_password=False)
            checkpoint = Checkpoint(url, schema)
        with clock.part("judge"):
            found = list(_judged(hub, plan, working, checkpoint, pages.run(run_id)))
            checkpoint.close()
        with clock.part("keep"):
            document = _keep(hub, plan, working, found, run_id, started_at, clock)
    with clock.part("pages"):
        document["data_docs"] = str(_publish(hub, pages))
    document["seconds"] = clock.seconds | {"total": round(sum(clock.seconds.values()), 2)}
    return document


def inspect_landed(hub: Hub, department: str) -> dict[str, Any] | None:
    """The department's checkpoint if something has landed since its last one; the ledger says so, not the caller."""
    with hub.engine.connect() as connection:
        since = kept.last_run_started(connection, department)
        if not kept.landed_since(connection, department, since):
            return None
    return inspect(hub, department)


def failing_rows(
    hub: Hub, expectation: str, department: str | None, limit: int | None = None
) -> dict[str, Any]:
    """The rows that failed an expectation in the latest checkpoints: how many, and the keys of the first `limit`.

    Raises HubError when no checkpoint knows the expectation.
    """
    with hub.engine.connect() as connection:
        latest = [
            row
            for row in kept.latest_results(connection, department)
            if row["expectation_id"] == expectation
        ]
        if not latest:
            raise HubError(
                f"no checkpoint has looked at '{expectation}'",
                where=department or "",
                remedy="hub quality expectations lists them; hub quality runs them",
            )
        return {
            "expectation": expectation,
            "zh": latest[0]["zh"],
            "en": latest[0]["en"],
            "count": kept.count_failing_keys(connection, expectation, department),
            "results": [
                {name: row[name] for name in ("department", "state", "rows", "unexpected", "observed", "error")}
                for row in latest
            ],
            "rows": kept.failing_keys(connection, expectation, department, limit),
        }  # fmt: skip


def export_failing_rows(hub: Hub, expectation: str, department: str | None, path: Path) -> int:
    """Write the key of every failing row into a CSV file; returns how many. Errors as of `failing_rows`."""
    count = failing_rows(hub, expectation, department, 0)["count"]
    with hub.engine.connect() as connection:
        kept.write_keys(connection, expectation, department, path)
    return int(count)


def known_expectations(hub: Hub) -> list[dict[str, Any]]:
    """Every expectation: id, type, what it says, severity, for which departments it has another threshold."""
    slugs = department_slugs(hub.settings.departments)
    folders = {slug: hub.settings.departments / slug for slug in slugs}
    found, allowed = thresholds.apply(suites.load(codelists()), folders, codelists())
    return [
        {
            "expectation_id": each.id, "type": each.type, "zh": each.zh, "en": each.en, "severity": each.severity,
            "mostly": each.mostly if each.rows else None, "departments": list(each.departments),
            "thresholds": sorted(s for s in slugs if each.id in allowed.own.get(s, {})),
            "off": {s: why for s in slugs if (why := allowed.why_off(each, s))},
        }
        for suite in found.values()
        for each in suite.expected
    ]  # fmt: skip


def _plan(hub: Hub, connection: Connection, department: str | None) -> Plan:
    root = hub.settings.departments
    slugs = [department] if department else department_slugs(root)
    present = kept.departments_by_entity(connection)
    reporting = {name: set(found) for name, found in present.items()}
    folders: dict[str, Path] = {}
    problems = []
    for slug in slugs:
        try:
            for entity in _reported(root, slug):
                reporting[entity].add(slug)
            thresholds.apply(suites.load(codelists()), {slug: root / slug}, codelists())
            folders[slug] = root / slug
        except SpecError as problem:
            if department:
                raise
            problems.append(str(problem))
    found, allowed = thresholds.apply(suites.load(codelists()), folders, codelists())
    chosen = {department} if department else set().union(slugs, *present.values())
    departments = {name: sorted(found & chosen) for name, found in reporting.items()}
    departments[WHOLE] = sorted(chosen)
    return Plan(department or kept.EVERYBODY, found, allowed, departments, tuple(problems))


def _reported(root: Path, slug: str) -> set[str]:
    """The entities that a department's mapping fills. Raises SpecError."""
    mapping = mappings.read(read_department(root, slug))
    return {row.entity for dataset in mapping.specs.values() for row in dataset.rows}


@dataclass
class _Working:
    """The working tables of a run, what could not be computed for them, and how many rows they have."""

    schema: str
    broken: dict[str, str] = field(default_factory=dict)
    """Expectation id → error."""
    rows: dict[str, int] = field(default_factory=dict)

    def of_rows(self, suite: str) -> str:
        return f"rows_{suite}"

    def of_facts(self, suite: str) -> str:
        return f"facts_{suite}"


def _working_tables(hub: Hub, plan: Plan, schema: str) -> _Working:
    """All working tables, of one moment."""
    working = _Working(schema)
    still = hub.engine.execution_options(isolation_level="REPEATABLE READ")
    with still.begin() as connection:
        for suite in plan.suites.values():
            departments = plan.departments[suite.name]
            if not departments:
                continue
            scope = f"(select unnest(array[{kept.quoted(departments)}]::text[]) as department)"
            if suite.entity:
                _rows_table(connection, suite, scope, working)
            _facts_table(connection, plan, suite, scope, working)
            advanced("prepare", plan.scope, suite.name, working.rows.get(suite.name, 0))
    return working


def _rows_table(connection: Connection, suite: Suite, scope: str, working: _Working) -> None:
    table = f"{working.schema}.{working.of_rows(suite.name)}"
    failed = kept.make_rows(
        connection, table, lambda without: suite.rows_sql(without).replace("{scope}", scope), suite.derived()
    )  # fmt: skip
    for each in suite.expected:
        errors = [failed[name] for name in each.derived if name in failed]
        working.broken |= {each.id: errors[0]} if errors else {}
    working.rows[suite.name] = kept.count_rows(connection, table)


def _facts_table(
    connection: Connection, plan: Plan, suite: Suite, scope: str, working: _Working
) -> None:
    table = f"{working.schema}.{working.of_facts(suite.name)}"
    kept.new_facts(connection, table)
    for fact in suite.facts():
        if fact.id in working.broken:
            continue
        sql = fact.fact.replace("{scope}", scope)
        sql = sql.replace("{rows}", f"{working.schema}.{working.of_rows(suite.name)}")
        judged = outcomes.wanted(fact, plan.departments[suite.name], plan.thresholds)
        allowed = plan.thresholds.allowed(fact)
        if error := kept.add_facts(connection, table, fact.id, sql, fact.holds, judged, allowed):
            working.broken[fact.id] = error


def _judged(
    hub: Hub, plan: Plan, working: _Working, checkpoint: Checkpoint, folder: Path
) -> Iterator[Outcome]:
    for suite in plan.suites.values():
        departments = plan.departments[suite.name]
        if not departments:
            continue
        if suite.entity:
            yield from _judged_table(hub, plan, working, checkpoint, suite, folder, of_rows=True)
        yield from _judged_table(hub, plan, working, checkpoint, suite, folder, of_rows=False)
        yield from outcomes.switched_off(suite, departments, plan.thresholds)
        advanced("judge", plan.scope, suite.name, working.rows.get(suite.name, 0))


def _judged_table(
    hub: Hub, plan: Plan, working: _Working, checkpoint: Checkpoint, suite: Suite, folder: Path, *, of_rows: bool
) -> Iterator[Outcome]:  # fmt: skip
    expected = suite.rows() if of_rows else suite.facts()
    table = working.of_rows(suite.name) if of_rows else working.of_facts(suite.name)
    asked = outcomes.questions(expected, plan.departments[suite.name], plan.thresholds)
    put = [one for one in asked if one.expected.id not in working.broken]
    for one in asked:
        if error := working.broken.get(one.expected.id):
            yield from outcomes.outcomes(suite, one, outcomes.unanswered(error), {})
    if not put:
        return
    answers = checkpoint.judge(table, table, put, folder / f"{table}.html")
    counts = _counts(hub, f"{working.schema}.{table}", [one.expected for one in put], of_rows)
    for one, answer in zip(put, answers, strict=True):
        yield from outcomes.outcomes(suite, one, answer, counts)


def _counts(hub: Hub, table: str, expected: Sequence[Any], of_rows: bool) -> outcomes.Counts:
    with hub.engine.connect() as connection:
        if not of_rows:
            facts = kept.facts_breakdown(connection, table)
            return {each.id: facts.get(each.id, {}) for each in expected}
        checks = {each.id: (each.id, each.rows.judged, _fails(each, table)) for each in expected}
        return kept.breakdown(connection, table, list(checks.values()))


def _fails(expected: Any, table: str) -> str:
    return str(expected.rows.fails).replace("{rows}", table)


def _keep(
    hub: Hub, plan: Plan, working: _Working, found: Sequence[Outcome], run_id: str, started_at: datetime, clock: _Clock
) -> dict[str, Any]:  # fmt: skip
    """Write the run, its results and the failing keys, in one transaction."""
    with hub.engine.begin() as connection:
        observed = _observed(connection, plan, working, found)
        found = list(_with_keys(connection, working, observed, run_id))
        document = outcomes.document(found, working.rows)
        totals = {
            name: document[name]
            for name in ("expectations", "evaluated", "failed", "no_values", "not_evaluated")
        }
        run = {
            "run_id": run_id,
            "department": plan.scope,
            "started_at": started_at,
            "seconds": clock.seconds,
            "rows": document["rows"],
            **totals,
        }
        kept.store(connection, run, [check | {"run_id": run_id} for check in document["checks"]])
        kept.prune(connection, _kept_runs())
    department = None if plan.scope == kept.EVERYBODY else plan.scope
    return {"run_id": run_id, "department": department, "problems": list(plan.problems)} | document  # fmt: skip


def _observed(
    connection: Connection, plan: Plan, working: _Working, found: Sequence[Outcome]
) -> Iterator[Outcome]:
    """The outcomes of facts with the numbers that were found."""
    facts: dict[tuple[str, str], list[Any]] = {}
    for suite in plan.suites:
        if plan.departments[suite]:
            facts |= kept.observed_facts(connection, f"{working.schema}.{working.of_facts(suite)}")
    for one in found:
        observed = facts.get((one.expected.id, one.department))
        yield replace(one, observed=observed) if one.expected.fact and observed else one


def _with_keys(
    connection: Connection, working: _Working, found: Iterable[Outcome], run_id: str
) -> Iterator[Outcome]:
    """The outcomes, once the key of every row that failed is written; of those with more or fewer nothing is said."""
    failed: dict[tuple[str, str], list[Outcome]] = {}
    for one in found:
        if one.state == outcomes.FAILED:
            failed.setdefault((one.suite, one.expected.id), []).append(one)
        else:
            yield one
    for (suite, name), several in failed.items():
        expected = several[0].expected
        if expected.rows:
            table = f"{working.schema}.{working.of_rows(suite)}"
            fails = f"({expected.rows.judged}) and ({_fails(expected, table)})"
        else:
            table = f"{working.schema}.{working.of_facts(suite)}"
            fails = f"expectation = '{name}' and not holds"
        departments = [one.department for one in several]
        written = kept.keep_failures(connection, run_id, table, name, fails, departments)
        yield from (outcomes.with_keys(one, written.get(one.department, 0)) for one in several)


def _publish(hub: Hub, pages: data_docs.Site) -> Path:
    """Write the start page and a page per department, and remove what belongs to no kept run."""
    with hub.engine.connect() as connection:
        runs, latest = kept.runs(connection), kept.latest_results(connection)
        titles = kept.department_titles(connection)
        for row in latest:
            path = pages.keys(row["run_id"], row["department"], row["expectation_id"])
            if row["state"] == outcomes.FAILED and not path.exists():
                kept.write_keys(connection, row["expectation_id"], row["department"], path)
    pages.prune({run["run_id"] for run in runs})
    return pages.publish(runs, latest, titles)


def _kept_runs() -> int:
    """HUB_QUALITY_RUNS: how many runs of each department, and of the whole warehouse, are kept. Raises SpecError."""
    said = os.environ.get("HUB_QUALITY_RUNS", str(KEPT_RUNS))
    if not said.isdigit() or int(said) < 1:
        raise SpecError(f"'{said}' is no number of runs", file="HUB_QUALITY_RUNS", remedy="say 30")
    return int(said)


def check_thresholds(slug: str, folder: Path) -> list[SpecError]:
    """What is wrong with a department's quality.yml."""
    return thresholds.check(slug, folder, suites.load(codelists()), codelists())
