-- The clock of every case against its limits: what was used, when it would have run out, or why that cannot be said.
-- `_elapsed` is in the limit's unit: whole days and months; hours and minutes with four decimals, so that a second too
-- many shows. `_due_on` is the last day in time. `stops` holds the stops as reported, and is null where there are none.
with spent as (
    -- What the spans take out of each limit, in order.
    select
        l.case_id,
        l.which,
        l.span_from,
        l.most,
        greatest(l.span_to - l.span_from, 0) as taken
    from (
        select
            s.case_id,
            'promised' as which,
            s.promised_limit as most,
            case s.promised_scale
                when 'index' then s.index_from - s.promised_base
                when 'day' then s.day_from - s.base_on
                when 'second' then greatest(s.second_from - s.promised_base, 0)
            end as span_from,
            case s.promised_scale
                when 'index' then s.index_to - s.promised_base
                when 'day' then s.day_to - s.base_on
                when 'second' then s.second_to - s.promised_base
            end as span_to
        from clock_stopped s
        union all
        select
            s.case_id,
            'statutory' as which,
            s.statutory_limit as most,
            case s.statutory_scale
                when 'index' then s.index_from - s.statutory_base
                when 'day' then s.day_from - s.base_on
                when 'second' then greatest(s.second_from - s.statutory_base, 0)
            end as span_from,
            case s.statutory_scale
                when 'index' then s.index_to - s.statutory_base
                when 'day' then s.day_to - s.base_on
                when 'second' then s.second_to - s.statutory_base
            end as span_to
        from clock_stopped s
    ) l
),
running as (
    select
        case_id,
        which,
        span_from,
        most,
        taken,
        sum(taken) over (
            partition by case_id, which order by span_from, taken rows between unbounded preceding and current row
        ) - taken as taken_earlier
    from spent
),
stopped as (
    -- Only what was stopped before the limit ran out moves the due date.
    select
        case_id,
        cast(sum(taken) filter (where which = 'promised') as bigint) as promised,
        cast(sum(taken) filter (where which = 'promised' and span_from - taken_earlier < most) as bigint) as promised_moves,
        cast(sum(taken) filter (where which = 'statutory') as bigint) as statutory,
        cast(sum(taken) filter (where which = 'statutory' and span_from - taken_earlier < most) as bigint) as statutory_moves
    from running
    group by case_id
),
stopped_days as (
    select
        case_id,
        cast(sum(greatest(day_to - day_from, 0)) as int) as days,
        cast(sum(greatest(index_to - index_from, 0)) as int) as working_days
    from clock_stopped
    group by case_id
),
told as (
    -- The stops as reported, with times where a limit counts them: nothing in it changes while a stop is open.
    select
        s.case_id,
        jsonb_agg(
            jsonb_build_object(
                'kind', s.kind,
                'from', case
                    when w.accepted_second is null then to_char(s.started_at, 'YYYY-MM-DD')
                    else to_char(s.started_at, 'YYYY-MM-DD HH24:MI:SS')
                end,
                'to', case
                    when w.accepted_second is null then to_char(s.ended_at, 'YYYY-MM-DD')
                    else to_char(s.ended_at, 'YYYY-MM-DD HH24:MI:SS')
                end
            ) order by s.stop_no
        ) as stops
    from core.clock_stop s
    join clock_window w on w.case_id = s.case_id
    where s.deleted_at is null
    group by s.case_id
),
held as (
    -- All that stops say of a case, in one row.
    select t.case_id, t.stops, d.days, d.working_days, s.promised, s.promised_moves, s.statutory, s.statutory_moves
    from told t
    left join stopped s on s.case_id = t.case_id
    left join stopped_days d on d.case_id = t.case_id
),
working_day as (
    select work_index, date from reference.calendar_day where is_workday
),
office_day as (
    -- Days by the 24 hours of office time in which they end, and by those before: the day that began before a moment and
    -- ends at or after it is found by equality.
    select d.date, d.second_from, d.second_to, floor(d.second_to / 86400.0) - k.earlier as bucket
    from (
        select date, minute_index * 60 as second_to, lag(minute_index, 1, 0) over (order by date) * 60 as second_from
        from reference.calendar_day
    ) d
    cross join (select 0 as earlier union all select 1 as earlier) k
    where d.second_to > d.second_from
),
office_due as (
    -- Where limits counted in office hours run out.
    select m.case_id, m.which, o.date
    from (
        select w.case_id, 'promised' as which, w.promised_base + w.promised_limit + coalesce(s.promised_moves, 0) as ends
        from clock_window w
        left join stopped s on s.case_id = w.case_id
        where w.promised_scale = 'second'
        union all
        select w.case_id, 'statutory' as which, w.statutory_base + w.statutory_limit + coalesce(s.statutory_moves, 0) as ends
        from clock_window w
        left join stopped s on s.case_id = w.case_id
        where w.statutory_scale = 'second'
    ) m
    join office_day o on o.bucket = floor(m.ends / 86400.0) and m.ends > o.second_from and m.ends <= o.second_to
),
counted as (
    select
        w.*,
        h.stops,
        coalesce(h.days, 0) as stopped_days,
        coalesce(h.working_days, 0) as stopped_working_days,
        w.promised_used - coalesce(h.promised, 0) as promised_spent,
        w.statutory_used - coalesce(h.statutory, 0) as statutory_spent,
        w.promised_base + w.promised_limit + coalesce(h.promised_moves, 0) as promised_ends,
        w.statutory_base + w.statutory_limit + coalesce(h.statutory_moves, 0) as statutory_ends,
        case
            when w.reason is not null then w.reason
            when w.promised_value is null then 'limit_missing'
            when w.promised_scale is null then 'unit_unsupported'
            when w.promised_unit not in ('hour', 'minute') or w.ended_at >= w.accepted_at then null
            when w.is_open then 'accepted_after_as_of'
            else 'decided_before_accepted'
        end as promised_reason,
        case
            when w.reason is not null then w.reason
            when w.statutory_value is null then 'limit_missing'
            when w.statutory_scale is null then 'unit_unsupported'
            when w.statutory_unit not in ('hour', 'minute') or w.ended_at >= w.accepted_at then null
            when w.is_open then 'accepted_after_as_of'
            else 'decided_before_accepted'
        end as statutory_reason
    from clock_window w
    left join held h on h.case_id = w.case_id
),
due as (
    select
        c.*,
        case when c.promised_scale = 'day' then c.base_on + cast(c.promised_ends as int)
            else coalesce(promised_day.date, promised_office.date) end as promised_due_on,
        case when c.statutory_scale = 'day' then c.base_on + cast(c.statutory_ends as int)
            else coalesce(statutory_day.date, statutory_office.date) end as statutory_due_on
    from counted c
    left join working_day promised_day
        on promised_day.work_index = case when c.promised_scale = 'index' then c.promised_ends end
    left join working_day statutory_day
        on statutory_day.work_index = case when c.statutory_scale = 'index' then c.statutory_ends end
    left join office_due promised_office on promised_office.case_id = c.case_id and promised_office.which = 'promised'
    left join office_due statutory_office on statutory_office.case_id = c.case_id and statutory_office.which = 'statutory'
)
select
    d.case_id,
    d.department,
    d.source_case_no,
    d.power_code,
    d.version as power_version,
    d.judged_on,
    d.accepted_at,
    d.ended_at,
    d.accepted_on,
    d.ended_on,
    d.is_open,
    d.count_start_day,
    d.round_up,
    d.stopped_days,
    d.stopped_working_days,
    d.stops,
    d.provisional_from <= greatest(d.ended_on, d.promised_due_on, d.statutory_due_on) as is_provisional,
    d.promised_value,
    d.promised_unit,
    case when d.promised_reason is null then
        case d.promised_unit
            when 'month' then m.promised_months + case when m.promised_last < m.promised_to then 1 else 0 end
            when 'hour' then round(d.promised_spent / 3600.0, 4)
            when 'minute' then round(d.promised_spent / 60.0, 4)
            else case when d.promised_scale = 'second' then ceil(d.promised_spent * 1.0 / d.day_seconds)
                else d.promised_spent end
        end
    end as promised_elapsed,
    d.promised_due_on,
    d.provisional_from <= greatest(d.ended_on, d.promised_due_on) as promised_is_provisional,
    d.promised_reason,
    d.statutory_value,
    d.statutory_unit,
    case when d.statutory_reason is null then
        case d.statutory_unit
            when 'month' then m.statutory_months + case when m.statutory_last < m.statutory_to then 1 else 0 end
            when 'hour' then round(d.statutory_spent / 3600.0, 4)
            when 'minute' then round(d.statutory_spent / 60.0, 4)
            else case when d.statutory_scale = 'second' then ceil(d.statutory_spent * 1.0 / d.day_seconds)
                else d.statutory_spent end
        end
    end as statutory_elapsed,
    d.statutory_due_on,
    d.provisional_from <= greatest(d.ended_on, d.statutory_due_on) as statutory_is_provisional,
    d.statutory_reason
