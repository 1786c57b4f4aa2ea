-- Applicants told later than five working days after they applied.
select c.case_id
from core."case" c
join (select case_id, min(notified_at)::date as told from core.supplement where deleted_at is null group by case_id) s
    on s.case_id = c.case_id
join reference.calendar_day a on a.date = c.applied_at::date
join reference.calendar_day b on b.date = s.told
where c.deleted_at is null and b.work_index - a.work_index > 5
