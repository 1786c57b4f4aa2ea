"""A quality checkpoint: of one department after its landing, or of the whole warehouse.

The rows are copied into working tables of one moment; Great Expectations judges them, SQL counts the same beside it,
and results and the key of every failing row are kept in `ops`. What the two do not agree on is not evaluated.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from hub.core.errors import SpecError
from hub.core.progress import advanced
from hub.pipeline.installation import Hub
from hub.pipeline.working_tables import Plan, Working, fill, plan
from quality import checkpoint, data_docs, judgements
from quality.checkpoint import Answer, Asked
from quality.judgements import Counts, Outcome
from warehouse import expectations as kept
from warehouse.working import allow_memory, observed_facts, working_schema

KEPT_RUNS = 30
Answered = list[tuple[Working, Asked, Answer]]


@dataclass
class _Clock:
    """Seconds by part. Parts may run beside each other: they can come to more than the total."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 2)


def inspect(hub: Hub, department: str | None = None) -> dict[str, Any]:
    """Run the checkpoint of one department, or that of the whole warehouse, and publish its pages.

    Returns `expectations` (= evaluated + no_values + not_evaluated, each counted once per department), `evaluated`,
    `failed`, `no_values`, `not_evaluated`, `switched_off`, `grave` (critical ones that failed or were not evaluated),
    `rows` by entity, `seconds` by part, `run_id`, `department`, `data_docs`, `problems`, and the lists `failures`,
    `errors` and `checks`. None of them carries a value of a case. Raises SpecError, SourceUnavailable.
    """
    clock, run_id, started_at = _Clock(), str(uuid.uuid4()), datetime.now(UTC)
    pages = data_docs.Site(hub.settings.home / "quality" / "data_docs")
    with clock.part("total"):
        keep = _kept_runs()
        planned = plan(hub, department)
        with working_schema(hub.engine) as schema, ThreadPoolExecutor(1) as beside:
            importing = beside.submit(_import, clock)
            with clock.part("tables"):
                working = fill(hub, planned, schema)
            importing.result()
            counting = beside.submit(_count, hub, working, clock)
            with clock.part("judge"):
                answered = _ask(hub, planned, working, pages.run(run_id))
            found = list(_outcomes(planned, answered, counting.result()))
            with clock.part("keep"), hub.engine.begin() as connection:
                found = list(
                    _with_keys(connection, working, _observed(connection, working, found), run_id)
                )
                rows = {one.suite.name: one.size for one in working if one.of_rows}
                document = judgements.document(found, rows)
                _store(connection, planned, document, run_id, started_at, clock)
                kept.prune(connection, keep)
        with clock.part("pages"):
            data_docs_page = _publish(hub, pages, run_id)
    about = {
        "run_id": run_id, "department": department, "problems": list(planned.problems),
        "data_docs": str(data_docs_page), "seconds": clock.seconds,
    }  # fmt: skip
    return document | about


def inspect_landed(hub: Hub, department: str) -> dict[str, Any] | None:
    """The department's checkpoint if something has landed since its last one; the ledger says so, not the caller."""
    with hub.engine.connect() as connection:
        since = kept.last_run_started(connection, department)
        if not kept.landed_since(connection, department, since):
            return None
    return inspect(hub, department)


def _import(clock: _Clock) -> None:
    """Great Expectations takes its time; the working tables are filled meanwhile."""
    with clock.part("import"):
        checkpoint.import_library()


def _count(hub: Hub, working: Sequence[Working], clock: _Clock) -> dict[str, Counts]:
    """Working table → what SQL counts in it."""
    with clock.part("count"), hub.engine.begin() as connection:
        allow_memory(connection)
        return {one.name: one.counts(connection) for one in working}


