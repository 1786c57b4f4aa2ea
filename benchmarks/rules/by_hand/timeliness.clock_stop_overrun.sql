-- Stops longer than their limit, or open for more than thirty working days without one.
select s.case_id, s.stop_no
from core.clock_stop s
join core."case" c on c.case_id = s.case_id and c.deleted_at is null
join reference.calendar_day a on a.date = s.started_at::date
join reference.calendar_day b
    on b.date = coalesce(s.ended_at, c.decided_at, c.closed_at, timestamptz '2013-12-31 18:00+08')::date
where s.deleted_at is null and b.date >= a.date
    and case coalesce(s.limit_unit, 'working_day')
        when 'working_day' then b.work_index - a.work_index else b.date - a.date
    end > coalesce(s.limit_value, case when s.ended_at is null then 30 end)
