-- Cases changed since `run.changed_from`, and undecided ones, for which a clock runs: on the same day (`run.same_day`) only
-- where it counts hours and minutes.
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
where c.decided_at is null and c.closed_at is null and (select same_day from run);
