-- Closed cases in which work was started or ended after closing. Times are compared as instants, but as local dates
-- when the closing carries no time of day (exactly 00:00:00). Making and delivering the document come after closing.
with late as (
    select
        p.case_id,
        bool_or(k.kind is not null) as is_known,
        jsonb_agg(
            jsonb_build_object('step', e.step_code, 'at', to_char(s.latest, 'YYYY-MM-DD HH24:MI:SS'))
            order by s.latest, e.event_no
        ) filter (where k.kind is not null) as steps
    from path p
    join core.event e on e.case_id = p.case_id and e.deleted_at is null
    left join catalogue.step k
        on k.power_code = p.power_code and k.version = p.version and k.step_code = e.step_code
    cross join lateral (
        select
            greatest(e.started_at, e.ended_at) at time zone 'Asia/Shanghai' as latest,
            p.closed_at at time zone 'Asia/Shanghai' as closed
    ) s
    where p.may_be_late and s.latest > s.closed
        and (s.closed <> date_trunc('day', s.closed) or s.latest::date > s.closed::date)
        and (k.kind is null or k.kind not in ('issue', 'delivery'))
    group by p.case_id
)
select
    'case:' || p.case_id as subject,
    p.case_id,
    p.department,
    p.power_code,
    case
        when j.why_not is not null then 'not_evaluable'
        when y.steps is not null then 'violation'
        else 'compliant'
    end as outcome,
    case when y.steps is not null then jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', p.source_case_no,
        'power_version', p.version,
        'closed_at', to_char(p.closed_at, 'YYYY-MM-DD HH24:MI:SS'),
        'late_steps', y.steps
    )) end as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    j.why_not as reason
from path p
left join late y on y.case_id = p.case_id
cross join lateral (
    select case
        when p.reason is not null then p.reason
        when p.events is null then 'events_missing'
        when y.is_known = false then 'step_not_in_flow'
    end as why_not
) j
where p.closed_at is not null
