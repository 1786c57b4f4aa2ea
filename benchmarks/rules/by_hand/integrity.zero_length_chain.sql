-- Everything in one second.
select c.case_id
from core."case" c
left join catalogue.power p
    on p.power_code = c.power_code
    and coalesce(c.accepted_at, c.applied_at)::date between p.effective_from and coalesce(p.effective_to, 'infinity')
left join (
    select case_id, min(started_at) as first_at, max(started_at) as last_at
    from core.event where deleted_at is null group by case_id
) e on e.case_id = c.case_id
where c.deleted_at is null and coalesce(p.case_kind, c.case_kind) <> 'instant'
    and date_trunc('second', c.accepted_at) = date_trunc('second', coalesce(c.decided_at, c.closed_at))
    and date_trunc('second', c.accepted_at) = date_trunc('second', coalesce(c.closed_at, c.decided_at))
    and date_trunc('second', c.accepted_at) = date_trunc('second', coalesce(e.first_at, c.accepted_at))
    and date_trunc('second', c.accepted_at) = date_trunc('second', coalesce(e.last_at, c.accepted_at))
    and c.accepted_at::time(0) <> time '00:00'
