-- Clock stops that took longer than their own limit, or that have none and are open for longer than `max_open` working
-- days. An open stop counts up to the decision or closing of its case, else to the time of the run. The day on which it
-- begins is not counted; limits in hours and minutes are office time.
with office_day as (
    select
        date, work_index, minute_index * 60 as closing_second,
        morning_from * 60 as morning_from, morning_to * 60 as morning_to,
        afternoon_from * 60 as afternoon_from, afternoon_to * 60 as afternoon_to
    from reference.calendar_day
),
stop as (
    select
        s.case_id,
        s.stop_no,
        s.kind,
        s.started_at,
        s.ended_at,
        v.department,
        v.power_code,
        v.source_case_no,
        v.version,
        coalesce(s.ended_at, v.decided_at, v.closed_at) is null as is_running,
        coalesce(s.ended_at, v.decided_at, v.closed_at, run.as_of) as until_at,
        s.started_at::date as started_on,
        coalesce(s.ended_at, v.decided_at, v.closed_at, run.as_of)::date as until_on,
        coalesce(s.limit_value, case when s.ended_at is null then p.value end) as limit_value,
        case when s.limit_value is null then 'working_day' else s.limit_unit end as limit_unit,
        case when s.limit_value is null then p.value end as max_open
    from case_version v
    join core.clock_stop s on s.case_id = v.case_id and s.deleted_at is null
    cross join run
    left join parameter p
        on p.name = 'max_open' and p.department = v.department and p.power_code = coalesce(v.power_code, '')
        and v.judged_on between p.valid_from and p.valid_to
),
placed as (
    select
        s.*,
        first.work_index as index_from,
        last.work_index as index_to,
        first.date is null or last.date is null as is_outside,
        last.closing_second - first.closing_second
        - greatest(last.morning_to - greatest(t.until_second, last.morning_from), 0)
        - greatest(last.afternoon_to - greatest(t.until_second, last.afternoon_from), 0)
        + greatest(first.morning_to - greatest(t.started_second, first.morning_from), 0)
        + greatest(first.afternoon_to - greatest(t.started_second, first.afternoon_from), 0) as seconds,
        m.months + case
            when cast(s.started_on + m.months * interval '1 month' as date) < s.until_on then 1
            else 0
        end as months
    from stop s
    cross join lateral (
        select
            floor(extract(hour from s.started_at) * 3600
                + extract(minute from s.started_at) * 60
                + extract(second from s.started_at)) as started_second,
            floor(extract(hour from s.until_at) * 3600
                + extract(minute from s.until_at) * 60
                + extract(second from s.until_at)) as until_second
    ) t
    cross join lateral (
        select
            cast(12 * (extract(year from s.until_on) - extract(year from s.started_on))
                + extract(month from s.until_on) - extract(month from s.started_on) as int) as months
    ) m
    left join office_day first on first.date = s.started_on
    left join office_day last on last.date = s.until_on
),
counted as (
    select
        p.*,
        case p.limit_unit
            when 'working_day' then p.index_to - p.index_from
            when 'calendar_day' then p.until_on - p.started_on
            when 'month' then p.months
            when 'hour' then round(p.seconds / 3600.0, 4)
            when 'minute' then round(p.seconds / 60.0, 4)
        end as elapsed
    from placed p
),
judged as (
    select
        c.*,
        case
            when c.is_running and c.until_on < c.started_on then 'started_after_as_of'
            when c.until_on < c.started_on or c.elapsed < 0 then 'stop_times_wrong'
            when c.limit_value is null then null
            when c.is_outside then 'outside_calendar'
            when c.elapsed is null then 'unit_unsupported'
        end as why_not
    from counted c
)
select
    'clock_stop:' || j.case_id || '/' || j.stop_no as subject,
    j.case_id,
    j.department,
    j.power_code,
    case
        when j.why_not is not null then 'not_evaluable'
        when j.elapsed > j.limit_value then 'violation'
        else 'compliant'
    end as outcome,
    case when j.why_not is null and j.elapsed > j.limit_value then
        jsonb_strip_nulls(jsonb_build_object(
            'source_case_no', j.source_case_no,
            'power_version', j.version,
            'stop_no', j.stop_no,
            'kind', j.kind,
            'started_at', to_char(j.started_at, 'YYYY-MM-DD HH24:MI:SS'),
            'ended_at', to_char(j.ended_at, 'YYYY-MM-DD HH24:MI:SS'),
            'max_open', j.max_open
        ))
    end as facts,
    j.limit_value,
    j.limit_unit,
    j.elapsed,
    case j.limit_unit
        when 'working_day' then w.date
        when 'calendar_day' then j.started_on + cast(j.limit_value as int)
        when 'month' then cast(j.started_on + cast(j.limit_value as int) * interval '1 month' as date)
    end as due_on,
    j.why_not as reason
from judged j
left join (select work_index, date from reference.calendar_day where is_workday) w
    on w.work_index = j.index_from + cast(j.limit_value as int)
