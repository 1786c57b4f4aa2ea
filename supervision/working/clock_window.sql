-- The clock of every case in scope that was accepted, or that was granted or denied without a date of acceptance,
-- before stops are taken out. It runs from acceptance to the decision, else to closing, else to the time of the run.
--
-- Three scales measure it. `day`: calendar days, for limits in calendar days and months. `index`: working days. `second`:
-- seconds of office hours, for limits in hours and minutes, and for working days where part of a day counts
-- (round_up). Of both limits: `_scale`, `_base` (where it stands when the clock starts), `_used` (how far it runs) and
-- `_limit`; `base_on` is the day before the first that counts. docs/legal-time.md says why; `supervision.elapsed`
-- computes the same in Python.
with office_day as (
    select
        date, work_index, is_workday, standard_minutes * 60 as day_seconds, minute_index * 60 as second_index,
        morning_from * 60 as morning_from, morning_to * 60 as morning_to,
        afternoon_from * 60 as afternoon_from, afternoon_to * 60 as afternoon_to,
        min(case when status = 'provisional' then date end)
            over (order by date desc rows between unbounded preceding and current row) as provisional_from
    from reference.calendar_day
),
ruled as (
    select
        v.case_id,
        v.department,
        v.source_case_no,
        v.power_code,
        v.version,
        v.judged_on,
        v.reason,
        v.accepted_at,
        v.accepted_on,
        coalesce(v.decided_at, v.closed_at, run.as_of) as ended_at,
        coalesce(v.decided_on, v.closed_on, run.as_of_on) as ended_on,
        v.decided_at is null and v.closed_at is null as is_open,
        case when start_day.value = 1 then 1 else 0 end as count_start_day,
        case when rounding.value = 1 then 1 else 0 end as round_up,
        p.promised_value,
        p.promised_unit,
        p.statutory_value,
        p.statutory_unit,
        case
            when p.promised_unit in ('hour', 'minute') then 'second'
            when p.promised_unit in ('calendar_day', 'month') then 'day'
            when p.promised_unit = 'working_day' and rounding.value = 1 then 'second'
            when p.promised_unit = 'working_day' then 'index'
        end as promised_scale,
        case
            when p.statutory_unit in ('hour', 'minute') then 'second'
            when p.statutory_unit in ('calendar_day', 'month') then 'day'
            when p.statutory_unit = 'working_day' and rounding.value = 1 then 'second'
            when p.statutory_unit = 'working_day' then 'index'
        end as statutory_scale
    from case_version v
    cross join run
    left join catalogue.power p on p.power_code = v.power_code and p.version = v.version
    left join clock_parameter start_day
        on start_day.name = 'count_start_day' and start_day.value = 1
        and start_day.department = v.department and start_day.power_code = coalesce(v.power_code, '')
        and v.judged_on between start_day.valid_from and start_day.valid_to
    left join clock_parameter rounding
        on rounding.name = 'round_up' and rounding.value = 1
        and rounding.department = v.department and rounding.power_code = coalesce(v.power_code, '')
        and v.judged_on between rounding.valid_from and rounding.valid_to
    where v.accepted_at is not null
        or (v.decided_at is not null and v.result is null)
        or ((v.decided_at is not null or v.closed_at is not null) and v.result in ('granted', 'denied'))
),
placed as (
    -- Where the clock starts and ends on each scale; seconds only where a limit needs them.
    select
        r.*,
        r.accepted_on - r.count_start_day as base_on,
        first.work_index - case when first.is_workday then r.count_start_day else 0 end as base_index,
        last.work_index as ended_index,
        first.day_seconds,
        first.provisional_from,
        case
            when r.accepted_on is null then 'acceptance_missing'
            when r.reason is not null then r.reason
            when r.ended_on < r.accepted_on and r.is_open then 'accepted_after_as_of'
            when r.ended_on < r.accepted_on then 'decided_before_accepted'
            when first.date is null or last.date is null then 'outside_calendar'
        end as clock_reason,
        case when 'second' in (r.promised_scale, r.statutory_scale) then cast(
            first.second_index
            - greatest(first.morning_to - greatest(t.accepted_second, first.morning_from), 0)
            - greatest(first.afternoon_to - greatest(t.accepted_second, first.afternoon_from), 0) as bigint)
        end as accepted_second,
        case when 'second' in (r.promised_scale, r.statutory_scale) then cast(
            last.second_index
            - greatest(last.morning_to - greatest(t.ended_second, last.morning_from), 0)
            - greatest(last.afternoon_to - greatest(t.ended_second, last.afternoon_from), 0) as bigint)
        end as ended_second,
        first.second_index as start_day_second
    from ruled r
    cross join lateral (
        select
            floor(extract(hour from r.accepted_at) * 3600
                + extract(minute from r.accepted_at) * 60
                + extract(second from r.accepted_at)) as accepted_second,
            floor(extract(hour from r.ended_at) * 3600
                + extract(minute from r.ended_at) * 60
                + extract(second from r.ended_at)) as ended_second
    ) t
    left join office_day first on first.date = r.accepted_on
    left join office_day last on last.date = r.ended_on
),
based as (
    -- Without its start day, a clock in parts of working days begins when the offices close on that day.
    select
        p.*,
        case
            when promised_scale = 'index' then base_index
            when promised_scale = 'day' then 0
            when promised_unit = 'working_day' and count_start_day = 0 then start_day_second
            else accepted_second
        end as promised_base,
        case
            when statutory_scale = 'index' then base_index
            when statutory_scale = 'day' then 0
            when statutory_unit = 'working_day' and count_start_day = 0 then start_day_second
            else accepted_second
        end as statutory_base
    from placed p
)
select
    b.case_id,
    b.department,
    b.source_case_no,
    b.power_code,
    b.version,
    b.judged_on,
    b.accepted_at,
    b.ended_at,
    b.accepted_on,
    b.ended_on,
    b.is_open,
    b.count_start_day,
    b.round_up,
    b.base_on,
    b.base_index,
    b.ended_index,
    b.accepted_second,
    b.ended_second,
    b.day_seconds,
    b.provisional_from,
    b.clock_reason as reason,
    b.promised_value,
    b.promised_unit,
    b.promised_scale,
    b.promised_base,
    case b.promised_scale
        when 'index' then b.ended_index - b.promised_base
        when 'day' then b.ended_on - b.base_on
        when 'second' then greatest(b.ended_second - b.promised_base, 0)
    end as promised_used,
    case
        when b.promised_scale = 'index' or b.promised_unit = 'calendar_day' then b.promised_value
        when b.promised_unit = 'month' then m.promised_last - b.base_on
        when b.promised_unit = 'hour' then b.promised_value * 3600
        when b.promised_unit = 'minute' then b.promised_value * 60
        when b.promised_scale = 'second' then b.promised_value * b.day_seconds
    end as promised_limit,
    b.statutory_value,
    b.statutory_unit,
    b.statutory_scale,
    b.statutory_base,
    case b.statutory_scale
        when 'index' then b.ended_index - b.statutory_base
        when 'day' then b.ended_on - b.base_on
        when 'second' then greatest(b.ended_second - b.statutory_base, 0)
    end as statutory_used,
    case
        when b.statutory_scale = 'index' or b.statutory_unit = 'calendar_day' then b.statutory_value
        when b.statutory_unit = 'month' then m.statutory_last - b.base_on
        when b.statutory_unit = 'hour' then b.statutory_value * 3600
        when b.statutory_unit = 'minute' then b.statutory_value * 60
        when b.statutory_scale = 'second' then b.statutory_value * b.day_seconds
    end as statutory_limit
from based b
cross join lateral (
    -- The last day of a limit in months: the day of the same number, or the day before it where the start day counts;
    -- a month without that number ends it on its own last day.
    select
        case when b.promised_unit = 'month' then cast(b.accepted_on + b.promised_value * interval '1 month' as date)
        end as promised_day,
        case when b.statutory_unit = 'month' then cast(b.accepted_on + b.statutory_value * interval '1 month' as date)
        end as statutory_day
) d
cross join lateral (
    select
        d.promised_day - case
            when extract(day from d.promised_day) = extract(day from b.accepted_on) then b.count_start_day else 0
        end as promised_last,
        d.statutory_day - case
            when extract(day from d.statutory_day) = extract(day from b.accepted_on) then b.count_start_day else 0
        end as statutory_last
) m
