-- Told more than once what is missing.
select s.case_id
from core.supplement s
join core."case" c on c.case_id = s.case_id and c.deleted_at is null
where s.deleted_at is null
group by s.case_id
having count(distinct s.notified_at) > 1
