-- The way that each case took: one row per case of case_version that has events.
-- `way`: power, version and the step codes of all events in order of start, then of number, in one text: `variant` judges each
-- once. Null without a version.
-- `events`: how many they are. `first_at`, `last_start_at`: the earliest and the latest start.
-- `has_work`: a step that the flow in force calls work or decision. `has_unknown_step`: one that it does not have.
-- `may_be_early`: some of these started before acceptance. `may_be_late`: some step started or ended after closing,
-- but for making and delivering the document, which come after closing by nature. `posts`: events whose post is
-- reported and given by the flow. `may_be_other_post`: one of them is not written as in the flow. `may_be_other_unit`: a
-- unit of some event is the code or name of another body than the power's.
-- Of the steps that have a limit: `open_from`, the earliest start of one without an end; `is_backwards`, one ends before it
-- starts; `lacks_unit`, the limit has no unit; `may_be_overdue`, one lasted longer than its limit, before stops are taken out, or ends outside
-- the calendar.
with flow_step as (
    select
        power_code, version, step_code, kind, nullif(trim(post), '') as post, limit_value, limit_unit,
        case limit_unit
            when 'working_day' then limit_value * interval '1 day'
            when 'calendar_day' then limit_value * interval '1 day'
            when 'hour' then limit_value * interval '1 hour'
            when 'minute' then limit_value * interval '1 minute'
            when 'month' then limit_value * 27 * interval '1 day'
        end as lasts
    from catalogue.step
    -- Grouped, so that it is worked out once for each step and not for each event.
    group by power_code, version, step_code, kind, post, limit_value, limit_unit
),
called as (
    select body_code as unit, body_code from catalogue.body
    union
    select name, body_code from catalogue.body
),
other_unit as (
    -- Which names of bodies are another body's than the power's.
    select b.body_code, c.unit
    from (select distinct body_code from catalogue.power) b
    join called c on c.body_code <> b.body_code
    group by b.body_code, c.unit
)
select
    e.case_id,
    v.power_code || chr(31) || cast(v.version as text) || chr(31) || string_agg(e.step_code, chr(30) order by e.started_at, e.event_no)
        as way,
    count(*) as events,
    min(e.started_at) as first_at,
    max(e.started_at) as last_start_at,
    coalesce(bool_or(k.kind in ('work', 'decision')), false) as has_work,
    bool_or(k.kind is null) as has_unknown_step,
    coalesce(bool_or(e.started_at < v.accepted_at and (k.kind is null or k.kind in ('work', 'decision'))), false)
        as may_be_early,
    coalesce(
        bool_or(
            (e.started_at > v.closed_at or e.ended_at > v.closed_at)
            and (k.kind is null or k.kind not in ('issue', 'delivery'))
        ),
        false
    ) as may_be_late,
    count(k.post) filter (where trim(e.post) <> '') as posts,
    coalesce(bool_or(e.post <> k.post), false) as may_be_other_post,
    coalesce(bool_or(u.unit is not null), false) as may_be_other_unit,
    min(e.started_at) filter (where k.limit_value is not null and e.ended_at is null) as open_from,
    coalesce(bool_or(k.limit_value is not null and e.ended_at < e.started_at), false) as is_backwards,
    coalesce(bool_or(k.limit_value is not null and k.limit_unit is null), false) as lacks_unit,
    coalesce(
        bool_or(
            e.ended_at - e.started_at > k.lasts
            and coalesce(k.limit_unit <> 'working_day' or last.work_index - first.work_index > k.limit_value, true)
        ),
        false
    ) as may_be_overdue
from case_version v
join core.event e on e.case_id = v.case_id and e.deleted_at is null
left join flow_step k
    on k.power_code = v.power_code and k.version = v.version and k.step_code = e.step_code
-- Weekends: a step that lasted longer than its working days by the clock may have lasted no longer by the calendar.
left join reference.calendar_day first
    on first.date = case
        when k.limit_unit = 'working_day' and e.ended_at - e.started_at > k.lasts
            then (e.started_at at time zone 'Asia/Shanghai')::date
    end
left join reference.calendar_day last
    on last.date = case
        when k.limit_unit = 'working_day' and e.ended_at - e.started_at > k.lasts
            then (e.ended_at at time zone 'Asia/Shanghai')::date
    end
left join other_unit u on u.body_code = v.body_code and u.unit = e.unit
group by e.case_id, v.power_code, v.version
