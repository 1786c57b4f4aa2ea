-- The way that each case took, beside what the rules of the flow need to know of the case: one row per case of case_version.
-- From there: `department`, `closed_at` and so on; `case_kind`, of the power in force, else as the department says. `has_limits`: the flow in
-- force gives some step a limit.
-- The others are null, or false, for cases without events.
-- `way`: power, version and the step codes of all events in order of start, then of number, in one text: `variant` judges each
-- once. Null without a version.
-- `events`: how many they are. `first_at`, `last_start_at`: the earliest and the latest start.
-- `may_be_early`: a step of work or decision, or one that the flow does not have, started before acceptance. `may_be_late`: some step
-- started or ended after closing, but for making and delivering the document, which come after closing by nature. `has_posts`:
-- an event's post is reported and given by the flow. `may_be_other_post`: one of these is not written as in the flow.
-- `may_be_other_unit`: a unit of some event is the code or name of another body than the power's.
-- Of the steps that have a limit: `open_from`, the earliest start of one without an end; `is_backwards`, one ends before it
-- starts; `lacks_unit`, the limit has no unit; `is_long`, one lasted longer than its limit before stops are taken out, or ends outside
-- the calendar: `long_step` has these.
with flow_with_limits as (
    select power_code, version from flow_step where limit_value is not null group by power_code, version
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
),
taken as (
    select
        e.case_id,
        e.started_at,
        e.event_no,
        e.step_code,
        e.started_at < v.accepted_at and k.is_work is not false as may_be_early,
        (e.started_at > v.closed_at or e.ended_at > v.closed_at) and k.is_after is not true as may_be_late,
        k.post is not null and trim(e.post) <> '' as has_post,
        e.post <> k.post as may_be_other_post,
        u.unit is not null as may_be_other_unit,
        k.limit_value is not null and e.ended_at is null as is_open,
        k.limit_value is not null and e.ended_at < e.started_at as is_backwards,
        k.limit_value is not null and k.limit_unit is null as lacks_unit,
        e.ended_at - e.started_at > k.lasts
        and (k.in_working_days is not true or last.work_index - first.work_index > k.limit_value) is not false as is_long
    from case_version v
    join core.event e on e.case_id = v.case_id and e.deleted_at is null
    left join flow_step k
        on k.power_code = v.power_code and k.version = v.version and k.step_code = e.step_code
    -- Weekends: a step that lasted longer than its working days by the clock may have lasted no longer by the calendar.
    left join reference.calendar_day first
        on first.date = case
            when k.in_working_days and e.ended_at - e.started_at > k.lasts
                then e.started_at::date
        end
    left join reference.calendar_day last
        on last.date = case
            when k.in_working_days and e.ended_at - e.started_at > k.lasts
                then e.ended_at::date
        end
    left join other_unit u on u.body_code = v.body_code and u.unit = e.unit
    -- Kept apart, so that events are sorted as what is said of them, which is less than what it is said from.
    offset 0
),
walked as (
    select
        case_id,
        string_agg(step_code, chr(30) order by started_at, event_no) as steps,
        count(*) as events,
        min(started_at) as first_at,
        max(started_at) as last_start_at,
        bool_or(may_be_early) as may_be_early,
        bool_or(may_be_late) as may_be_late,
        bool_or(has_post) as has_posts,
        bool_or(may_be_other_post) as may_be_other_post,
        bool_or(may_be_other_unit) as may_be_other_unit,
        min(started_at) filter (where is_open) as open_from,
        bool_or(is_backwards) as is_backwards,
        bool_or(lacks_unit) as lacks_unit,
        bool_or(is_long) as is_long
    from taken
    group by case_id
)
-- What most rules read stands first: a row is read no farther than to the last column that is asked for.
select
    v.case_id,
    v.department,
    w.events,
    v.closed_at,
    v.result,
    v.reason,
    f.power_code is not null as has_limits,
    w.open_from,
    w.last_start_at,
    coalesce(w.is_backwards, false) as is_backwards,
    coalesce(w.lacks_unit, false) as lacks_unit,
    coalesce(w.is_long, false) as is_long,
    v.power_code || chr(31) || cast(v.version as text) || chr(31) || w.steps as way,
    v.power_code,
    v.version,
    v.source_case_no,
    coalesce(v.power_case_kind, v.case_kind) as case_kind,
    v.accepted_at,
    v.decided_at,
    w.first_at,
    coalesce(w.may_be_early, false) as may_be_early,
    coalesce(w.may_be_late, false) as may_be_late,
    coalesce(w.has_posts, false) as has_posts,
    coalesce(w.may_be_other_post, false) as may_be_other_post,
    coalesce(w.may_be_other_unit, false) as may_be_other_unit
from case_version v
left join walked w on w.case_id = v.case_id
left join flow_with_limits f on f.power_code = v.power_code and f.version = v.version