from due d
-- Months begun: those between the two months, and one more when the limit of so many would have ended before.
cross join lateral (
    select
        case when d.promised_unit = 'month' then d.base_on + cast(d.promised_spent as int) end as promised_to,
        case when d.statutory_unit = 'month' then d.base_on + cast(d.statutory_spent as int) end as statutory_to
) e
cross join lateral (
    select
        cast(12 * (extract(year from e.promised_to) - extract(year from d.accepted_on))
            + extract(month from e.promised_to) - extract(month from d.accepted_on) as int) as promised,
        cast(12 * (extract(year from e.statutory_to) - extract(year from d.accepted_on))
            + extract(month from e.statutory_to) - extract(month from d.accepted_on) as int) as statutory
) n
cross join lateral (
    select
        cast(d.accepted_on + n.promised * interval '1 month' as date) as promised,
        cast(d.accepted_on + n.statutory * interval '1 month' as date) as statutory
) l
cross join lateral (
    select
        e.promised_to,
        e.statutory_to,
        n.promised as promised_months,
        n.statutory as statutory_months,
        l.promised - case
            when extract(day from l.promised) = extract(day from d.accepted_on) then d.count_start_day else 0
        end as promised_last,
        l.statutory - case
            when extract(day from l.statutory) = extract(day from d.accepted_on) then d.count_start_day else 0
        end as statutory_last
) m
