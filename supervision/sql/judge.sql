-- One rule over its subjects: counts of all of them, and the rows that violate or already have a finding. Facts are
-- made only for what violates.
with judged as materialized (
    select
        subject, case_id, department, power_code, outcome, limit_value, limit_unit, elapsed, due_on, reason,
        case when outcome = 'violation' then facts end as facts
    from (
/* rule */
    ) as ruled
),
counted as (
    insert into judgement_count (department, outcome, reason, subjects)
    select department, outcome, reason, count(*)
    from judged
    group by 1, 2, 3
)
insert into judgement (
    subject, case_id, department, power_code, outcome, facts, limit_value, limit_unit, elapsed, due_on, reason
)
select
    subject, case_id, department, power_code, outcome, facts, trim_scale(limit_value), limit_unit,
    trim_scale(elapsed), due_on, reason
from judged
where outcome = 'violation'
    or subject in (select subject from open_finding where rule_id = (select rule_id from run));
