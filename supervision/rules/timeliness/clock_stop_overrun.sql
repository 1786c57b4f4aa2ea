-- Clock stops that ran past their own limit, or, where they have none, that are open for longer than `max_open` working
-- days. An open stop ends with the decision of its case, else with the run.
with placed as (
    select
        v.case_id,
        v.department,
        v.power_code,
        v.source_case_no,
        v.version,
        v.judged_on,
        s.stop_no,
        s.kind,
        s.limit_value is not null as has_own_limit,
        s.ended_at is null as is_open,
        coalesce(s.limit_unit, 'working_day') as limit_unit,
        s.limit_value,
        (s.started_at at time zone 'Asia/Shanghai')::date as started_on,
        (s.ended_at at time zone 'Asia/Shanghai')::date as ended_on,
        coalesce((s.ended_at at time zone 'Asia/Shanghai')::date, v.decided_on, v.closed_on, run.as_of_on) as counted_to
    from case_version v
    cross join run
    join core.clock_stop s on s.case_id = v.case_id and s.deleted_at is null
),
judged as (
    select
        t.*,
        coalesce(t.limit_value, case when t.is_open then p.value end) as allowed,
        case t.limit_unit
            when 'working_day' then last.work_index - first.work_index
            when 'calendar_day' then t.counted_to - t.started_on
            when 'month' then m.months + case
                when (t.started_on + make_interval(months => m.months))::date < t.counted_to then 1
                else 0
            end
        end as elapsed,
        case
            when t.counted_to < t.started_on then 'stop_times_wrong'
            when first.date is null or last.date is null then 'outside_calendar'
            when t.limit_unit not in ('working_day', 'calendar_day', 'month') then 'unit_unsupported'
        end as why_not
    from placed t
    left join parameter p
        on p.name = 'max_open' and p.department = t.department and p.power_code = coalesce(t.power_code, '')
        and t.judged_on between p.valid_from and p.valid_to
    left join reference.calendar_day first on first.date = t.started_on
    left join reference.calendar_day last on last.date = t.counted_to
    cross join lateral (
        select cast(
            (extract(year from t.counted_to) - extract(year from t.started_on)) * 12
            + extract(month from t.counted_to) - extract(month from t.started_on) as int
        ) as months
    ) m
)
select
    'clock_stop:' || case_id || '/' || stop_no as subject,
    case_id,
    department,
    power_code,
    case
        when why_not is not null then 'not_evaluable'
        when elapsed > allowed then 'violation'
        else 'compliant'
    end as outcome,
    case when why_not is null and elapsed > allowed then
        jsonb_strip_nulls(jsonb_build_object(
            'source_case_no', source_case_no,
            'power_version', version,
            'stop_no', stop_no,
            'kind', kind,
            'started_on', started_on,
            'ended_on', ended_on,
            'own_limit', has_own_limit
        ))
    end as facts,
    allowed as limit_value,
    limit_unit,
    elapsed,
    null::date as due_on,
    why_not as reason
from judged
