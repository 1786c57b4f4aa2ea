-- What each department did on each day, counted from `case_moment`: cases `accepted`, `decided`, of these with a time of day
-- (`approvals`) and outside office hours (`after_hours`), `closed`, of these with an approver (`signed`). A day on which nothing
-- was done may be missing or have zeros.
select
    department,
    date,
    cast(sum(accepted) as bigint) as accepted,
    cast(sum(decided) as bigint) as decided,
    cast(sum(approvals) as bigint) as approvals,
    cast(sum(after_hours) as bigint) as after_hours,
    cast(sum(closed) as bigint) as closed,
    cast(sum(signed) as bigint) as signed
from (
    select department, accepted_on as date, count(*) as accepted, 0 as decided, 0 as approvals, 0 as after_hours, 0 as closed, 0 as signed
    from case_moment
    where accepted_on is not null
    group by department, accepted_on
    union all
    select
        department, decided_on, 0, count(*), count(*) filter (where is_timed), count(*) filter (where is_after_hours), 0, 0
    from case_moment
    where decided_on is not null
    group by department, decided_on
    union all
    select department, closed_minute::date, 0, 0, 0, 0, count(*), count(approver)
    from case_moment
    where closed_minute is not null
    group by department, closed_minute::date
) daily
group by department, date
