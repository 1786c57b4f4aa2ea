-- Fines outside the band.
select n.case_id, n.penalty_no
from core.penalty n
join core."case" c on c.case_id = n.case_id and c.deleted_at is null
join catalogue.power p
    on p.power_code = c.power_code
    and coalesce(c.accepted_at, c.applied_at)::date between p.effective_from and coalesce(p.effective_to, 'infinity')
join catalogue.discretion d
    on d.power_code = p.power_code and d.version = p.version and d.circumstance_code = n.circumstance_code
where n.deleted_at is null and (n.amount < d.min_amount or n.amount > d.max_amount)
