-- Stops without approver or reason.
select s.case_id, s.stop_no
from core.clock_stop s
join core."case" c on c.case_id = s.case_id and c.deleted_at is null
where s.deleted_at is null and (coalesce(trim(s.approver), '') = '' or coalesce(trim(s.reason), '') = '')
