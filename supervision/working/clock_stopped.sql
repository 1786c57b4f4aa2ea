-- United spans of stopped days (both ends inclusive), and what was stopped before each of them.
with span as (
    select w.case_id, unnest(range_agg(daterange(t.first_on, t.last_on, '[]'))) as days
    from clock_window w
    join core.clock_stop s on s.case_id = w.case_id and s.deleted_at is null
    cross join lateral (
        select
            greatest((s.started_at at time zone 'Asia/Shanghai')::date, w.accepted_on) + 1 as first_on,
            least((s.ended_at at time zone 'Asia/Shanghai')::date, w.ended_on) as last_on
    ) t
    where w.reason is null and t.first_on <= t.last_on
    group by w.case_id
),
counted as (
    select
        span.case_id,
        lower(days) as first_on,
        upper(days) - lower(days) as days,
        before.work_index as index_before,
        last.work_index - before.work_index as working_days
    from span
    join reference.calendar_day before on before.date = lower(days) - 1
    join reference.calendar_day last on last.date = upper(days) - 1
)
select
    *,
    coalesce(sum(days) over earlier, 0)::int as days_earlier,
    coalesce(sum(working_days) over earlier, 0)::int as working_days_earlier
from counted
window earlier as (
    partition by case_id order by first_on rows between unbounded preceding and 1 preceding
)
