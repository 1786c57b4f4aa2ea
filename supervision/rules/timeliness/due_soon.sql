-- Open cases whose promised limit has not passed and ends within `warn_within` more days, hours or minutes.
select
    'case:' || k.case_id as subject,
    k.case_id,
    k.department,
    k.power_code,
    case
        when k.promised_reason is not null then 'not_evaluable'
        when r.remaining between 0 and p.value then 'violation'
        else 'compliant'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', k.source_case_no,
        'power_version', k.power_version,
        'accepted_on', k.accepted_on,
        'warn_within', p.value,
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
cross join lateral (
    select case
        when k.promised_unit = 'month' then k.promised_due_on - k.ended_on
        else k.promised_value - k.promised_elapsed
    end as remaining
) r
left join parameter p
    on p.name = 'warn_within' and p.department = k.department
    and p.power_code = coalesce(k.power_code, '') and k.judged_on between p.valid_from and p.valid_to
where k.is_open
