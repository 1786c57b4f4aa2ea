-- How many cases each person closed in each minute, without those that are done at once; a minute may have zero.
select closed_minute as minute, approver, department, count(*) as closings
from case_moment
where approver is not null and closed_minute is not null and not is_instant
group by closed_minute, approver, department
