-- Cases in which a step follows another from which the flow never leads to it, directly or over other steps.
-- Going forward past a step is no matter of this rule, but of procedure.step_skipped.
select
    'case:' || v.case_id as subject,
    v.case_id,
    v.department,
    v.power_code,
    case
        when v.reason is not null or x.has_unknown_step then 'not_evaluable'
        when x.wrong_transitions is not null then 'violation'
        else 'compliant'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', v.source_case_no,
        'power_version', v.version,
        'wrong_transitions', x.wrong_transitions,
        'path', x.taken,
        'allowed', x.allowed
    )) as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    case when v.reason is not null then v.reason when x.has_unknown_step then 'step_not_in_flow' end as reason
from path v
left join variant x on x.way = v.way
where v.events is not null
