-- Work later than closing; making and delivering the document come after it.
select distinct e.case_id
from core.event e
join core."case" c on c.case_id = e.case_id and c.deleted_at is null and greatest(e.started_at, e.ended_at) > c.closed_at
join catalogue.power p
    on p.power_code = c.power_code
    and coalesce(c.accepted_at, c.applied_at)::date between p.effective_from and coalesce(p.effective_to, 'infinity')
join catalogue.step k on k.power_code = p.power_code and k.version = p.version and k.step_code = e.step_code
where e.deleted_at is null and k.kind not in ('issue', 'delivery')
    and (c.closed_at::time <> time '00:00' or greatest(e.started_at, e.ended_at)::date > c.closed_at::date)
