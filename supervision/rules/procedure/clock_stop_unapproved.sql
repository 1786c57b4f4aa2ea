-- Clock stops without an approver or without a reason.
select
    'clock_stop:' || s.case_id || '/' || s.stop_no as subject,
    s.case_id,
    v.department,
    v.power_code,
    case
        when r.stop_approvals is not true then 'not_evaluable'
        when coalesce(trim(s.approver), '') = '' or coalesce(trim(s.reason), '') = '' then 'violation'
        else 'compliant'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', v.source_case_no,
        'power_version', v.version,
        'kind', s.kind,
        'started_on', s.started_at::date,
        'ended_on', s.ended_at::date,
        'has_approver', coalesce(trim(s.approver), '') <> '',
        'has_reason', coalesce(trim(s.reason), '') <> ''
    )) as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    case when r.stop_approvals is not true then 'approvals_not_reported' end as reason
from case_version v
join core.clock_stop s on s.case_id = v.case_id and s.deleted_at is null
left join reporting r on r.department = v.department
