"""A run of the rules over the cases in scope: judge, count, merge findings. One transaction, given by the caller."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from hub.core.fingerprints import version_of
from supervision import chain, findings, parameters, preparation, summary
from supervision.preparation import local_time, run_script, statement, what_failed
from supervision.rulebook import LEVELS, Rule
from supervision.summary import RuleResult, RunSummary


@dataclass(frozen=True, slots=True)
class _Run:
    """What is known of a run before it starts."""

    run_id: str
    as_of: datetime
    started_at: datetime
    why_full: str | None
    ledger_from: int
    ledger_to: int
    versions: dict[str, str]

    @property
    def kind(self) -> str:
        return "full" if self.why_full else "incremental"


def evaluate(
    connection: Connection,
    rules: Sequence[Rule],
    as_of: datetime,
    full: bool,
    versions: Mapping[str, str],
    overrides: Sequence[parameters.Override] | None = None,
) -> RunSummary:
    """Run all active rules as of that time (naive: Asia/Shanghai) and bring the findings in line with them.

    `versions`: content versions of `catalogue`, `calendar` and (optionally) `department`; a change in any of them,
    in the rules or their parameters, or an earlier `as_of` than the last run's, makes the run a full one. Each
    rule runs in a savepoint: an error leaves its findings as they were and the run incomplete, other rules go on.
    Standing findings of rules that are no longer active are withdrawn. `overrides`: of parameters, by default those
    of `parameters.csv`. Raises SpecError for a wrong parameter
    file, RuleError when the facts for all rules cannot be gathered.
    """
    began = time.perf_counter()
    local = local_time(as_of)
    if overrides is None:
        overrides = parameters.read_overrides(rules)
    chain.lock(connection)
    active = [rule for rule in rules if rule.status == "active"]
    run = _plan(connection, active, local, full, dict(versions), overrides)
    _record_start(connection, run, rules, overrides)
    preparation.begin(connection, local, run.ledger_from)
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
    preparation.take_all(connection) if run.why_full else preparation.take_changed(connection)
    where = preparation.gather(connection, overrides)
    results = [_evaluate_rule(connection, rule, run, overrides, where) for rule in active]
    findings.withdraw_inactive(connection, {rule.id for rule in active}, run.started_at)
    return _record_end(connection, run, results, time.perf_counter() - began)


def _plan(
    connection: Connection,
    active: Sequence[Rule],
    as_of: datetime,
    full: bool,
    versions: dict[str, str],
    overrides: Sequence[parameters.Override],
) -> _Run:
    versions["rules"] = version_of(
        preparation.engine_version(),
        versions.get("department", ""),
        *(rule.version for rule in sorted(active, key=lambda rule: rule.id)),
        json.dumps(parameters.as_records(overrides)),
    )
    ledger_to = int(
        connection.scalar(text("select coalesce(max(ledger_no), 0) from ops.batch")) or 0
    )
    last = connection.execute(
        text("""
            select as_of, ledger_to, catalogue_version, calendar_version, rules_version
            from supervision.run where state = 'complete' order by started_at desc limit 1
        """)
    ).one_or_none()
    why_full: str | None
    if full:
        why_full = "asked for"
    elif last is None:
        why_full = "no complete run before"
    elif as_of < last.as_of:
        why_full = "as of an earlier time than the last run"
    elif ledger_to < last.ledger_to:
        why_full = "the ledger is shorter than at the last run"
    else:
        before = {
            "catalogue": last.catalogue_version,
            "calendar": last.calendar_version,
            "rules": last.rules_version,
        }
        other = [name for name, version in before.items() if versions[name] != version]
        why_full = f"{', '.join(other)} changed" if other else None
    ledger_from = 0 if why_full else int(last.ledger_to) if last else 0
    return _Run(
        str(uuid.uuid4()), as_of, datetime.now(UTC), why_full, ledger_from, ledger_to, versions
    )


def _record_start(
    connection: Connection,
    run: _Run,
    rules: Sequence[Rule],
    overrides: Sequence[parameters.Override],
) -> None:
    described = [
        {
            "rule_id": rule.id, "version": rule.version, "theme": rule.spec.theme, "level": rule.level,
            "title_zh": rule.title.zh, "title_en": rule.title.en, "basis": "\n".join(rule.basis),
            "status": rule.status, "spec": rule.spec.model_dump(mode="json"), "sql": rule.sql,
        }
        for rule in rules
    ]  # fmt: skip
    connection.execute(
        text("""
            insert into supervision.rule
                (rule_id, version, theme, level, title_zh, title_en, basis, status, loaded_at, spec, sql)
            select rule_id, version, theme, level, title_zh, title_en, basis, status, :at, spec, sql
            from jsonb_populate_recordset(null::supervision.rule, cast(:rules as jsonb))
            on conflict (rule_id, version) do update set spec = excluded.spec, sql = excluded.sql
            where supervision.rule.sql is null
        """),
        {"rules": json.dumps(described, ensure_ascii=False), "at": run.started_at},
    )
    connection.execute(
        text("""
            insert into supervision.run
                (run_id, kind, as_of, started_at, ledger_from, ledger_to, catalogue_version, calendar_version,
                 rules_version, state, inputs)
            values (:run_id, :kind, :as_of, :started_at, :ledger_from, :ledger_to, :catalogue, :calendar, :rules,
                 'incomplete', cast(:inputs as jsonb))
        """),
        {
            "run_id": run.run_id, "kind": run.kind, "as_of": run.as_of, "started_at": run.started_at,
            "ledger_from": run.ledger_from, "ledger_to": run.ledger_to, **run.versions,
            "inputs": json.dumps(_inputs(run, rules, overrides)),
        },
    )  # fmt: skip


def _inputs(
    run: _Run, rules: Sequence[Rule], overrides: Sequence[parameters.Override]
) -> dict[str, Any]:
    """What the run can be repeated with; the content behind the versions is kept in the warehouse."""
    return {
        "rules": {rule.id: rule.version for rule in rules if rule.status == "active"},
        "parameters": parameters.as_records(overrides),
        "engine": preparation.engine_version(),
        "versions": run.versions,
    }


def _evaluate_rule(
    connection: Connection,
    rule: Rule,
    run: _Run,
    overrides: Sequence[parameters.Override],
    where: Sequence[parameters.Place],
) -> RuleResult:
    began = time.perf_counter()
    result = RuleResult(rule.id, rule.level, rule.spec.title.model_dump())
    try:
        with connection.begin_nested():
            set_current(connection, rule)
            parameters.resolve(
                connection, "parameter", rule.id, rule.spec.parameters, overrides, where
            )
            judge(connection, rule)
            changes = findings.merge(connection, rule, run.started_at)
            seconds = time.perf_counter() - began
            return _count(
                connection, rule, run, replace(result, changes=dict(changes), seconds=seconds)
            )
    except SQLAlchemyError as failure:
        return replace(result, error=what_failed(failure), seconds=time.perf_counter() - began)


def judge(connection: Connection, rule: Rule) -> None:
    """Fill `judgement` and `judgement_count` from the rule's SELECT, which can write nothing else."""
    run_script(connection, "delete from judgement; delete from judgement_count")
    with connection.begin_nested():
        connection.execute(text("set transaction read only"))
        run_script(connection, statement("sql/judge.sql").replace("/* rule */", rule.sql))


def set_current(connection: Connection, rule: Rule) -> None:
    """Tell the working tables which rule is judged: its id, version, level and ladder."""
    connection.execute(
        text("update run set rule_id = :rule_id, rule_version = :version, level = :level"),
        {"rule_id": rule.id, "version": rule.version, "level": rule.level},
    )
    run_script(connection, "delete from rung")
    for level, parameter in rule.spec.ladder.items():
        connection.execute(
            text("insert into rung values (:level, :rank, :parameter)"),
            {"level": level, "rank": LEVELS.index(level), "parameter": parameter},
        )


def _count(connection: Connection, rule: Rule, run: _Run, result: RuleResult) -> RuleResult:
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
            from judgement_count group by department
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
    connection: Connection, run: _Run, results: Sequence[RuleResult], seconds: float
) -> RunSummary:
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
        cases_in_scope=int(connection.scalar(text("select count(*) from scope")) or 0),
        rules=tuple(replace(each, open_findings=standing.get(each.rule_id, 0)) for each in results),
        open_findings=sum(standing.values()),
        findings_hash=found,
        seconds=seconds,
    )
