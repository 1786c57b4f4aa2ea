-- After scope_running.sql: cases for which some other clock runs, of a stop or until the delivery. Of any other case every rule
-- says what it said before, so that its findings stand as they are. On the day of the last complete run (`run.same_day`) a clock that
-- counts days says what it said then: only those run on that count hours and minutes.
insert into scope
select case_id
from core.clock_stop
where ended_at is null and deleted_at is null
    and (not (select same_day from run) or limit_unit in ('hour', 'minute'))
union
select c.case_id
from core."case" c
join reporting r on r.department = c.department and r.deliveries
where c.delivered_at is null and c.decided_at is not null and c.result = 'granted'
    and not (select same_day from run)
on conflict do nothing;

analyze scope;
