-- A step handled by a post that the flow does not give it to, or by another body.
select distinct e.case_id
from core.event e
join core."case" c on c.case_id = e.case_id and c.deleted_at is null
join catalogue.power p
    on p.power_code = c.power_code
    and coalesce(c.accepted_at, c.applied_at)::date between p.effective_from and coalesce(p.effective_to, 'infinity')
join catalogue.step k on k.power_code = p.power_code and k.version = p.version and k.step_code = e.step_code
left join catalogue.body b on e.unit in (b.body_code, b.name)
where e.deleted_at is null
    and ((trim(e.post) <> trim(k.post) and trim(e.post) <> '' and trim(k.post) <> '') or b.body_code <> p.body_code)
