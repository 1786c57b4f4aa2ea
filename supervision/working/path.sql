-- The way that each case took: one row per case of case_version that has events.
-- `steps`: the step codes of all events in order of start, then of number (`variant` judges each such sequence once).
-- `events`: how many they are. `first_at`, `last_start_at`: the earliest and the latest start.
-- `first_work_at`: the earliest start of a step that the flow in force calls work or decision; `first_unknown_at`: of
-- one that it does not have.
-- `last_at`: the latest start or end of any step but the making and the delivery of the document, which come after
-- closing by nature. `posts`: events whose post is reported and given by the flow; `has_other_post`: one of them was
-- not the flow's.
select
    e.case_id,
    array_agg(e.step_code order by e.started_at, e.event_no) as steps,
    count(*) as events,
    min(e.started_at) as first_at,
    max(e.started_at) as last_start_at,
    min(e.started_at) filter (where k.kind in ('work', 'decision')) as first_work_at,
    min(e.started_at) filter (where k.kind is null) as first_unknown_at,
    max(greatest(e.started_at, e.ended_at)) filter (where k.kind is null or k.kind not in ('issue', 'delivery'))
        as last_at,
    count(*) filter (where trim(e.post) <> '' and trim(k.post) <> '') as posts,
    coalesce(bool_or(trim(e.post) <> trim(k.post) and trim(e.post) <> '' and trim(k.post) <> ''), false)
        as has_other_post
from case_version v
join core.event e on e.case_id = v.case_id and e.deleted_at is null
left join catalogue.step k
    on k.power_code = v.power_code and k.version = v.version and k.step_code = e.step_code
group by e.case_id
