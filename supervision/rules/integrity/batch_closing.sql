-- Closings by one approver in the same clock minute, of cases that need more than a moment: the catalogue says which
-- powers are done at once, and the department where it says nothing. Closings without a time of day (exactly
-- 00:00:00) share a minute by nature. A month in which no closing has an approver cannot be judged at all.
with judged as (
    select
        g.department,
        g.approver,
        g.minute,
        g.closings,
        p.value as from_closings,
        case
            when g.minute = date_trunc('day', g.minute) then 'not_evaluable'
            when g.closings >= p.value then 'violation'
            else 'compliant'
        end as outcome
    from closing_minute g
    left join parameter p
        on p.name = 'closings' and p.department = g.department and p.power_code = ''
        and g.minute::date between p.valid_from and p.valid_to
    where g.closings > 1
),
closing as (
    select
        g.department,
        g.approver,
        g.minute,
        c.case_id,
        row_number() over (partition by g.department, g.approver, g.minute order by c.closed_at, c.case_id) as nth
    from judged g
    join case_moment c
        on c.department = g.department and c.approver = g.approver and c.closed_minute = g.minute
        and not c.is_instant
    where g.outcome = 'violation'
),
proved as (
    select department, approver, minute, jsonb_agg(case_id order by nth) as case_ids
    from closing
    where nth <= 100
    group by department, approver, minute
),
unsigned as (
    select department, date_trunc('month', date::timestamp) as month
    from case_day
    where closed > 0
    group by department, date_trunc('month', date::timestamp)
    having sum(signed) = 0
)
select
    'closing:' || g.department || '/' || to_char(g.minute, 'YYYY-MM-DD HH24:MI') || '/' || g.approver as subject,
    null::uuid as case_id,
    g.department,
    null as power_code,
    g.outcome,
    case when g.outcome = 'violation' then jsonb_strip_nulls(jsonb_build_object(
        'person', g.approver,
        'minute', to_char(g.minute, 'YYYY-MM-DD HH24:MI'),
        'closings', g.closings,
        'from_closings', g.from_closings,
        'case_ids', v.case_ids
    )) end as facts,
    g.from_closings as limit_value,
    'case' as limit_unit,
    g.closings as elapsed,
    null::date as due_on,
    case when g.outcome = 'not_evaluable' then 'times_missing' end as reason
from judged g
left join proved v on v.department = g.department and v.approver = g.approver and v.minute = g.minute
union all
select
    'month:' || u.department || '/' || to_char(u.month, 'YYYY-MM'), null, u.department, null, 'not_evaluable', null,
    null, null, null, null, 'handlers_missing'
from unsigned u
