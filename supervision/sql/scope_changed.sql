-- Cases changed since the last complete run, and cases for which some clock runs: until the decision, of a stop, until
-- the delivery. Of any other case every rule says what it said before, so that its findings stand as they are. On the
-- day of the last complete run (`run.same_day`) a clock that counts days says what it said then: only those run on that
-- count hours and minutes.
insert into scope
select case_id from changed_case
union
select case_id
from core."case"
where decided_at is null and closed_at is null and not (select same_day from run)
union
select c.case_id
from core."case" c
join (
    select distinct power_code from catalogue.power
    where promised_unit in ('hour', 'minute') or statutory_unit in ('hour', 'minute')
) p on p.power_code = c.power_code
where c.decided_at is null and c.closed_at is null and (select same_day from run)
union
select case_id
from core.clock_stop
where ended_at is null and deleted_at is null
    and (not (select same_day from run) or limit_unit in ('hour', 'minute'))
union
select c.case_id
from core."case" c
join reporting r on r.department = c.department and r.deliveries
where c.delivered_at is null and c.decided_at is not null and c.result = 'granted'
    and not (select same_day from run);

analyze scope;
