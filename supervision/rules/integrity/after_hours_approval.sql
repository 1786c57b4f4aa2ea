-- Months in which a department approved more outside office hours than it used to: the share of its decisions on days
-- off or outside the hours of that day, against the share of the twelve months before. Decisions without a time of day
-- (exactly 00:00:00) are left out. The minute in which the office closes is still within its hours.
with daily as (
    -- Of the day of the run only what was decided before it.
    select d.department, d.date, d.approvals, d.after_hours
    from case_day d
    cross join run
    where d.decided > 0 and d.date < run.as_of_on
    union all
    select
        department,
        decided_on,
        count(*) filter (where is_timed),
        count(*) filter (where is_after_hours)
    from case_moment
    where decided_on = (select as_of_on from run) and decided_at <= (select as_of from run)
    group by department, decided_on
),
decided as (
    select
        a.department,
        a.month,
        cast(extract(year from a.month) * 12 + extract(month from a.month) as int) as month_no,
        a.approvals,
        a.after_hours,
        d.date is null as is_outside
    from (
        select
            department,
            date_trunc('month', date::timestamp) as month,
            cast(sum(approvals) as bigint) as approvals,
            cast(sum(after_hours) as bigint) as after_hours
        from daily
        group by department, date_trunc('month', date::timestamp)
    ) a
    left join reference.calendar_day d on d.date = a.month::date
),
compared as (
    select
        d.department,
        d.month,
        d.approvals,
        d.after_hours,
        d.is_outside,
        count(b.month) as baseline_months,
        sum(b.approvals) as baseline_approvals,
        sum(b.after_hours) as baseline_after_hours
    from decided d
    left join decided b
        on b.department = d.department and b.month_no between d.month_no - 12 and d.month_no - 1 and b.approvals > 0
    group by d.department, d.month, d.approvals, d.after_hours, d.is_outside
),
judged as (
    select
        c.*,
        above.value as above_baseline,
        round(c.after_hours * 1.0 / nullif(c.approvals, 0), 4) as share,
        round(c.baseline_after_hours * 1.0 / c.baseline_approvals, 4) as baseline_share,
        case
            when c.is_outside then 'outside_calendar'
            when c.approvals = 0 then 'times_missing'
            when c.baseline_approvals is null or c.baseline_months < months.value
                or c.approvals < enough.value or c.baseline_approvals < enough.value
                then 'baseline_too_short'
        end as why_not
    from compared c
    left join parameter above
        on above.name = 'above_baseline' and above.department = c.department and above.power_code = ''
        and c.month::date between above.valid_from and above.valid_to
    left join parameter months
        on months.name = 'baseline_months' and months.department = c.department and months.power_code = ''
        and c.month::date between months.valid_from and months.valid_to
    left join parameter enough
        on enough.name = 'min_approvals' and enough.department = c.department and enough.power_code = ''
        and c.month::date between enough.valid_from and enough.valid_to
),
risen as (
    select * from judged where why_not is null and share > baseline_share + above_baseline
),
late as (
    select r.department, r.month, c.case_id, c.decided_at
    from risen r
    join case_moment c
        on c.department = r.department and c.decided_on between r.month::date and r.month::date + 30
        and date_trunc('month', c.decided_on::timestamp) = r.month
    where c.is_after_hours and c.decided_at <= (select as_of from run)
),
proved as (
    select department, month, jsonb_agg(case_id order by nth) as case_ids
    from (
        select
            department,
            month,
            case_id,
            row_number() over (partition by department, month order by decided_at, case_id) as nth
        from late
    ) numbered
    where nth <= 100
    group by department, month
)
select
    'month:' || j.department || '/' || to_char(j.month, 'YYYY-MM') as subject,
    null::uuid as case_id,
    j.department,
    null as power_code,
    case
        when j.why_not is not null then 'not_evaluable'
        when v.case_ids is not null then 'violation'
        else 'compliant'
    end as outcome,
    case when v.case_ids is not null then jsonb_strip_nulls(jsonb_build_object(
        'month', to_char(j.month, 'YYYY-MM'),
        'approvals', j.approvals,
        'after_hours', j.after_hours,
        'share', j.share,
        'baseline_months', j.baseline_months,
        'baseline_approvals', j.baseline_approvals,
        'baseline_share', j.baseline_share,
        'threshold', trim_scale(j.baseline_share + j.above_baseline),
        'case_ids', v.case_ids
    )) end as facts,
    j.baseline_share + j.above_baseline as limit_value,
    'share' as limit_unit,
    j.share as elapsed,
    null::date as due_on,
    j.why_not as reason
from judged j
left join proved v on v.department = j.department and v.month = j.month
