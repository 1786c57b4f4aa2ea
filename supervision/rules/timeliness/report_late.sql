-- Cases reported later than `report_within` hours after the last thing that the report tells of. That is lateness of the
-- data, never charged as handling time.
with told as (
    select
        v.*,
        coalesce(
            greatest(
                case when v.decided_at <= v.reported_at then v.decided_at end,
                case when v.closed_at <= v.reported_at then v.closed_at end,
                case when v.delivered_at <= v.reported_at then v.delivered_at end
            ),
            case when v.accepted_at <= v.reported_at then v.accepted_at end,
            case when v.applied_at <= v.reported_at then v.applied_at end
        ) as happened_at
    from case_version v
),
judged as (
    select
        t.case_id,
        t.department,
        t.power_code,
        t.source_case_no,
        t.happened_at,
        t.reported_at,
        p.value as limit_value,
        case
            when t.reported_at is null then 'report_time_missing'
            when t.happened_at is null then 'reported_before_event'
        end as why_not
    from told t
    left join parameter p
        on p.name = 'report_within' and p.department = t.department and p.power_code = coalesce(t.power_code, '')
        and t.judged_on between p.valid_from and p.valid_to
)
select
    'case:' || case_id as subject,
    case_id,
    department,
    power_code,
    case
        when why_not is not null then 'not_evaluable'
        when reported_at - happened_at > limit_value * interval '1 hour' then 'violation'
        else 'compliant'
    end as outcome,
    case when reported_at - happened_at > limit_value * interval '1 hour' then
        jsonb_strip_nulls(jsonb_build_object(
            'source_case_no', source_case_no,
            'happened_at', to_char(happened_at, 'YYYY-MM-DD HH24:MI:SS'),
            'reported_at', to_char(reported_at, 'YYYY-MM-DD HH24:MI:SS')
        ))
    end as facts,
    limit_value,
    'clock_hour' as limit_unit,
    round(extract(epoch from reported_at - happened_at) / 3600.0, 2) as elapsed,
    null::date as due_on,
    why_not as reason
from judged
