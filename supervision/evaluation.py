"""A run of the rules over the cases in scope: judge, count, merge findings. One transaction, given by the caller."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from hub.core.errors import RuleError
from supervision import chain, findings, parameters, planning, preparation, statements, summary
from supervision.kept import Basis
from supervision.planning import Run
from supervision.preparation import local_time, run_script, statement, what_failed
from supervision.rulebook import LEVELS, Rule
from supervision.summary import RuleResult, RunSummary


@dataclass(frozen=True, slots=True)
class Engine:
    """What judges; the warehouse keeps the findings whatever it is.

    `gather` makes the working tables for the cases in scope and returns the places that parameters may differ by (as
    `preparation.gather`); `take_findings` then fills `open_finding`; `judge` fills `judgement` and `judgement_count` for the
    current rule (as `judge`). They raise SQLAlchemyError or RuleError. `before` is called when the run holds its lock
    and has not looked at anything yet.
    """

    gather: Callable[[Connection, Sequence[parameters.Override]], list[parameters.Place]]
    judge: Callable[[Connection, Rule], None]
    take_findings: Callable[[Connection], None] = preparation.take_findings
    before: Callable[[Connection, Basis], None] = lambda connection, basis: None


def evaluate(
    connection: Connection,
    rules: Sequence[Rule],
    as_of: datetime,
    full: bool,
    versions: Mapping[str, str],
    overrides: Sequence[parameters.Override] | None = None,
    engine: Engine | None = None,
) -> RunSummary:
    """Run all active rules as of that time (naive: Asia/Shanghai) and bring the findings in line with them.

    `versions`: content versions of `catalogue`, `calendar` and (optionally) `department`; a change in any of them,
    in the rules or their parameters, or an earlier `as_of` than the last run's, makes the run a full one. Each
    rule runs in a savepoint: an error leaves its findings as they were and the run incomplete, other rules go on.
    Standing findings of rules that are no longer active are withdrawn. `overrides`: of parameters, by default those
    of `parameters.csv`. `engine`: what judges, by default the warehouse itself. Raises SpecError for a wrong parameter
    file, RuleError when the facts for all rules cannot be gathered.
    """
    engine = engine or Engine(preparation.gather, judge)
    began = time.perf_counter()
    local = local_time(as_of)
    if overrides is None:
        overrides = parameters.read_overrides(rules)
    chain.lock(connection)
    engine.before(connection, Basis(local, versions, overrides, anew=full))
    active = [rule for rule in rules if rule.status == "active"]
    run = planning.plan(connection, active, local, full, versions, overrides)
    planning.record(connection, run, rules, overrides)
    preparation.begin(connection, local, run.changed_from, run.reported, run.same_day)
    connection.execute(
        text(
            "update run set run_id = :run_id, catalogue_version = :catalogue, calendar_version = :calendar"
        ),
        {
            "run_id": run.run_id,
            "catalogue": run.versions["catalogue"],
            "calendar": run.versions["calendar"],
        },
    )
    preparation.find_changed(connection)
    preparation.take_all(connection) if run.why_full else preparation.take_changed(connection)
    where = engine.gather(connection, overrides)
    engine.take_findings(connection)
    in_scope = int(connection.scalar(text(_IN_SCOPE)) or 0)
    results = {
        rule.id: _evaluate_rule(connection, engine, rule, run, overrides, where)
        for rule in preparation.in_order(active)
    }
    findings.withdraw_inactive(connection, {rule.id for rule in active}, run.started_at)
    found = [results[rule.id] for rule in active]
    return _record_end(connection, run, active, found, in_scope, time.perf_counter() - began)


def _evaluate_rule(
    connection: Connection,
    engine: Engine,
    rule: Rule,
    run: Run,
    overrides: Sequence[parameters.Override],
    where: Sequence[parameters.Place],
) -> RuleResult:
    began = time.perf_counter()
    result = RuleResult(rule.id, rule.level, rule.spec.title.model_dump())
    try:
        set_current(connection, rule)
        with connection.begin_nested():
            parameters.resolve(
                connection, "parameter", rule.id, rule.spec.parameters, overrides, where
            )
            engine.judge(connection, rule)
            changes = findings.merge(connection, rule, run.started_at)
            seconds = time.perf_counter() - began
            return _count(
                connection, rule, run, replace(result, changes=dict(changes), seconds=seconds)
            )
    except (
        SQLAlchemyError,
        psycopg.Error,
        RuleError,
    ) as failure:  # COPY fails with the driver's own
        said = str(failure) if isinstance(failure, RuleError) else what_failed(failure)
        return replace(result, error=said, seconds=time.perf_counter() - began)


_IN_SCOPE = """
    select case when is_whole then (select count(*) from core."case") else (select count(*) from scope) end from run
