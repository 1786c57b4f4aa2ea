-- One rule over its subjects: counts of all of them, and the rows that violate or already have a finding. Facts are
-- made only for what violates, and names of subjects only where they may be needed: a hundred are in order for one that is not.
with known as materialized (
    select subject, case_id from open_finding where rule_id = (select rule_id from run)
),
judged as materialized (
    select
        case
            when outcome = 'violation' or case_id is null
                or case_id in (select case_id from known where case_id is not null)
                then subject
        end as subject,
        department, outcome, limit_value, limit_unit, elapsed, due_on, reason,
        case when outcome = 'violation' then case_id end as case_id,
        case when outcome = 'violation' then power_code end as power_code,
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
where outcome = 'violation' or subject in (select subject from known);