def _ask(hub: Hub, planned: Plan, working: Sequence[Working], folder: Path) -> Answered:
    """Put everything that could be computed to Great Expectations; the rest is answered with its error."""
    url = hub.engine.url.render_as_string(hide_password=False)
    answered: Answered = []
    with checkpoint.opened(url, working[0].schema) as judge:
        for one in working:
            departments = planned.departments[one.suite.name]
            asked = judgements.questions(one.expected, departments, planned.thresholds)
            put = [each for each in asked if each.expected.id not in one.broken]
            answers = judge(one.name, put, folder / f"{one.name}.html") if put else []
            answered += [(one, *pair) for pair in zip(put, answers, strict=True)]
            answered += [
                (one, each, judgements.unanswered(one.broken[each.expected.id]))
                for each in asked
                if each.expected.id in one.broken
            ]
            advanced("judge", planned.scope, one.suite.name, one.size)
    return answered


def _outcomes(planned: Plan, answered: Answered, counts: dict[str, Counts]) -> Iterator[Outcome]:
    for working, asked, answer in answered:
        yield from judgements.outcomes(working.suite, asked, answer, counts[working.name])
    for suite in planned.suites.values():
        yield from judgements.switched_off(
            suite, planned.departments[suite.name], planned.thresholds
        )


def _observed(
    connection: Connection, working: Sequence[Working], found: Iterable[Outcome]
) -> Iterator[Outcome]:
    """The outcomes, those of facts with the numbers that were found."""
    facts: dict[tuple[str, str], list[Any]] = {}
    for one in working:
        if not one.of_rows:
            facts |= observed_facts(connection, one.table)
    for outcome in found:
        observed = facts.get((outcome.expected.id, outcome.department))
        yield replace(outcome, observed=observed) if observed else outcome


def _with_keys(
    connection: Connection, working: Sequence[Working], found: Iterable[Outcome], run_id: str
) -> Iterator[Outcome]:
    """The outcomes, once the key of every row that failed is written; of those with more or fewer nothing is said."""
    tables = {(one.suite.name, one.of_rows): one for one in working}
    failed: dict[str, list[Outcome]] = {}
    for outcome in found:
        if outcome.state == judgements.FAILED:
            failed.setdefault(outcome.expected.id, []).append(outcome)
        else:
            yield outcome
    for name, several in failed.items():
        expected = several[0].expected
        table = tables[several[0].suite, expected.rows is not None]
        departments = [outcome.department for outcome in several]
        written = kept.keep_failures(
            connection, run_id, table.table, name, table.fails(expected), departments
        )
        for outcome in several:
            yield judgements.with_keys(outcome, written.get(outcome.department, 0))


def _store(
    connection: Connection, planned: Plan, document: dict[str, Any], run_id: str, started_at: datetime, clock: _Clock
) -> None:  # fmt: skip
    totals = ("expectations", "evaluated", "failed", "no_values", "not_evaluated", "rows")
    run = {name: document[name] for name in totals} | {
        "run_id": run_id, "department": planned.scope, "started_at": started_at, "seconds": clock.seconds,
    }  # fmt: skip
    kept.store(connection, run, [check | {"run_id": run_id} for check in document["checks"]])


def _publish(hub: Hub, pages: data_docs.Site, run_id: str) -> Path:
    """Write the lists of failing rows, the start page and a page per department; remove what belongs to no kept run."""
    with hub.engine.connect() as connection:
        runs, latest = kept.runs(connection), kept.latest_results(connection)
        titles = kept.department_titles(connection)
        for row in latest:
            path = pages.keys(row["run_id"], row["department"], row["expectation_id"])
            if row["state"] == judgements.FAILED and not path.exists():
                kept.write_keys(connection, row["expectation_id"], row["department"], path)
    failed: dict[str, list[str]] = {}
    for row in latest:
        if row["run_id"] == run_id and row["state"] == judgements.FAILED:
            failed.setdefault(row["expectation_id"], []).append(row["department"])
    pages.link(run_id, failed)
    pages.prune({run["run_id"] for run in runs})
    return pages.publish(runs, latest, titles)


def _kept_runs() -> int:
    """HUB_QUALITY_RUNS: how many runs of each department, and of the whole warehouse, are kept. Raises SpecError."""
    said = os.environ.get("HUB_QUALITY_RUNS", str(KEPT_RUNS))
    if not said.isdigit() or int(said) < 1:
        raise SpecError(f"'{said}' is no number of runs", file="HUB_QUALITY_RUNS", remedy="say 30")
    return int(said)
