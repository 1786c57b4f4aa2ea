-- Work or a decision earlier than acceptance.
select distinct e.case_id
from core.event e
join core."case" c on c.case_id = e.case_id and c.deleted_at is null and e.started_at < c.accepted_at
join catalogue.power p
    on p.power_code = c.power_code
    and c.accepted_at::date between p.effective_from and coalesce(p.effective_to, 'infinity')
join catalogue.step k on k.power_code = p.power_code and k.version = p.version and k.step_code = e.step_code
where e.deleted_at is null and k.kind in ('work', 'decision')
    and (e.started_at::time <> time '00:00' or e.started_at::date < c.accepted_at::date)
