-- Working days with less than a fifth of what the same weekday brought in the eight weeks before.
with daily as (
    select c.department, k.date, k.weekday, coalesce(a.cases, 0) as cases
    from (
        select department, min(accepted_at)::date as first, max(accepted_at)::date as last
        from core."case" where deleted_at is null group by department
    ) c
    join (select date, extract(isodow from date) as weekday from reference.calendar_day where is_workday) k
        on k.date between c.first and c.last
    left join (
        select department, accepted_at::date as date, count(*) as cases
        from core."case" where deleted_at is null and accepted_at is not null group by 1, 2
    ) a on a.department = c.department and a.date = k.date
)
select d.department, d.date
from daily d
join daily b
    on b.department = d.department and b.weekday = d.weekday and b.date < d.date and b.date >= d.date - 56
where d.date < date '2013-12-31'
group by d.department, d.date, d.cases
having count(*) >= 4 and round(avg(b.cases), 2) >= 20 and d.cases < 0.2 * round(avg(b.cases), 2)
