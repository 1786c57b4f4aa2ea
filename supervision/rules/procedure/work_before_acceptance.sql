-- Cases in which a step of work or decision started before acceptance. Times are compared as instants, but as local
-- dates when either of them carries no time of day (exactly 00:00:00).
with step as (
    select
        v.case_id,
        e.event_no,
        e.step_code,
        s.started,
        k.kind,
        case
            when '00:00' in (s.started::time, s.accepted::time) then s.started::date < s.accepted::date
            else s.started < s.accepted
        end as is_early
    from case_version v
    join core."case" c on c.case_id = v.case_id
    join core.event e on e.case_id = v.case_id and e.deleted_at is null
    cross join lateral (
        select
            e.started_at at time zone 'Asia/Shanghai' as started,
            c.accepted_at at time zone 'Asia/Shanghai' as accepted
    ) s
    left join catalogue.step k
        on k.power_code = v.power_code and k.version = v.version and k.step_code = e.step_code
),
judged as (
    select
        case_id,
        bool_or(is_early is null) as has_no_acceptance,
        bool_or(is_early and kind is null) as has_unknown_early,
        jsonb_agg(
            jsonb_build_object('step', step_code, 'started_at', to_char(started, 'YYYY-MM-DD HH24:MI:SS'))
            order by started, event_no
        ) filter (where is_early and kind is not null) as early_steps
    from step
    where kind in ('work', 'decision') or kind is null
    group by case_id
)
select
    'case:' || v.case_id as subject,
    v.case_id,
    v.department,
    v.power_code,
    case
        when w.why_not is not null then 'not_evaluable'
        when j.early_steps is not null then 'violation'
        else 'compliant'
    end as outcome,
    jsonb_build_object(
        'source_case_no', v.source_case_no,
        'power_version', v.version,
        'accepted_at', to_char(c.accepted_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS'),
        'early_steps', j.early_steps
    ) as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    w.why_not as reason
from judged j
join case_version v on v.case_id = j.case_id
join core."case" c on c.case_id = j.case_id
cross join lateral (
    select case
        when v.reason is not null then v.reason
        when j.has_no_acceptance then 'acceptance_missing'
        when j.early_steps is null and j.has_unknown_early then 'step_not_in_flow'
    end as why_not
) w
