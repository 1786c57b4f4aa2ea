-- Cases whose applicant's identity number or organisation code fails its check digit, as the mapping found it.
select
    'case:' || v.case_id as subject,
    v.case_id,
    v.department,
    v.power_code,
    case v.identity_state
        when 'invalid' then 'violation'
        when 'valid' then 'compliant'
        else 'not_evaluable'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', v.source_case_no,
        'power_version', v.version,
        'on_date', v.on_date
    )) as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    case when v.identity_state in ('invalid', 'valid') then null else 'identity_unchecked' end as reason
from case_version v
