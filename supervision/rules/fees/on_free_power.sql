-- Money taken on a power that the catalogue says is free of charge.
select
    'fee:' || f.case_id || '/' || f.fee_no as subject,
    f.case_id,
    f.department,
    v.power_code,
    case
        when v.reason is not null then 'not_evaluable'
        when f.amount > 0 then 'violation'
        else 'compliant'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', v.source_case_no,
        'power_version', v.version,
        'fee_code', f.fee_code,
        'amount', f.amount,
        'paid_on', f.paid_at::date,
        'receipt_no', f.receipt_no
    )) as facts,
    0 as limit_value,
    'yuan' as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    v.reason as reason
from case_version v
join core.fee f on f.case_id = v.case_id and f.deleted_at is null
where v.charges is distinct from true
