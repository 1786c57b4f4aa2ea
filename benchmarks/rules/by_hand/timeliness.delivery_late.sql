-- Granted and not delivered within ten working days.
select c.case_id
from core."case" c
join reference.calendar_day a on a.date = c.decided_at::date
join reference.calendar_day b on b.date = coalesce(c.delivered_at, timestamptz '2013-12-31 18:00+08')::date
where c.deleted_at is null and c.result = 'granted' and b.date >= a.date and b.work_index - a.work_index > 10
