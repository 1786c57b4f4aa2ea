-- Closed cases, granted or denied, without an event for a step that their flow makes mandatory.
select
    'case:' || v.case_id as subject,
    v.case_id,
    v.department,
    v.power_code,
    case
        when j.why_not is not null then 'not_evaluable'
        when x.missing_steps is not null then 'violation'
        else 'compliant'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', v.source_case_no,
        'power_version', v.version,
        'missing_steps', x.missing_steps,
        'path', x.taken,
        'allowed', x.allowed
    )) as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    j.why_not as reason
from path v
left join variant x on x.way = v.way
cross join lateral (
    select case
        when v.reason is not null then v.reason
        when v.events is null then 'events_missing'
        when not x.has_mandatory then 'flow_missing'
    end as why_not
) j
where v.closed_at is not null and v.result in ('granted', 'denied')
