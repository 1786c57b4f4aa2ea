-- For what is free.
select f.case_id, f.fee_no
from core.fee f
join core."case" c on c.case_id = f.case_id and c.deleted_at is null
join catalogue.power p
    on p.power_code = c.power_code and not p.charges
    and coalesce(c.accepted_at, c.applied_at)::date between p.effective_from and coalesce(p.effective_to, 'infinity')
where f.deleted_at is null and f.amount > 0
