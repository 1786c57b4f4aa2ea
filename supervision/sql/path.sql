-- The way each case in scope took: its step codes in order of start, repeats in a row taken together.
drop table if exists pg_temp.path;

create temp table path on commit drop as
select case_id, array_agg(step_code order by started_at, event_no) as steps
from (
    select
        e.case_id,
        e.step_code,
        e.started_at,
        e.event_no,
        lag(e.step_code) over (partition by e.case_id order by e.started_at, e.event_no) as step_before
    from scope
    join core.event e on e.case_id = scope.case_id and e.deleted_at is null
) walked
where step_before is distinct from step_code
group by case_id;

create unique index on path (case_id);
analyze path;
