-- A required material not received, of cases that report materials at all.
select c.case_id
from core."case" c
join catalogue.power p
    on p.power_code = c.power_code and c.accepted_at::date between p.effective_from and coalesce(p.effective_to, 'infinity')
join (
    select case_id, array_agg(material_code) filter (where received) as received
    from core.material where deleted_at is null group by case_id
) m on m.case_id = c.case_id
join (
    select power_code, version, array_agg(material_code) as required from catalogue.material where required group by 1, 2
) q on q.power_code = p.power_code and q.version = p.version
where c.deleted_at is null and not q.required <@ coalesce(m.received, '{}')
