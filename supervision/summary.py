"""What a run reports, and what the warehouse says of standing findings."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule in one run.

    In a full run the three counts are of all subjects; in an incremental run only of those in scope. `open_findings`
    counts all that stand, whichever run found them. `reasons`: why not evaluable → subjects. `changes`: what
    happened to findings → how many. `error`: why the rule could not be run; its findings are then as they were.
    """

    rule_id: str
    level: str
    title: dict[str, str]
    violations: int = 0
    compliant: int = 0
    not_evaluable: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)
    open_findings: int = 0
    seconds: float = 0.0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Withheld:
    """A department of which a run states nothing. `reason`: silent, gate_stopped. `facts`: since when, by what."""

    department: str
    reason: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run. `kind` full or incremental; `state` complete, or incomplete when a rule could not be run."""

    run_id: str
    as_of: datetime
    kind: str
    why_full: str | None
    state: str
    ledger_from: int
    ledger_to: int
    cases_in_scope: int
    rules: tuple[RuleResult, ...]
    open_findings: int
    findings_hash: str
    seconds: float
    withheld: tuple[Withheld, ...] = ()
    """Departments of which nothing is stated."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self) | {"as_of": self.as_of.isoformat()}


_HASH = text("""
    select encode(sha256(coalesce(string_agg(digest, '' order by finding_id), '')), 'hex')
    from supervision.finding
    where judged = 'violation'
""")


def findings_hash(connection: Connection) -> str:
    """SHA-256 over all findings that the rules affirm: of each the digest of rule, subject, level, facts, limit and elapsed,
    in the order of their ids, which are made of rule, subject and level.

    Batches that facts name are left out: they are drawn anew wherever the same data lands.

    Equal for equal data and versions in any database, whatever the batches and runs that led there and whatever
    people have made of the findings since.
    """
    return str(connection.scalar(_HASH))


def open_counts(connection: Connection) -> dict[str, int]:
    """Standing findings per rule."""
    rows = connection.execute(
        text("""
            select rule_id, count(*) from supervision.finding
            where state not in ('withdrawn', 'dismissed', 'closed') group by rule_id
        """)
    )
    return {str(rule_id): int(count) for rule_id, count in rows}


_GRAVEST = text("""
    select
        cast(f.finding_id as text) as finding_id, f.rule_id, r.title_zh, r.title_en, f.level, f.state, f.department,
        f.power_code, f.subject, cast(f.case_id as text) as case_id,
        f.facts ->> 'source_case_no' as source_case_no, f.facts,
        cast(f.limit_value as float8) as limit_value, f.limit_unit, cast(f.elapsed as float8) as elapsed,
        f.due_on, cast(o.overrun_days as float8) as overrun_days
    from supervision.finding f
    left join supervision.rule r on r.rule_id = f.rule_id and r.version = f.rule_version
    cross join lateral (
        select (f.elapsed - f.limit_value)
            * case f.limit_unit when 'working_day' then 1 when 'calendar_day' then 1 when 'month' then 30 end
            as overrun_days
    ) o
    where f.state not in ('withdrawn', 'dismissed', 'closed')
    order by
        array_position(array['red', 'yellow', 'warning', 'notice'], f.level), o.overrun_days desc nulls last,
        f.rule_id, f.subject collate "C"
    limit :n
""")


def gravest(connection: Connection, n: int) -> list[dict[str, Any]]:
    """The n gravest standing findings: red first, then the longest overrun (months as 30 days), with facts."""
    return [dict(row) for row in connection.execute(_GRAVEST, {"n": n}).mappings()]
