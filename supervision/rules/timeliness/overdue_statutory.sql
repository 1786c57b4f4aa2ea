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
    k.facts as facts,
    k.statutory_value as limit_value,
    k.statutory_unit as limit_unit,
    k.statutory_elapsed as elapsed,
    k.statutory_due_on as due_on,
    k.statutory_reason as reason
from clock k