"""


def judge(connection: Connection, rule: Rule) -> None:
    """Fill `judgement` and `judgement_count` from the current rule's SELECT, which can write nothing else."""
    with connection.begin_nested():
        connection.execute(text("set transaction read only"))
        run_script(connection, statement("sql/judge.sql").replace("/* rule */", rule.sql))


def set_current(connection: Connection, rule: Rule) -> None:
    """Tell the working tables which rule is judged (its id, version, level and ladder), and empty those of the rule before.

    To be called outside of savepoints, where tables of the same transaction are emptied on the spot.
    """
    run_script(
        connection,
        "truncate judgement, judgement_count, violation, parameter, rung, proven, finding_change",
    )
    connection.execute(
        text("update run set rule_id = :rule_id, rule_version = :version, level = :level"),
        {"rule_id": rule.id, "version": rule.version, "level": rule.level},
    )
    for level, parameter in rule.spec.ladder.items():
        connection.execute(
            text("insert into rung values (:level, :rank, :parameter)"),
            {"level": level, "rank": LEVELS.index(level), "parameter": parameter},
        )


def _count(connection: Connection, rule: Rule, run: Run, result: RuleResult) -> RuleResult:
    connection.execute(
        text("""
            insert into supervision.outcome
                (run_id, rule_id, department, violations, compliant, not_evaluable, reasons, seconds)
            select
                :run_id, :rule_id, department,
                coalesce(sum(subjects) filter (where outcome = 'violation'), 0),
                coalesce(sum(subjects) filter (where outcome = 'compliant'), 0),
                coalesce(sum(subjects) filter (where outcome = 'not_evaluable'), 0),
                coalesce(jsonb_object_agg(reason, subjects) filter (where reason is not null), '{}'),
                :seconds
            from (
                select department, outcome, reason, cast(sum(subjects) as bigint) as subjects
                from judgement_count group by 1, 2, 3
            ) counted group by department
        """),
        {"run_id": run.run_id, "rule_id": rule.id, "seconds": result.seconds},
    )
    counts, reasons = Counter[str](), Counter[str]()
    for outcome, reason, subjects in connection.execute(
        text(
            "select outcome, reason, cast(sum(subjects) as bigint) from judgement_count group by 1, 2"
        )
    ):
        counts[outcome] += subjects
        if reason is not None:
            reasons[reason] += subjects
    return replace(
        result,
        violations=counts["violation"],
        compliant=counts["compliant"],
        not_evaluable=counts["not_evaluable"],
        reasons=dict(sorted(reasons.items())),
    )


def _record_end(
    connection: Connection,
    run: Run,
    active: Sequence[Rule],
    results: Sequence[RuleResult],
    in_scope: int,
    seconds: float,
) -> RunSummary:
    withheld, results = statements.state(connection, run.run_id, active, results)
    errors = {result.rule_id: result.error for result in results if result.error}
    state = "incomplete" if errors else "complete"
    found = summary.findings_hash(connection)
    standing = summary.open_counts(connection)
    connection.execute(
        text("""
            update supervision.run set finished_at = clock_timestamp(), state = :state, findings_hash = :hash,
                errors = cast(:errors as jsonb)
            where run_id = :run_id
        """),
        {"run_id": run.run_id, "state": state, "hash": found, "errors": json.dumps(errors)},
    )
    chain.seal(connection, run.run_id)
    return RunSummary(
        run_id=run.run_id,
        as_of=run.as_of,
        kind=run.kind,
        why_full=run.why_full,
        state=state,
        ledger_from=run.ledger_from,
        ledger_to=run.ledger_to,
        cases_in_scope=in_scope,
        rules=tuple(replace(each, open_findings=standing.get(each.rule_id, 0)) for each in results),
        open_findings=sum(standing.values()),
        findings_hash=found,
        seconds=seconds,
        withheld=withheld,
    )
