-- Departments of which nothing has been heard for longer than their agreed freshness. A sign of life is a landed
-- batch, or the latest time that any record tells of, whichever is later and not after the run's time: a run that looks
-- back must not count what landed later. Non-working days that lie wholly in the silence are not counted.
with landed as (
    select b.department, max(b.landed_at) as at
    from ops.batch b
    cross join run
    where b.state = 'landed' and b.landed_at <= run.as_of
    group by b.department
),
landed_everywhere as (
    -- Since when every department has landed: what cases tell of earlier times decides nothing.
    select min(coalesce(l.at, timestamptz '0001-01-01')) as at
    from reference.department d
    left join landed l on l.department = d.department
),
said as (
    select department, at from landed
    union all
    select
        c.department,
        greatest(
            max(c.applied_at) filter (where c.applied_at <= run.as_of),
            max(c.accepted_at) filter (where c.accepted_at <= run.as_of),
            max(c.decided_at) filter (where c.decided_at <= run.as_of),
            max(c.closed_at) filter (where c.closed_at <= run.as_of),
            max(c.reported_at) filter (where c.reported_at <= run.as_of)
        ) as at
    from case_moment c
    cross join run
    where greatest(c.applied_at, c.accepted_at, c.decided_at, c.closed_at, c.reported_at) > (select at from landed_everywhere)
    group by c.department
    union all
    select d.department, max(d.published_at) as at
    from core.disclosure d
    cross join run
    where d.deleted_at is null and d.published_at <= run.as_of
    group by d.department
),
heard as (
    select department, max(at) as at from said group by department
),
numbered as (
    select
        batch_id, department,
        row_number() over (partition by department order by ledger_no desc) as place
    from ops.batch
    where state = 'landed' and ledger_no is not null
),
silent as (
    select
        d.department,
        d.freshness,
        h.at,
        h.at::date as heard_on,
        run.as_of,
        run.as_of_on,
        case
            when d.freshness like '%h' then cast(replace(d.freshness, 'h', '') as numeric)
            when d.freshness like '%d' then cast(replace(d.freshness, 'd', '') as numeric) * 24
        end as allowed
    from reference.department d
    cross join run
    left join heard h on h.department = d.department
),
counted as (
    select
        s.department,
        s.freshness,
        s.at,
        s.heard_on,
        s.as_of_on,
        s.allowed,
        extract(epoch from s.as_of - s.at) / 3600.0
        - 24 * case
            when s.as_of_on > s.heard_on
                then (s.as_of_on - s.heard_on - 1) - (before.work_index - first.work_index)
            else 0
        end as hours,
        first.work_index is null or before.work_index is null as is_outside
    from silent s
    left join reference.calendar_day first on first.date = s.heard_on
    left join reference.calendar_day before on before.date = s.as_of_on - 1
),
judged as (
    select
        c.*,
        case
            when c.allowed is null then 'freshness_missing'
            when c.at is not null and c.is_outside then 'outside_calendar'
        end as why_not
    from counted c
)
select
    'department:' || j.department as subject,
    null::uuid as case_id,
    j.department,
    null as power_code,
    case
        when j.why_not is not null then 'not_evaluable'
        when j.at is null or j.hours > j.allowed then 'violation'
        else 'compliant'
    end as outcome,
    case when j.at is null or j.hours > j.allowed then
        jsonb_strip_nulls(jsonb_build_object(
            'last_heard', to_char(j.at, 'YYYY-MM-DD HH24:MI:SS'),
            'never', case when j.at is null then true end,
            'freshness', j.freshness,
            'batch_id', n.batch_id
        ))
    end as facts,
    j.allowed as limit_value,
    'clock_hour' as limit_unit,
    round(j.hours, 2) as elapsed,
    null::date as due_on,
    j.why_not as reason
from judged j
left join numbered n on n.department = j.department and n.place = 1
