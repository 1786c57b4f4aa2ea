-- The clock stops of each case as united, disjoint spans, and where each begins and ends on the three scales of
-- `clock_window`, inside the clock's window: a span takes out what lies after `_from` up to and including `_to`. In days
-- these are the days after the one on which it begins up to the one on which it ends. Stops that overlap or touch are
-- one span; one that is open holds up to the clock's end; one that ends before it starts takes nothing out. Base and limit are the clock's.
with reported as (
    select s.case_id, s.started_at, coalesce(s.ended_at, w.ended_at) as ended_at
    from core.clock_stop s
    join clock_window w on w.case_id = s.case_id
    where s.deleted_at is null
        and w.reason is null
        and s.started_at <= coalesce(s.ended_at, w.ended_at)
        and s.started_at <= w.ended_at
        and coalesce(s.ended_at, w.ended_at)::date >= w.accepted_on
),
parted as (
    select
        case_id,
        started_at,
        ended_at,
        case
            when started_at > max(ended_at) over (
                partition by case_id order by started_at, ended_at rows between unbounded preceding and 1 preceding
            ) then 1
            else 0
        end as is_apart
    from reported
),
numbered as (
    select
        case_id,
        started_at,
        ended_at,
        sum(is_apart) over (
            partition by case_id order by started_at, ended_at rows between unbounded preceding and current row
        ) as span_no
    from parted
),
united as (
    select
        case_id,
        span_no,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        min(started_at)::date as started_on,
        max(ended_at)::date as ended_on
    from numbered
    group by case_id, span_no
)
select
    u.case_id,
    u.span_no,
    u.started_at,
    u.ended_at,
    greatest(u.started_on, w.base_on) as day_from,
    least(u.ended_on, w.ended_on) as day_to,
    greatest(first.work_index, w.base_index) as index_from,
    least(last.work_index, w.ended_index) as index_to,
    greatest(cast(
        first.minute_index * 60
        - greatest(first.morning_to * 60 - greatest(t.started_second, first.morning_from * 60), 0)
        - greatest(first.afternoon_to * 60 - greatest(t.started_second, first.afternoon_from * 60), 0)
        as bigint), w.accepted_second) as second_from,
    least(cast(
        last.minute_index * 60
        - greatest(last.morning_to * 60 - greatest(t.ended_second, last.morning_from * 60), 0)
        - greatest(last.afternoon_to * 60 - greatest(t.ended_second, last.afternoon_from * 60), 0)
        as bigint), w.ended_second) as second_to,
    w.base_on,
    w.promised_scale,
    w.promised_base,
    w.promised_limit,
    w.statutory_scale,
    w.statutory_base,
    w.statutory_limit
from united u
join clock_window w on w.case_id = u.case_id
cross join lateral (
    select
        floor(extract(hour from u.started_at) * 3600
            + extract(minute from u.started_at) * 60
            + extract(second from u.started_at)) as started_second,
        floor(extract(hour from u.ended_at) * 3600
            + extract(minute from u.ended_at) * 60
            + extract(second from u.ended_at)) as ended_second
) t
left join reference.calendar_day first on first.date = u.started_on
left join reference.calendar_day last on last.date = u.ended_on
