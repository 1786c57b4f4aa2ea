-- The way each case in scope took. `steps`: its step codes in order of start, repeats in a row taken together.
-- `events`: how many were reported. `first_work_at`, `first_work_step`: the earliest start of a step that the flow
-- in force calls work or decision. `last_at`, `last_step`: the latest start or end of any step but a delivery, and
-- whose it is; delivery comes after closing by nature. `moments`: how many different starts there are.
select
    case_id,
    array_agg(step_code order by started_at, event_no) filter (where step_before is distinct from step_code) as steps,
    count(*) as events,
    min(started_at) filter (where is_work) as first_work_at,
    (array_agg(step_code order by started_at, event_no) filter (where is_work))[1] as first_work_step,
    max(greatest(started_at, ended_at)) filter (where not is_delivery) as last_at,
    count(distinct started_at) as moments
from (
    select
        e.case_id,
        e.step_code,
        e.event_no,
        e.started_at,
        e.ended_at,
        coalesce(k.kind in ('work', 'decision'), false) as is_work,
        coalesce(k.kind in ('issue', 'delivery'), false) as is_delivery,
        lag(e.step_code) over (partition by e.case_id order by e.started_at, e.event_no) as step_before
    from scope
    join core.event e on e.case_id = scope.case_id and e.deleted_at is null
    left join case_version v on v.case_id = e.case_id
    left join catalogue.step k
        on k.power_code = v.power_code and k.version = v.version and k.step_code = e.step_code
) walked
group by case_id
