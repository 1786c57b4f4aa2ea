-- Cases changed since the last complete run, and cases for which some clock runs: until the decision, of a stop, until
-- the delivery. Of any other case every rule says what it said before, so that its findings stand as they are.
insert into scope
select case_id from changed_case
union
select case_id from core."case" where decided_at is null and closed_at is null
union
select case_id from core.clock_stop where ended_at is null and deleted_at is null
union
select c.case_id
from core."case" c
join reporting r on r.department = c.department and r.deliveries
where c.delivered_at is null and c.decided_at is not null and c.result = 'granted';

analyze scope;
