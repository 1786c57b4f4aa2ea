-- Cases in which a step took longer than the limit that the flow gives it. Days are counted from the day after the step
-- began, as for the whole case; limits in hours and minutes are office time. What clock stops took out of the case's
-- clock is taken out of the step as well. A step that has no end is still going on, unless another has begun or the case is closed.
with stopped as (
    select
        p.case_id,
        p.event_no,
        sum(greatest(least(s.day_to, p.ended_on) - greatest(s.day_from, p.started_on), 0)) as days,
        sum(greatest(least(s.index_to, p.index_to) - greatest(s.index_from, p.index_from), 0)) as working_days,
        sum(greatest(least(s.second_to, p.second_to) - greatest(s.second_from, p.second_from), 0)) as seconds
    from long_step p
    join clock_stopped s on s.case_id = p.case_id
    group by p.case_id, p.event_no
),
counted as (
    select
        p.case_id,
        p.event_no,
        p.step_code,
        p.started_on,
        p.ended_on,
        p.limit_value,
        p.limit_unit,
        case p.limit_unit
            when 'working_day' then p.index_to - p.index_from - coalesce(s.working_days, 0)
            when 'calendar_day' then p.ended_on - p.started_on - coalesce(s.days, 0)
            when 'hour' then (p.second_to - p.second_from - coalesce(s.seconds, 0)) / 3600.0
            when 'minute' then (p.second_to - p.second_from - coalesce(s.seconds, 0)) / 60.0
            when 'month' then m.months + case
                when (p.started_on + make_interval(months => m.months))::date < m.counted_to then 1
                else 0
            end
        end as elapsed,
        p.index_from is null or p.index_to is null as is_undated
    from long_step p
    left join stopped s on s.case_id = p.case_id and s.event_no = p.event_no
    cross join lateral (
        select
            p.ended_on - cast(coalesce(s.days, 0) as int) as counted_to,
            cast(
                (extract(year from p.ended_on - cast(coalesce(s.days, 0) as int)) - extract(year from p.started_on)) * 12
                + extract(month from p.ended_on - cast(coalesce(s.days, 0) as int)) - extract(month from p.started_on)
                as int
            ) as months
    ) m
),
placed as (
    -- The step that is furthest over its limit comes first.
    select
        c.*,
        row_number() over (partition by c.case_id order by c.elapsed / c.limit_value desc nulls last, c.event_no) as place
    from counted c
),
looked_at as (
    -- The cases looked at closely: the first of these steps, all that are over their limit, whether one ends outside the calendar.
    select
        case_id,
        bool_or(is_undated) as is_undated,
        max(limit_value) filter (where place = 1) as limit_value,
        max(limit_unit) filter (where place = 1) as limit_unit,
        max(elapsed) filter (where place = 1) as elapsed,
        jsonb_agg(jsonb_build_object(
            'step', step_code,
            'started_on', started_on,
            'ended_on', ended_on,
            'elapsed', trim_scale(round(elapsed, 2)),
            'limit', limit_value,
            'unit', limit_unit
        ) order by event_no) filter (where elapsed > limit_value) as steps
    from placed
    group by case_id
),
judged as (
    select
        v.case_id,
        v.department,
        v.power_code,
        v.source_case_no,
        v.version,
        l.limit_value,
        l.limit_unit,
        l.elapsed,
        l.steps,
        case
            when v.reason is not null then v.reason
            when v.events is null then 'events_missing'
            when l.steps is not null then null
            when v.is_backwards then 'step_times_wrong'
            when v.open_from < v.last_start_at or v.open_from < v.closed_at then 'step_times_missing'
            when v.lacks_unit then 'unit_unsupported'
            when l.is_undated then 'outside_calendar'
        end as why_not
    from path v
    left join looked_at l on l.case_id = v.case_id
    where (v.reason is not null and v.events is not null)
        or (v.has_limits and (v.events is not null or v.closed_at is not null))
)
select
    'case:' || case_id as subject,
    case_id,
    department,
    power_code,
    case
        when why_not is not null then 'not_evaluable'
        when steps is not null then 'violation'
        else 'compliant'
    end as outcome,
    case when steps is not null then
        jsonb_strip_nulls(jsonb_build_object(
            'source_case_no', source_case_no,
            'power_version', version,
            'steps', steps
        ))
    end as facts,
    limit_value,
    limit_unit,
    round(elapsed, 2) as elapsed,
    null::date as due_on,
    why_not as reason
from judged
