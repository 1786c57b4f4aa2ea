-- Granted cases whose certificate or decision was delivered later than `deliver_within` working days after the decision,
-- or is not delivered yet. A department that never says when it delivered cannot be judged.
with judged as (
    select
        v.case_id,
        v.department,
        v.power_code,
        v.source_case_no,
        v.version,
        v.decided_on,
        v.delivered_on,
        p.value as limit_value,
        last.work_index - first.work_index as elapsed,
        first.work_index + cast(p.value as int) as due_index,
        case
            when v.delivered_on is null and r.deliveries is not true then 'deliveries_not_reported'
            when v.delivered_on < v.decided_on then 'delivered_before_decided'
            when v.delivered_on is null and run.as_of_on < v.decided_on then 'decided_after_as_of'
            when first.date is null or last.date is null then 'outside_calendar'
        end as why_not
    from case_version v
    cross join run
    left join reporting r on r.department = v.department
    left join parameter p
        on p.name = 'deliver_within' and p.department = v.department and p.power_code = coalesce(v.power_code, '')
        and v.judged_on between p.valid_from and p.valid_to
    left join reference.calendar_day first on first.date = v.decided_on
    left join reference.calendar_day last on last.date = coalesce(v.delivered_on, run.as_of_on)
    where v.result = 'granted' and v.decided_on is not null
)
select
    'case:' || j.case_id as subject,
    j.case_id,
    j.department,
    j.power_code,
    case
        when j.why_not is not null then 'not_evaluable'
        when j.elapsed > j.limit_value then 'violation'
        else 'compliant'
    end as outcome,
    case when j.why_not is null and j.elapsed > j.limit_value then
        jsonb_strip_nulls(jsonb_build_object(
            'source_case_no', j.source_case_no,
            'power_version', j.version,
            'decided_on', j.decided_on,
            'delivered_on', j.delivered_on
        ))
    end as facts,
    j.limit_value,
    'working_day' as limit_unit,
    j.elapsed,
    w.date as due_on,
    j.why_not as reason
from judged j
left join (select work_index, date from reference.calendar_day where is_workday) w on w.work_index = j.due_index
