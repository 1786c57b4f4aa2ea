-- Departments not heard of within their freshness, days off aside.
select d.department
from reference.department d
left join (
    select department, max(landed_at) as at from ops.batch
    where state = 'landed' and landed_at <= timestamptz '2013-12-31 18:00+08' group by department
) b on b.department = d.department
left join (
    select department, max(at) as at
    from core."case" c
    cross join lateral (values (applied_at), (accepted_at), (decided_at), (closed_at), (reported_at)) t (at)
    where c.deleted_at is null and at <= timestamptz '2013-12-31 18:00+08'
    group by department
) c on c.department = d.department
left join (
    select department, max(published_at) as at from core.disclosure
    where deleted_at is null and published_at <= timestamptz '2013-12-31 18:00+08' group by department
) p on p.department = d.department
cross join lateral (select greatest(b.at, c.at, p.at) as at) h
where d.freshness is not null
    and (h.at is null or timestamptz '2013-12-31 18:00+08' - h.at
        - interval '1 day' * (
            select count(*) from reference.calendar_day k
            where not k.is_workday and k.date > h.at::date and k.date < date '2013-12-31')
        > d.freshness::interval)
