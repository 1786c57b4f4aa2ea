-- Cases in which a step of work or decision started before acceptance. Times are compared as instants, but as local
-- dates when either of them carries no time of day (exactly 00:00:00).
with flow as (
    select
        power_code,
        version,
        array_agg(step_code) as steps,
        array_agg(step_code) filter (where kind in ('work', 'decision')) as working_steps
    from catalogue.step
    group by power_code, version
),
early as (
    select
        v.case_id,
        bool_or(k.kind is null) as has_unknown_step,
        jsonb_agg(
            jsonb_build_object('step', e.step_code, 'started_at', to_char(s.started, 'YYYY-MM-DD HH24:MI:SS'))
            order by s.started, e.event_no
        ) filter (where k.kind is not null) as steps
    from case_version v
    join core."case" c on c.case_id = v.case_id
    join core.event e on e.case_id = v.case_id and e.deleted_at is null and e.started_at < c.accepted_at
    cross join lateral (
        select
            e.started_at at time zone 'Asia/Shanghai' as started,
            c.accepted_at at time zone 'Asia/Shanghai' as accepted
    ) s
    left join catalogue.step k
        on k.power_code = v.power_code and k.version = v.version and k.step_code = e.step_code
    where (k.kind in ('work', 'decision') or k.kind is null)
        and (
            (s.started <> date_trunc('day', s.started) and s.accepted <> date_trunc('day', s.accepted))
            or s.started::date < s.accepted::date
        )
    group by v.case_id
)
select
    'case:' || v.case_id as subject,
    v.case_id,
    v.department,
    v.power_code,
    case
        when w.why_not is not null then 'not_evaluable'
        when y.steps is not null then 'violation'
        else 'compliant'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', v.source_case_no,
        'power_version', v.version,
        'accepted_at', to_char(c.accepted_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS'),
        'early_steps', y.steps
    )) as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    w.why_not as reason
from path t
join case_version v on v.case_id = t.case_id
join core."case" c on c.case_id = t.case_id
left join flow f on f.power_code = v.power_code and f.version = v.version
left join early y on y.case_id = t.case_id
cross join lateral (
    select case
        when v.reason is not null then v.reason
        when c.accepted_at is null then 'acceptance_missing'
        when y.steps is null and y.has_unknown_step then 'step_not_in_flow'
    end as why_not
) w
where v.reason is not null
    or t.steps && f.working_steps
    or (t.steps <@ f.steps) is not true
