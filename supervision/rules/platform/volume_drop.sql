-- Working days on which a department accepted far fewer cases than on the same weekday of the eight weeks before. Days
-- that are not over yet, or after the last one it told of, are no subjects; nor are those of which little is expected.
with accepted as (
    select department, date as day, accepted as cases from case_day where accepted > 0
),
known as (
    select department, min(day) as first_on, max(day) as last_on from accepted group by department
),
worked as (
    select
        k.department,
        d.date as day,
        cast(extract(isodow from d.date) as int) as weekday,
        coalesce(a.cases, 0) as cases
    from known k
    join reference.calendar_day d on d.date between k.first_on and k.last_on and d.is_workday
    left join accepted a on a.department = k.department and a.day = d.date
),
compared as (
    select
        w.department,
        w.day,
        w.weekday,
        w.cases,
        count(b.day) as comparable,
        round(avg(b.cases), 2) as baseline
    from worked w
    left join worked b
        on b.department = w.department and b.weekday = w.weekday
        and b.day < w.day and b.day >= w.day - 56
    group by w.department, w.day, w.weekday, w.cases
),
judged as (
    select
        c.*,
        share.value as share,
        c.cases < share.value * c.baseline as is_drop
    from compared c
    cross join run
    left join parameter share
        on share.name = 'share' and share.department = c.department and share.power_code = ''
        and c.day between share.valid_from and share.valid_to
    left join parameter least
        on least.name = 'min_baseline' and least.department = c.department and least.power_code = ''
        and c.day between least.valid_from and least.valid_to
    where c.day < run.as_of_on and c.comparable >= 4 and c.baseline >= least.value
)
select
    'day:' || j.department || '/' || to_char(j.day, 'YYYY-MM-DD') as subject,
    null::uuid as case_id,
    j.department,
    null as power_code,
    case when j.is_drop then 'violation' else 'compliant' end as outcome,
    case when j.is_drop then
        jsonb_strip_nulls(jsonb_build_object(
            'day', j.day,
            'weekday', j.weekday,
            'cases', j.cases,
            'baseline', trim_scale(j.baseline),
            'comparable_days', j.comparable,
            'share', trim_scale(j.share)
        ))
    end as facts,
    round(j.share * j.baseline, 2) as limit_value,
    'case' as limit_unit,
    j.cases as elapsed,
    null::date as due_on,
    null as reason
from judged j
union all
-- The days that nothing can be compared with, taken together by month.
select
    'month:' || c.department || '/' || to_char(c.day, 'YYYY-MM') as subject,
    null::uuid as case_id,
    c.department,
    null as power_code,
    'not_evaluable' as outcome,
    null as facts,
    null as limit_value,
    null as limit_unit,
    null as elapsed,
    null::date as due_on,
    'baseline_too_short' as reason
from compared c
cross join run
where c.day < run.as_of_on and c.comparable < 4
group by c.department, to_char(c.day, 'YYYY-MM')
