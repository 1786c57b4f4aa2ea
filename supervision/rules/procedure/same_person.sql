-- Decided cases whose acceptor also approved them. What is done at once may be done by one person: the catalogue says
-- which powers those are, and the department where the catalogue says nothing.
select
    'case:' || v.case_id as subject,
    v.case_id,
    v.department,
    v.power_code,
    case
        when j.why_not is not null then 'not_evaluable'
        when v.acceptor = v.approver then 'violation'
        else 'compliant'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', v.source_case_no,
        'power_version', v.version,
        'person', v.acceptor,
        'case_kind', p.kind,
        'decided_on', v.decided_on
    )) as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    j.why_not as reason
from case_version v
cross join lateral (select coalesce(v.power_case_kind, v.case_kind) as kind) p
cross join lateral (
    select case
        when v.acceptor is null or v.approver is null then 'handlers_missing'
        when v.acceptor = v.approver and p.kind is null then 'case_kind_missing'
    end as why_not
) j
where v.decided_at is not null and p.kind is distinct from 'instant'
