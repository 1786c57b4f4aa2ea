-- Cases with a step that took longer than its limit; minutes of office time are read off the calendar's running sum.
with minutes as (
    select
        date, work_index, minute_index - coalesce(morning_to - morning_from, 0) - coalesce(afternoon_to - afternoon_from, 0)
            as opens, morning_from, morning_to, afternoon_from, afternoon_to
    from reference.calendar_day
),
stopped as (
    select
        s.case_id, sum(b.work_index - a.work_index) as working, sum(b.date - a.date) as calendar,
        min(s.started_at) as started_at, max(coalesce(s.ended_at, timestamptz '2013-12-31 18:00+08')) as ended_at
    from core.clock_stop s
    join reference.calendar_day a on a.date = s.started_at::date
    join reference.calendar_day b on b.date = coalesce(s.ended_at, timestamptz '2013-12-31 18:00+08')::date
    where s.deleted_at is null
    group by s.case_id
)
select distinct e.case_id
from core.event e
join core."case" c on c.case_id = e.case_id and c.deleted_at is null
join catalogue.power p
    on p.power_code = c.power_code
    and coalesce(c.accepted_at, c.applied_at)::date between p.effective_from and coalesce(p.effective_to, 'infinity')
join catalogue.step k on k.power_code = p.power_code and k.version = p.version and k.step_code = e.step_code
join minutes a on a.date = e.started_at::date
join minutes b on b.date = e.ended_at::date
left join stopped s on s.case_id = e.case_id
left join minutes sa on sa.date = s.started_at::date
left join minutes sb on sb.date = s.ended_at::date
where e.deleted_at is null
    and case k.limit_unit
        when 'working_day' then b.work_index - a.work_index
            - case when s.case_id is null then 0
                else greatest(least(sb.work_index, b.work_index) - greatest(sa.work_index, a.work_index), 0) end
        when 'calendar_day' then b.date - a.date
            - case when s.case_id is null then 0
                else greatest(least(sb.date, b.date) - greatest(sa.date, a.date), 0) end
        else (
            b.opens - a.opens
            + least(greatest(extract(epoch from e.ended_at::time) / 60 - b.morning_from, 0), b.morning_to - b.morning_from)
            + least(greatest(extract(epoch from e.ended_at::time) / 60 - b.afternoon_from, 0), b.afternoon_to - b.afternoon_from)
            - least(greatest(extract(epoch from e.started_at::time) / 60 - a.morning_from, 0), a.morning_to - a.morning_from)
            - least(greatest(extract(epoch from e.started_at::time) / 60 - a.afternoon_from, 0), a.afternoon_to - a.afternoon_from)
        ) / case k.limit_unit when 'hour' then 60 else 1 end
    end > k.limit_value
