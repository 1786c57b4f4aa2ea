-- Cases in which a step of work or decision started before acceptance. Times are compared as instants, but as local
-- dates when the step carries no time of day (exactly 00:00:00); before an acceptance without one, both are the same.
with early as (
    select
        p.case_id,
        jsonb_agg(
            jsonb_build_object('step', e.step_code, 'started_at', to_char(s.started, 'YYYY-MM-DD HH24:MI:SS'))
            order by s.started, e.event_no
        ) filter (where k.kind is not null) as steps
    from path p
    join core.event e on e.case_id = p.case_id and e.deleted_at is null and e.started_at < p.accepted_at
    cross join lateral (
        select
            e.started_at at time zone 'Asia/Shanghai' as started,
            p.accepted_at at time zone 'Asia/Shanghai' as accepted
    ) s
    left join catalogue.step k
        on k.power_code = p.power_code and k.version = p.version and k.step_code = e.step_code
    where p.may_be_early
        and (k.kind in ('work', 'decision') or k.kind is null)
        and (s.started <> date_trunc('day', s.started) or s.started::date < s.accepted::date)
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
        'accepted_at', to_char(p.accepted_at, 'YYYY-MM-DD HH24:MI:SS'),
        'early_steps', y.steps
    )) end as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    j.why_not as reason
from path p
left join variant x on x.way = p.way
left join early y on y.case_id = p.case_id
cross join lateral (
    select case
        when p.reason is not null then p.reason
        when p.accepted_at is null then 'acceptance_missing'
        when y.case_id is not null and y.steps is null then 'step_not_in_flow'
    end as why_not
) j
where p.events is not null and (p.reason is not null or x.has_work or x.has_unknown_step)
