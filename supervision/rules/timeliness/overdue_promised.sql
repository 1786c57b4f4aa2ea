-- Accepted cases that took longer than the limit the body promised when it accepted them.
select
    'case:' || k.case_id as subject,
    k.case_id,
    k.department,
    k.power_code,
    case
        when k.promised_reason is not null then 'not_evaluable'
        when k.promised_elapsed > k.promised_value then 'violation'
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
        'calendar', case when k.promised_is_provisional then 'provisional' end
    )) as facts,
    k.promised_value as limit_value,
    k.promised_unit as limit_unit,
    k.promised_elapsed as elapsed,
    k.promised_due_on as due_on,
    k.promised_reason as reason
from clock k
