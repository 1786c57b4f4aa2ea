-- The clock of every case against its limits: what was used, when it would have run out, or why that cannot be said.
with limited as (
    -- The date on which each limit would end without stops; null for units in working days.
    select
        w.*,
        case promised_unit
            when 'calendar_day' then accepted_on + promised_value
            when 'month' then (accepted_on + make_interval(months => promised_value))::date
        end as promised_plain_on,
        case statutory_unit
            when 'calendar_day' then accepted_on + statutory_value
            when 'month' then (accepted_on + make_interval(months => statutory_value))::date
        end as statutory_plain_on,
        case
            when reason is not null then reason
            when promised_value is null then 'limit_missing'
            when promised_unit not in ('working_day', 'calendar_day', 'month') then 'unit_unsupported'
        end as promised_reason,
        case
            when reason is not null then reason
            when statutory_value is null then 'limit_missing'
            when statutory_unit not in ('working_day', 'calendar_day', 'month') then 'unit_unsupported'
        end as statutory_reason
    from clock_window w
),
stopped as (
    -- Stopped days in all, and those before the limit ran out, which alone move the due date.
    select
        s.case_id,
        sum(s.days)::int as days,
        sum(s.working_days)::int as working_days,
        sum(case when l.promised_unit = 'working_day' then s.working_days else s.days end) filter (
            where index_before - accepted_index - working_days_earlier < promised_value
                and promised_unit = 'working_day'
                or promised_plain_on + days_earlier >= first_on
        )::int as promised_days,
        sum(case when l.statutory_unit = 'working_day' then s.working_days else s.days end) filter (
            where index_before - accepted_index - working_days_earlier < statutory_value
                and statutory_unit = 'working_day'
                or statutory_plain_on + days_earlier >= first_on
        )::int as statutory_days
    from clock_stopped s
    join limited l on l.case_id = s.case_id
    group by s.case_id
),
counted as (
    select
        l.*,
        coalesce(s.days, 0) as stopped_days,
        coalesce(s.working_days, 0) as stopped_working_days,
        coalesce(s.promised_days, 0) as promised_stopped,
        coalesce(s.statutory_days, 0) as statutory_stopped,
        l.ended_index - l.accepted_index - coalesce(s.working_days, 0) as working_days,
        l.ended_on - l.accepted_on - coalesce(s.days, 0) as calendar_days,
        m.months + (l.accepted_on + make_interval(months => m.months) < m.counted_to)::int as months
    from limited l
    left join stopped s on s.case_id = l.case_id
    cross join lateral (
        select
            l.ended_on - coalesce(s.days, 0) as counted_to,
            (extract(year from l.ended_on - coalesce(s.days, 0)) - extract(year from l.accepted_on))::int * 12
            + (extract(month from l.ended_on - coalesce(s.days, 0)) - extract(month from l.accepted_on))::int
                as months
    ) m
),
told as (
    -- The stops as reported: facts must not change from day to day while a stop is open.
    select
        s.case_id,
        jsonb_agg(
            jsonb_build_object(
                'kind', s.kind,
                'from', (s.started_at at time zone 'Asia/Shanghai')::date,
                'to', (s.ended_at at time zone 'Asia/Shanghai')::date
            ) order by s.stop_no
        ) as stops
    from clock_window w
    join core.clock_stop s on s.case_id = w.case_id and s.deleted_at is null
    group by s.case_id
),
working_day as materialized (
    select work_index, date from reference.calendar_day where is_workday
)
select
    c.case_id,
    c.department,
    c.power_code,
    c.version as power_version,
    c.accepted_on,
    c.ended_on,
    c.is_open,
    c.stopped_days,
    c.stopped_working_days,
    c.is_provisional,
    c.promised_value,
    c.promised_unit,
    case c.promised_unit
        when 'working_day' then c.working_days
        when 'calendar_day' then c.calendar_days
        when 'month' then c.months
    end as promised_elapsed,
    coalesce(c.promised_plain_on + c.promised_stopped, promised.date) as promised_due_on,
    c.promised_reason,
    c.statutory_value,
    c.statutory_unit,
    case c.statutory_unit
        when 'working_day' then c.working_days
        when 'calendar_day' then c.calendar_days
        when 'month' then c.months
    end as statutory_elapsed,
    coalesce(c.statutory_plain_on + c.statutory_stopped, statutory.date) as statutory_due_on,
    c.statutory_reason,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', c.source_case_no,
        'power_version', c.version,
        'accepted_on', c.accepted_on,
        'ended_on', case when not c.is_open then c.ended_on end,
        'stops', told.stops,
        'calendar', case when c.is_provisional then 'provisional' end
    )) as facts
from counted c
left join told on told.case_id = c.case_id
left join working_day promised
    on c.promised_unit = 'working_day'
    and promised.work_index = c.accepted_index + c.promised_value + c.promised_stopped
left join working_day statutory
    on c.statutory_unit = 'working_day'
    and statutory.work_index = c.accepted_index + c.statutory_value + c.statutory_stopped
