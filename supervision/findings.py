"""Findings of one rule: idempotent merge, evidence, life cycle. All set-based, in the caller's savepoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, text

from hub.core.entities import CASE, ENTITIES
from supervision import chain
from supervision.preparation import run_script, statement
from supervision.rulebook import Rule

ACTOR = "hub"

# What joins an entity's rows to a violation, where that is not the case alone: the row itself is the subject.
_JOINS = {
    "fee": "t.case_id = j.case_id and j.subject in ('case:' || t.case_id, 'fee:' || t.case_id || '/' || t.fee_no)",
    "penalty": "t.case_id = j.case_id and j.subject in ('case:' || t.case_id, 'penalty:' || t.case_id || '/' || t.penalty_no)",
    "clock_stop": "t.case_id = j.case_id and j.subject in ('case:' || t.case_id, 'clock_stop:' || t.case_id || '/' || t.stop_no)",
    "disclosure": "j.subject = 'disclosure:' || t.department || '/' || t.source_no",
}
_LINEAGE = ("row_hash", "source_version", "dataset", "record_key", "batch_id", "raw_row")


def merge(connection: Connection, rule: Rule, at: datetime) -> Counter[str]:
    """Bring the rule's findings in line with the run's table `judgement`; returns how many changed, by action.

    Actions: opened, reopened, updated (other facts), confirmed (evaluable again), not_evaluable (stands as it was),
    withdrawn, lapsed (dismissed or closed, and no longer a violation). A finding of which nothing is new stays as it is: its
    `last_run` is the run that made it so.
    """
    run_script(connection, statement("sql/level.sql"))
    run_script(connection, _evidence_sql(rule.spec.evidence))
    run_script(connection, statement("sql/merge.sql"))
    return _log_changes(connection, at)


def withdraw_inactive(
    connection: Connection, active: Collection[str], at: datetime
) -> Counter[str]:
    """Withdraw the standing findings of rules that are no longer active."""
    connection.execute(text("truncate finding_change"))
    connection.execute(
        text("""
            with inactive as (
                select o.finding_id, o.stands, f.state, f.subject
                from open_finding o
                join supervision.finding f on f.finding_id = o.finding_id
                where not f.rule_id = any (:active) and (o.stands or f.judged <> 'not_judged')
            ), gone as (
                update supervision.finding f
                set judged = 'not_judged', state = case when i.stands then 'withdrawn' else f.state end,
                    respond_by = case when i.stands then null else f.respond_by end
                from inactive i where i.finding_id = f.finding_id
            )
            insert into finding_change
            select finding_id, subject, 'withdrawn', state, 'withdrawn', 'rule_not_active' from inactive
            where stands
        """),
        {"active": list(active)},
    )
    return _log_changes(connection, at)


def _log_changes(connection: Connection, at: datetime) -> Counter[str]:
    changes = connection.execute(
        text("""
            select cast(finding_id as text), action, state_from, state_to, reason
            from finding_change order by subject collate "C", finding_id, action
        """)
    ).all()
    chain.append(
        connection,
        [
            chain.FindingEvent(finding_id, at, ACTOR, action, state_from, state_to, reason)
            for finding_id, action, state_from, state_to, reason in changes
        ],
    )
    return Counter(action for _, action, *_ in changes)


def _evidence_sql(entities: Iterable[str]) -> str:
    """Which row versions a violation that is not proven rests on, from which batches and raw objects. Names come from the entities."""
    rows = "\n    union all\n".join(_entity_rows(name) for name in entities)
    if not rows:
        return "select 1 where false"
    return f"""
        insert into proven
        select subject, case_id from violation where not is_proven
        union
        select subject, cast(jsonb_array_elements_text(facts -> 'case_ids') as uuid) from violation
        where not is_proven and jsonb_typeof(facts -> 'case_ids') = 'array';
        analyze proven;
        update violation set evidence = e.evidence
        from (
            select
                r.subject,
                jsonb_build_object(
                    'rows', jsonb_agg(r.row order by r.row),
                    'raw_objects', jsonb_object_agg(r.batch_id, b.raw_object)
                ) as evidence
            from (
                {rows}
            ) r
            left join ops.batch b on b.batch_id = r.batch_id
            group by r.subject
        ) e
        where e.subject = violation.subject
    """  # noqa: S608 (identifiers from hub.core.entities, no values)


def _entity_rows(name: str) -> str:
    key = ", ".join(f"'{column}', t.{column}" for column in ENTITIES[name].key)
    lineage = ", ".join(f"'{column}', t.{column}" for column in _LINEAGE)
    joined = _JOINS.get(name, "t.case_id = j.case_id")
    # That a case was deleted may be the very thing to prove; what was deleted from under it proves nothing.
    alive = "" if name == CASE.name else " and t.deleted_at is null"
    return f"""
        select j.subject, t.batch_id,
            jsonb_build_object('entity', '{name}', 'key', jsonb_build_object({key}), {lineage}) as row
        from proven j
        join core."{name}" t on {joined}{alive}
    """  # noqa: S608 (identifiers from hub.core.entities, no values)
