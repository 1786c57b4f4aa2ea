-- Cases refused, returned or denied whose reason is blank. A closed case without a result may be one of them.
select
    'case:' || v.case_id as subject,
    v.case_id,
    v.department,
    v.power_code,
    case
        when v.result is null then 'not_evaluable'
        when not v.has_reason then 'violation'
        else 'compliant'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', v.source_case_no,
        'result', v.result,
        'decided_on', v.decided_on,
        'closed_on', v.closed_on
    )) as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    case when v.result is null then 'result_missing' end as reason
from case_version v
where v.result in ('refused', 'returned', 'denied')
    or (v.result is null and v.closed_at is not null)
