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
    k.facts as facts,
    k.promised_value as limit_value,
    k.promised_unit as limit_unit,
    k.promised_elapsed as elapsed,
    k.promised_due_on as due_on,
    k.promised_reason as reason
from clock k
