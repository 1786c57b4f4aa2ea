-- Where the cases in scope are: each department with each power that it has a case of, null for cases without one.
select department, power_code
from case_version
group by department, power_code
