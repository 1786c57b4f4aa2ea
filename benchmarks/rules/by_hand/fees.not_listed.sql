-- Under an item that the catalogue does not list.
select f.case_id, f.fee_no
from core.fee f
join core."case" c on c.case_id = f.case_id and c.deleted_at is null
join catalogue.power p
    on p.power_code = c.power_code and p.charges
    and coalesce(c.accepted_at, c.applied_at)::date between p.effective_from and coalesce(p.effective_to, 'infinity')
left join catalogue.fee s on s.power_code = p.power_code and s.version = p.version and s.fee_code = f.fee_code
where f.deleted_at is null and f.amount > 0 and trim(f.fee_code) <> '' and s.fee_code is null
