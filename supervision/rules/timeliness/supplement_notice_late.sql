-- Cases in which the applicant was told later than `notify_within` working days after the application what is missing.
with noticed as (
    select case_id, min(notified_at) as first_at
    from core.supplement
    where deleted_at is null
    group by case_id
),
judged as (
    select
        v.case_id,
        v.department,
        v.power_code,
        v.source_case_no,
        v.version,
        v.applied_on,
        n.first_on,
        p.value as limit_value,
        last.work_index - first.work_index as elapsed,
        first.work_index + cast(p.value as int) as due_index,
        case
            when v.applied_on is null then 'application_missing'
            when n.first_on < v.applied_on then 'notice_before_application'
            when first.date is null or last.date is null then 'outside_calendar'
        end as why_not
    from case_version v
    join (
        select case_id, first_at::date as first_on from noticed
    ) n on n.case_id = v.case_id
    left join parameter p
        on p.name = 'notify_within' and p.department = v.department and p.power_code = coalesce(v.power_code, '')
        and v.judged_on between p.valid_from and p.valid_to
    left join reference.calendar_day first on first.date = v.applied_on
    left join reference.calendar_day last on last.date = n.first_on
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
    case when j.elapsed > j.limit_value then
        jsonb_strip_nulls(jsonb_build_object(
            'source_case_no', j.source_case_no,
            'power_version', j.version,
            'applied_on', j.applied_on,
            'first_notified_on', j.first_on
        ))
    end as facts,
    j.limit_value,
    'working_day' as limit_unit,
    j.elapsed,
    w.date as due_on,
    j.why_not as reason
from judged j
left join (select work_index, date from reference.calendar_day where is_workday) w on w.work_index = j.due_index
