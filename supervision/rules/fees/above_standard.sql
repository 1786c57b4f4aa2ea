-- Charges above the catalogue's highest standard for the item, times the quantity. Charges on free powers are a matter
-- of fees.on_free_power.
with judged as (
    select
        f.*,
        v.source_case_no,
        v.power_code,
        v.version,
        s.standard_max,
        s.unit as standard_unit,
        s.standard_max * coalesce(f.quantity, 1) as allowed,
        case
            when v.reason is not null then v.reason
            when f.fee_code is null then 'fee_code_missing'
            when s.fee_code is null then 'fee_unknown'
            when s.standard_max is null then 'standard_missing'
        end as why_not
    from case_version v
    join core.fee f on f.case_id = v.case_id and f.deleted_at is null
    left join catalogue.fee s
        on s.power_code = v.power_code and s.version = v.version and s.fee_code = f.fee_code
    where v.charges is distinct from false
)
select
    'fee:' || j.case_id || '/' || j.fee_no as subject,
    j.case_id,
    j.department,
    j.power_code,
    case
        when j.why_not is not null then 'not_evaluable'
        when j.amount > j.allowed then 'violation'
        else 'compliant'
    end as outcome,
    case when j.amount > j.allowed then jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', j.source_case_no,
        'power_version', j.version,
        'fee_code', j.fee_code,
        'amount', j.amount,
        'quantity', trim_scale(j.quantity),
        'standard_max', j.standard_max,
        'standard_unit', j.standard_unit,
        'excess', trim_scale(j.amount - j.allowed),
        'paid_on', j.paid_at::date,
        'receipt_no', j.receipt_no
    )) end as facts,
    j.allowed as limit_value,
    'yuan' as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    j.why_not as reason
from judged j
