"""What a run will look at and with what, decided and recorded before it starts."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from hub.core.fingerprints import version_of
from supervision import parameters, preparation
from supervision.rulebook import Rule


@dataclass(frozen=True, slots=True)
class Run:
    """What is known of a run before it starts."""

    run_id: str
    as_of: datetime
    started_at: datetime
    why_full: str | None
    ledger_from: int
    ledger_to: int
    changed_from: int | None
    versions: dict[str, str]
    reported: list[dict[str, Any]]
    same_day: bool
    """The last complete run looked at the same local day, and no working day is counted by its hours."""

    @property
    def kind(self) -> str:
        return "full" if self.why_full else "incremental"


def plan(
    connection: Connection,
    active: Sequence[Rule],
    as_of: datetime,
    full: bool,
    versions: Mapping[str, str],
    overrides: Sequence[parameters.Override],
) -> Run:
    """What a run will look at, and why it is a full one if it is.

    `versions`: of the releases. To them come those of the rules with all that they stand on, and of what
    departments report at all.
    """
    versions = dict(versions)
    reported = preparation.reporting(connection)
    versions["reporting"] = version_of(json.dumps(reported))
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
            select as_of, ledger_to, catalogue_version, calendar_version, rules_version,
                inputs -> 'versions' ->> 'reporting' as reporting
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
            "what departments report": last.reporting,
        }
        now = versions | {"what departments report": versions["reporting"]}
        other = [name for name, version in before.items() if now[name] != version]
        if parameters.differ(overrides, last.as_of.astimezone(as_of.tzinfo).date(), as_of.date()):
            other.append("the parameters in force")
        why_full = f"{', '.join(other)} changed" if other else None
    ledger_from = 0 if why_full else int(last.ledger_to) if last else 0
    # A full run judges all cases, but of those that have not changed it need not prove again what it finds again.
    changed_from = int(last.ledger_to) if last and ledger_to >= last.ledger_to else None
    return Run(
        str(uuid.uuid4()),
        as_of,
        datetime.now(UTC),
        why_full,
        ledger_from,
        ledger_to,
        changed_from,
        versions,
        reported,
        last is not None
        and last.as_of.astimezone(as_of.tzinfo).date() == as_of.date()
        and not parameters.counts_parts_of_days(overrides),
    )


def record(
    connection: Connection,
    run: Run,
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
    run: Run, rules: Sequence[Rule], overrides: Sequence[parameters.Override]
) -> dict[str, Any]:
    """What the run can be repeated with; the content behind the versions is kept in the warehouse."""
    return {
        "rules": {rule.id: rule.version for rule in rules if rule.status == "active"},
        "parameters": parameters.as_records(overrides),
        "engine": preparation.engine_version(),
        "versions": run.versions,
    }
