-- Cases in which more than `accept_within` working days passed between the application and the decision to accept or
-- refuse it, or up to the run while there is none. A supplement notice restarts the count when the papers have come;
-- while they are awaited, nothing is late. That a notice itself came too late, so that the case counts as accepted by law, is
-- what `timeliness.supplement_notice_late` finds.
with noticed as (
    select
        s.case_id,
        max(coalesce(s.received_at, s.notified_at)::date) as came_on,
        bool_or(s.received_at is null) as is_awaited
    from case_version v
    join core.supplement s on s.case_id = v.case_id and s.deleted_at is null
    group by s.case_id
),
placed as (
    select
        v.case_id,
        v.department,
        v.power_code,
        v.source_case_no,
        v.version,
        v.judged_on,
        v.applied_on,
        v.accepted_on,
        e.ended_on,
        e.ended_on is null and coalesce(n.is_awaited, false) as is_awaited,
        case when n.came_on > v.applied_on and n.came_on <= coalesce(e.ended_on, run.as_of_on) then n.came_on end
            as restarted_on,
        coalesce(e.ended_on, run.as_of_on) as counted_to
    from case_version v
    cross join run
    left join noticed n on n.case_id = v.case_id
    cross join lateral (
        select coalesce(v.accepted_on, v.decided_on, v.closed_on) as ended_on
    ) e
    where v.applied_on is not null or v.accepted_on is not null
),
judged as (
    select
        t.*,
        p.value as limit_value,
        last.work_index - first.work_index as elapsed,
        first.work_index + cast(p.value as int) as due_index,
        case
            when t.applied_on is null then 'application_missing'
            when t.counted_to < t.applied_on then 'accepted_before_applied'
            when first.date is null or last.date is null then 'outside_calendar'
        end as why_not
    from placed t
    left join parameter p
        on p.name = 'accept_within' and p.department = t.department and p.power_code = coalesce(t.power_code, '')
        and t.judged_on between p.valid_from and p.valid_to
    left join reference.calendar_day first on first.date = coalesce(t.restarted_on, t.applied_on)
    left join reference.calendar_day last on last.date = t.counted_to
)
select
    'case:' || j.case_id as subject,
    j.case_id,
    j.department,
    j.power_code,
    case
        when j.why_not is not null then 'not_evaluable'
        when j.elapsed > j.limit_value and not j.is_awaited then 'violation'
        else 'compliant'
    end as outcome,
    case when j.elapsed > j.limit_value and not j.is_awaited then
        jsonb_strip_nulls(jsonb_build_object(
            'source_case_no', j.source_case_no,
            'power_version', j.version,
            'applied_on', j.applied_on,
            'papers_came_on', j.restarted_on,
            'accepted_on', j.accepted_on,
            'ended_on', j.ended_on
        ))
    end as facts,
    j.limit_value,
    'working_day' as limit_unit,
    j.elapsed,
    w.date as due_on,
    j.why_not as reason
from judged j
left join (select work_index, date from reference.calendar_day where is_workday) w on w.work_index = j.due_index
