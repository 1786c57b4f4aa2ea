-- Money taken without a receipt number. Where a department reports no receipt at all, its system may not have the
-- field: that cannot be judged.
select
    'fee:' || f.case_id || '/' || f.fee_no as subject,
    f.case_id,
    f.department,
    v.power_code,
    case
        when f.amount > 0 and coalesce(trim(f.receipt_no), '') = '' then
            case when r.receipts is true then 'violation' else 'not_evaluable' end
        else 'compliant'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', v.source_case_no,
        'fee_code', f.fee_code,
        'amount', f.amount,
        'paid_on', f.paid_at::date
    )) as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    case
        when f.amount > 0 and coalesce(trim(f.receipt_no), '') = '' and r.receipts is not true
            then 'receipts_not_reported'
    end as reason
from case_version v
join core.fee f on f.case_id = v.case_id and f.deleted_at is null
left join reporting r on r.department = f.department
