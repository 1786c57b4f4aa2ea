-- Granted cases without a document number. `document_demanded` switches the demand off for types of powers that end
-- without a document; what is done at once needs none unless `instant_demanded` says so.
select
    'case:' || v.case_id as subject,
    v.case_id,
    v.department,
    v.power_code,
    case
        when v.result is null then 'not_evaluable'
        when not v.has_document then 'violation'
        else 'compliant'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', v.source_case_no,
        'power_version', v.version,
        'decided_on', v.decided_on,
        'closed_on', v.closed_on
    )) as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    case when v.result is null then 'result_missing' end as reason
from case_version v
left join parameter demanded
    on demanded.name = 'document_demanded' and demanded.department = v.department
    and demanded.power_code = coalesce(v.power_code, '')
    and v.judged_on between demanded.valid_from and demanded.valid_to
left join parameter instant
    on instant.name = 'instant_demanded' and instant.department = v.department
    and instant.power_code = coalesce(v.power_code, '')
    and v.judged_on between instant.valid_from and instant.valid_to
where (v.result = 'granted' or (v.result is null and (v.decided_at is not null or v.closed_at is not null)))
    and demanded.value = 1
    and (instant.value = 1 or coalesce(v.power_case_kind, v.case_kind) is distinct from 'instant')
