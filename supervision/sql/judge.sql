-- One rule over its subjects: counts of all of them, and the rows that violate or already have a finding. A hundred are in
-- order for one that is not: they are counted together, by what is said of them. Rows are made only of what violates and of
-- what may be known by its case, and facts of what violates. Limits and times are worked out for every subject, so that a
-- rule that fails on one fails loudly.
with known as materialized (
    select subject, case_id from open_finding where rule_id = (select rule_id from run)
),
judged as materialized (
    select
        department,
        outcome,
        reason,
        case
            when outcome = 'violation' then row(
                subject, case_id, department, power_code, outcome, facts, trim_scale(limit_value), limit_unit,
                trim_scale(elapsed), due_on, reason
            )::judgement
            when case_id is null or case_id in (select case_id from known where case_id is not null) then row(
                subject, null, department, null, outcome, null, trim_scale(limit_value), limit_unit,
                trim_scale(elapsed), due_on, reason
            )::judgement
        end as judgement,
        count(*) as subjects,
        count(limit_value) as limits,
        count(elapsed) as times,
        count(due_on) as dates
    from (
/* rule */
    ) as ruled
    group by 1, 2, 3, 4
),
counted as (
    insert into judgement_count (department, outcome, reason, subjects)
    select department, outcome, reason, sum(subjects)
    from judged
    group by 1, 2, 3
)
-- As often as it was judged: the key refuses a subject that was judged twice.
insert into judgement
select (j.judgement).*
from judged j
cross join lateral generate_series(1, j.subjects)
where outcome = 'violation' or (j.judgement).subject in (select subject from known);
