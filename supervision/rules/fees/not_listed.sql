-- Charges under an item that the catalogue does not list for the power. Charges on free powers are another rule's.
select
    'fee:' || f.case_id || '/' || f.fee_no as subject,
    f.case_id,
    f.department,
    v.power_code,
    case
        when w.why_not is not null then 'not_evaluable'
        when f.amount > 0 and listed.fee_code is null then 'violation'
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
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    w.why_not as reason
from case_version v
join core.fee f on f.case_id = v.case_id and f.deleted_at is null
left join catalogue.fee listed
    on listed.power_code = v.power_code and listed.version = v.version and listed.fee_code = trim(f.fee_code)
cross join lateral (
    select case
        when v.reason is not null then v.reason
        when f.amount > 0 and coalesce(trim(f.fee_code), '') = '' then 'fee_code_missing'
    end as why_not
) w
where v.charges is distinct from false
