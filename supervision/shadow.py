"""A draft of a rule beside the active one: what would change, without changing it.

Both are judged over every case in scope of a full run, with the same working tables; no finding is touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from hub.core.errors import RuleError
from supervision import parameters, preparation
from supervision.evaluation import judge, set_current
from supervision.preparation import local_time, run_script, statement, what_failed
from supervision.rulebook import Rule

SAMPLE = 10


@dataclass(frozen=True, slots=True)
class Change:
    """One finding that the draft would open, withdraw or state otherwise. `before`, `after`: level, limit, elapsed and
    facts, None where there is none."""

    action: str
    subject: str
    department: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What activating the draft would do. `counts`: outcome → (active, draft). `changes`: action → department →
    findings. `sample`: the first of each action."""

    rule_id: str
    active_version: str | None
    draft_version: str
    as_of: datetime
    counts: dict[str, tuple[int, int]]
    reasons: dict[str, tuple[int, int]]
    changes: dict[str, dict[str, int]]
    sample: list[Change] = field(default_factory=list)

    @property
    def same(self) -> bool:
        return not self.changes and all(a == b for a, b in self.counts.values())


def compare(
    connection: Connection,
    active: Rule | None,
    draft: Rule,
    as_of: datetime,
    overrides: Sequence[parameters.Override] = (),
) -> Difference:
    """Judge all cases by both versions as of that time. Leaves nothing behind but temporary tables.

    `active` is None for a rule that does not exist yet. Raises RuleError when one of them cannot be run.
    """
    preparation.begin(connection, as_of)
    preparation.take_all(connection)
    where = preparation.gather(connection, overrides)
    run_script(connection, "drop view if exists pg_temp.shadow_change")
    run_script(connection, "drop table if exists pg_temp.shadow, pg_temp.shadow_count")
    run_script(connection, _TABLES)
    for side, rule in (("active", active), ("draft", draft)):
        if rule is not None:
            _judge(connection, side, rule, overrides, where)
    return Difference(
        rule_id=draft.id,
        active_version=active.version if active else None,
        draft_version=draft.version,
        as_of=local_time(as_of),
        counts=_pairs(connection, "outcome"),
        reasons=_pairs(connection, "reason"),
        changes=_changes(connection),
        sample=_sample(connection),
    )


_TABLES = """
    create temp table shadow (
        side text, subject text, department text, level text, limit_value numeric, limit_unit text,
        elapsed numeric, facts jsonb
    ) on commit drop;
    create temp table shadow_count (
        side text, department text, outcome text, reason text, subjects bigint
    ) on commit drop;
    create temp view shadow_change as
    select
        case
            when a.subject is null then 'open'
            when d.subject is null then 'withdraw'
            when a.level <> d.level then 'change_level'
            else 'update'
        end as action,
        coalesce(d.subject, a.subject) as subject,
        coalesce(d.department, a.department) as department,
        case when a.subject is not null then jsonb_build_object(
            'level', a.level, 'limit', a.limit_value, 'unit', a.limit_unit, 'elapsed', a.elapsed, 'facts', a.facts)
        end as before,
        case when d.subject is not null then jsonb_build_object(
            'level', d.level, 'limit', d.limit_value, 'unit', d.limit_unit, 'elapsed', d.elapsed, 'facts', d.facts)
        end as after
    from (select * from shadow where side = 'active') a
    full join (select * from shadow where side = 'draft') d on d.subject = a.subject
    where (a.level, a.limit_value, a.limit_unit, a.facts) is distinct from
        (d.level, d.limit_value, d.limit_unit, d.facts);
"""


def _judge(
    connection: Connection,
    side: str,
    rule: Rule,
    overrides: Sequence[parameters.Override],
    where: Sequence[parameters.Place],
) -> None:
    try:
        set_current(connection, rule)
        with connection.begin_nested():
            parameters.resolve(
                connection, "parameter", rule.id, rule.spec.parameters, overrides, where
            )
            judge(connection, rule)
            run_script(connection, statement("sql/level.sql"))
    except SQLAlchemyError as failure:
        raise RuleError(
            what_failed(failure), where=str(rule.path), remedy=f"mend the {side} version"
        ) from None
    for target, columns, source in (
        ("shadow", "subject, department, level, limit_value, limit_unit, elapsed, facts",
         "violation"),
        ("shadow_count", "department, outcome, reason, subjects", "judgement_count"),
    ):  # fmt: skip
        run_script(
            connection,
            f"insert into {target} select '{side}', {columns} from {source}",  # noqa: S608 (our own names)
        )


def _pairs(connection: Connection, column: str) -> dict[str, tuple[int, int]]:
    rows = connection.execute(
        text(f"""
            select {column}, coalesce(sum(subjects) filter (where side = 'active'), 0)::bigint,
                coalesce(sum(subjects) filter (where side = 'draft'), 0)::bigint
            from shadow_count where {column} is not null group by 1 order by 1
        """)  # noqa: S608 (one of two column names of ours)
    )
    return {name: (active, draft) for name, active, draft in rows}


def _changes(connection: Connection) -> dict[str, dict[str, int]]:
    rows = connection.execute(
        text("select action, department, count(*) from shadow_change group by 1, 2 order by 1, 2")
    )
    changes: dict[str, dict[str, int]] = {}
    for action, department, findings in rows:
        changes.setdefault(action, {})[department] = findings
    return changes


def _sample(connection: Connection) -> list[Change]:
    rows = connection.execute(
        text("""
            select action, subject, department, before, after from (
                select *, row_number() over (partition by action order by subject collate "C") as place
                from shadow_change
            ) numbered where place <= :sample order by action, place
        """),
        {"sample": SAMPLE},
    )
    return [Change(*row) for row in rows]
