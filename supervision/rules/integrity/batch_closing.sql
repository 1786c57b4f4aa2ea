-- Closings by one approver in the same clock minute, of cases that need more than a moment: the catalogue says which
-- powers are done at once, and the department where it says nothing. Closings without a time of day (exactly
-- 00:00:00) share a minute by nature. A month in which no closing has an approver cannot be judged at all.
with together as (
    select department, approver, date_trunc('minute', closed_at) as minute
    from core."case"
    where closed_at is not null and deleted_at is null and trim(approver) <> ''
    group by department, approver, date_trunc('minute', closed_at)
    having count(*) > 1
),
closing as (
    select
        g.department,
        g.approver,
        g.minute at time zone 'Asia/Shanghai' as minute,
        c.case_id,
        row_number() over (partition by g.department, g.approver, g.minute order by c.closed_at, c.case_id) as nth
    from together g
    join core."case" c
        on c.department = g.department and c.approver = g.approver
        and date_trunc('minute', c.closed_at) = g.minute and c.deleted_at is null
    left join catalogue.power p
        on p.power_code = c.power_code
        and (coalesce(c.accepted_at, c.applied_at) at time zone 'Asia/Shanghai')::date
            between p.effective_from and coalesce(p.effective_to, date '9999-12-31')
    where coalesce(p.case_kind, c.case_kind) is distinct from 'instant'
),
counted as (
    select
        department,
        approver,
        minute,
        count(*) as closings,
        jsonb_agg(case_id order by nth) filter (where nth <= 100) as case_ids
    from closing
    group by department, approver, minute
    having count(*) > 1
),
unsigned as (
    select department, date_trunc('month', closed_at at time zone 'Asia/Shanghai') as month
    from core."case"
    where closed_at is not null and deleted_at is null
    group by department, date_trunc('month', closed_at at time zone 'Asia/Shanghai')
    having count(*) filter (where trim(approver) <> '') = 0
)
select
    'closing:' || g.department || '/' || to_char(g.minute, 'YYYY-MM-DD HH24:MI') || '/' || g.approver as subject,
    null::uuid as case_id,
    g.department,
    null as power_code,
    case
        when g.minute = date_trunc('day', g.minute) then 'not_evaluable'
        when g.closings >= p.value then 'violation'
        else 'compliant'
    end as outcome,
    case when g.closings >= p.value then jsonb_strip_nulls(jsonb_build_object(
        'person', g.approver,
        'minute', to_char(g.minute, 'YYYY-MM-DD HH24:MI'),
        'closings', g.closings,
        'from_closings', p.value,
        'case_ids', g.case_ids
    )) end as facts,
    p.value as limit_value,
    'case' as limit_unit,
    g.closings as elapsed,
    null::date as due_on,
    case when g.minute = date_trunc('day', g.minute) then 'times_missing' end as reason
from counted g
left join parameter p
    on p.name = 'closings' and p.department = g.department and p.power_code = ''
    and g.minute::date between p.valid_from and p.valid_to
union all
select
    'month:' || u.department || '/' || to_char(u.month, 'YYYY-MM'), null, u.department, null, 'not_evaluable', null,
    null, null, null, null, 'handlers_missing'
from unsigned u
