-- Cases that had landed and have vanished from the department's system since.
select
    'case:' || c.case_id as subject,
    c.case_id,
    c.department,
    c.power_code,
    case
        when c.deleted_at is null then 'compliant'
        when b.kind in ('replay', 'rebuild') then 'not_evaluable'
        else 'violation'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', c.source_case_no,
        'deleted_on', c.deleted_at::date,
        'accepted_on', c.accepted_at::date,
        'decided_on', c.decided_at::date,
        'result', c.result,
        'dataset', c.dataset,
        'noticed_by', b.kind,
        'batch_id', c.batch_id
    )) as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    case when c.deleted_at is not null and b.kind in ('replay', 'rebuild') then 'mapping_changed' end as reason
from scope
join core."case" c on c.case_id = scope.case_id
left join ops.batch b on b.batch_id = c.batch_id
