-- Five cases or more closed by one person in one minute.
select c.department, c.approver, date_trunc('minute', c.closed_at)
from core."case" c
left join catalogue.power p
    on p.power_code = c.power_code
    and coalesce(c.accepted_at, c.applied_at)::date between p.effective_from and coalesce(p.effective_to, 'infinity')
where c.deleted_at is null and trim(c.approver) <> '' and coalesce(p.case_kind, c.case_kind) is distinct from 'instant'
    and date_trunc('minute', c.closed_at)::time <> time '00:00'
group by 1, 2, 3
having count(*) >= 5
