-- Powers that the catalogue does not list, not then, or not for this department.
select c.case_id
from core."case" c
left join catalogue.power p
    on p.power_code = c.power_code
    and coalesce(c.accepted_at, c.applied_at)::date between p.effective_from and coalesce(p.effective_to, 'infinity')
left join reference.department d on d.department = c.department
where c.deleted_at is null and c.power_code is not null and coalesce(c.accepted_at, c.applied_at) is not null
    and (p.power_code is null or p.body_code <> d.body_code)
