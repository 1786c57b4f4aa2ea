"""Of whom a run may say that anything is in order.

A department of which nothing has been heard for too long, or a batch of which waits at the gate, may have broken rules in
data that nobody has seen. Violations that were found stand; what was compliant becomes not evaluable, `no_statement`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, text

from supervision.rulebook import Rule
from supervision.summary import RuleResult, Withheld

REASON = "no_statement"


_STATE = text("""
    insert into supervision.statement (run_id, department, stated, reason, facts)
    select
        :run_id, d.department, s.department is null and f.facts is null,
        case when s.department is not null then 'gate_stopped' when f.facts is not null then 'silent' end,
        coalesce(s.facts, f.facts)
    from reference.department d
    left join (
        select
            department,
            jsonb_build_object(
                'batches', count(*), 'rows', sum(rows_read), 'datasets', jsonb_agg(distinct dataset),
                'since', to_char(min(started_at) at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS')
            ) as facts
        from ops.batch where state = 'stopped' group by department
    ) s on s.department = d.department
    left join lateral (
        select facts from supervision.finding
        where rule_id = any(:withholding) and department = d.department and judged = 'violation'
            and state not in ('dismissed', 'withdrawn')
        order by rule_id, subject limit 1
    ) f on true
""")
_WITHHOLD = text("""
    update supervision.outcome o
    set compliant = 0, not_evaluable = o.not_evaluable + o.compliant,
        reasons = coalesce(o.reasons, '{}') || jsonb_build_object(cast(:reason as text), o.compliant)
    from supervision.statement s
    where s.run_id = :run_id and not s.stated and o.run_id = s.run_id and o.department = s.department
        and o.compliant > 0
    returning o.rule_id, cast(o.reasons ->> :reason as bigint) as subjects
""")
_WITHHELD = text("""
    select department, reason, facts from supervision.statement
    where run_id = :run_id and not stated order by department
""")


def state(
    connection: Connection, run_id: str, rules: Sequence[Rule], results: Sequence[RuleResult]
) -> tuple[tuple[Withheld, ...], list[RuleResult]]:
    """Note for every department whether the run states anything of it, and why not; after all rules were judged.

    Returns the departments of which nothing is stated, and the results without what was compliant there.
    """
    withholding = [rule.id for rule in rules if rule.spec.withholds_statement]
    connection.execute(_STATE, {"run_id": run_id, "withholding": withholding})
    moved = dict.fromkeys((result.rule_id for result in results), 0)
    for rule_id, subjects in connection.execute(_WITHHOLD, {"run_id": run_id, "reason": REASON}):
        moved[rule_id] += subjects
    return withheld(connection, run_id), [
        _without(result, moved[result.rule_id]) for result in results
    ]


def withheld(connection: Connection, run_id: str) -> tuple[Withheld, ...]:
    """The departments of which that run stated nothing."""
    rows = connection.execute(_WITHHELD, {"run_id": run_id})
    return tuple(Withheld(*row) for row in rows)


def _without(result: RuleResult, subjects: int) -> RuleResult:
    if not subjects:
        return result
    return replace(
        result,
        compliant=result.compliant - subjects,
        not_evaluable=result.not_evaluable + subjects,
        reasons=dict(sorted({**result.reasons, REASON: subjects}.items())),
    )
