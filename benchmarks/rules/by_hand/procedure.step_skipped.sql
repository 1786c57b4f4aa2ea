-- Closed cases that lack a mandatory step.
select c.case_id
from core."case" c
join catalogue.power p
    on p.power_code = c.power_code
    and coalesce(c.accepted_at, c.applied_at)::date between p.effective_from and coalesce(p.effective_to, 'infinity')
join (select case_id, array_agg(step_code) as steps from core.event where deleted_at is null group by case_id) e
    on e.case_id = c.case_id
join (
    select power_code, version, array_agg(step_code) as steps from catalogue.step where mandatory group by 1, 2
) k on k.power_code = p.power_code and k.version = p.version
where c.deleted_at is null and c.closed_at is not null and c.result in ('granted', 'denied') and not k.steps <@ e.steps
