-- Cases in which a step follows one from which the flow does not lead to it.
with recursive reach as (
    select power_code, version, from_step, to_step from catalogue.transition
    union
    select r.power_code, r.version, r.from_step, t.to_step
    from reach r
    join catalogue.transition t using (power_code, version)
    where t.from_step = r.to_step
),
followed as (
    select
        e.case_id, e.step_code, lag(e.step_code) over (partition by e.case_id order by e.started_at, e.event_no) as before
    from core.event e
    where e.deleted_at is null
)
select f.case_id
from followed f
join core."case" c on c.case_id = f.case_id and c.deleted_at is null
join catalogue.power p
    on p.power_code = c.power_code
    and coalesce(c.accepted_at, c.applied_at)::date between p.effective_from and coalesce(p.effective_to, 'infinity')
left join catalogue.step k on k.power_code = p.power_code and k.version = p.version and k.step_code = f.step_code
left join reach r
    on r.power_code = p.power_code and r.version = p.version and r.from_step = f.before and r.to_step = f.step_code
group by f.case_id
having bool_and(k.step_code is not null) and bool_or(f.before <> f.step_code and r.to_step is null)
