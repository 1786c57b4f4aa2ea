-- Penalties whose amount lies outside the band that the catalogue gives to their circumstance.
select
    'penalty:' || n.case_id || '/' || n.penalty_no as subject,
    n.case_id,
    v.department,
    v.power_code,
    case
        when j.why_not is not null then 'not_evaluable'
        when n.amount < d.min_amount or n.amount > d.max_amount then 'violation'
        else 'compliant'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', v.source_case_no,
        'power_version', v.version,
        'circumstance_code', n.circumstance_code,
        'amount', n.amount,
        'min_amount', d.min_amount,
        'max_amount', d.max_amount,
        'decided_on', n.decided_at::date
    )) as facts,
    case when n.amount < d.min_amount then d.min_amount else d.max_amount end as limit_value,
    'yuan' as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    j.why_not as reason
from case_version v
join core.penalty n on n.case_id = v.case_id and n.deleted_at is null
left join catalogue.discretion d
    on d.power_code = v.power_code and d.version = v.version and d.circumstance_code = n.circumstance_code
cross join lateral (
    select case
        when v.reason is not null then v.reason
        when n.circumstance_code is null then 'circumstance_missing'
        when d.circumstance_code is null then 'circumstance_unknown'
        when n.amount is null then 'amount_missing'
        when d.min_amount is null and d.max_amount is null then 'band_missing'
    end as why_not
) j
