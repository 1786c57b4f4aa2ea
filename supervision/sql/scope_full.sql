-- All cases, deleted ones too: a finding on a deleted case has to be withdrawn. And those that are no longer there at all.
insert into scope
select case_id from core."case";

insert into scope
select distinct o.case_id
from open_finding o
where o.case_id is not null and not exists (select from core."case" c where c.case_id = o.case_id);

analyze scope;
