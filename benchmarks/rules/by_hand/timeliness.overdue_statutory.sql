-- Cases that took longer than the law allows.
with stopped as (
    select s.case_id, sum(b.work_index - a.work_index) as working, sum(b.date - a.date) as calendar
    from core.clock_stop s
    join reference.calendar_day a on a.date = s.started_at::date
    join reference.calendar_day b on b.date = coalesce(s.ended_at, timestamptz '2013-12-31 18:00+08')::date
    where s.deleted_at is null
    group by s.case_id
)
select c.case_id
from core."case" c
join catalogue.power p
    on p.power_code = c.power_code
    and c.accepted_at::date between p.effective_from and coalesce(p.effective_to, 'infinity')
join reference.calendar_day a on a.date = c.accepted_at::date
join reference.calendar_day b
    on b.date = coalesce(c.decided_at, c.closed_at, timestamptz '2013-12-31 18:00+08')::date
left join stopped s on s.case_id = c.case_id
where c.deleted_at is null and b.date >= a.date
    and case p.statutory_unit
        when 'working_day' then b.work_index - a.work_index - coalesce(s.working, 0)
        else b.date - a.date - coalesce(s.calendar, 0)
    end > p.statutory_value
