-- Cases refused, returned or denied whose reason is blank. A closed case without a result may be one of them.
select
    'case:' || c.case_id as subject,
    c.case_id,
    c.department,
    c.power_code,
    case
        when c.result is null then 'not_evaluable'
        when coalesce(c.result_reason, '') ~ '^[[:space:]　]*$' then 'violation'
        else 'compliant'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', c.source_case_no,
        'result', c.result,
        'decided_on', (c.decided_at at time zone 'Asia/Shanghai')::date,
        'closed_on', (c.closed_at at time zone 'Asia/Shanghai')::date
    )) as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    case when c.result is null then 'result_missing' end as reason
from scope
join core."case" c on c.case_id = scope.case_id and c.deleted_at is null
where c.result in ('refused', 'returned', 'denied')
    or (c.result is null and c.closed_at is not null)
