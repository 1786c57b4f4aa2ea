-- Months with ten points more approvals outside office hours than in the twelve months before.
with monthly as (
    select
        c.department, date_trunc('month', c.decided_at) as month, count(*) as approvals,
        count(*) filter (where not (
            coalesce(date_trunc('minute', c.decided_at)::time between time '00:00' + d.morning_from * interval '1 minute'
                and time '00:00' + d.morning_to * interval '1 minute', false)
            or coalesce(date_trunc('minute', c.decided_at)::time between time '00:00' + d.afternoon_from * interval '1 minute'
                and time '00:00' + d.afternoon_to * interval '1 minute', false)
        )) as late
    from core."case" c
    join reference.calendar_day d on d.date = c.decided_at::date
    where c.deleted_at is null and c.decided_at <= timestamptz '2013-12-31 18:00+08' and c.decided_at::time <> time '00:00'
    group by 1, 2
)
select m.department, m.month
from monthly m
join monthly b
    on b.department = m.department and b.month < m.month and b.month >= m.month - interval '12 months'
group by m.department, m.month, m.approvals, m.late
having m.approvals >= 30 and count(*) >= 3 and sum(b.approvals) >= 30
    and round(m.late * 1.0 / m.approvals, 4) > round(sum(b.late) * 1.0 / sum(b.approvals), 4) + 0.1
