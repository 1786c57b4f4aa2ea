-- Accepted cases that took longer than the law allows.
select
    'case:' || k.case_id as subject,
    k.case_id,
    k.department,
    k.power_code,
    case
        when k.statutory_reason is not null then 'not_evaluable'
        when k.statutory_elapsed > k.statutory_value then 'violation'
        else 'compliant'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', k.source_case_no,
        'power_version', k.power_version,
        'accepted_on', k.accepted_on,
        'ended_on', case when not k.is_open then k.ended_on end,
        'stops', k.stops,
        'count_start_day', case when k.count_start_day = 1 then 1 end,
        'round_up', case when k.round_up = 1 then 1 end,
        'calendar', case when k.statutory_is_provisional then 'provisional' end
    )) as facts,
    k.statutory_value as limit_value,
    k.statutory_unit as limit_unit,
    k.statutory_elapsed as elapsed,
    k.statutory_due_on as due_on,
    k.statutory_reason as reason
from clock k
