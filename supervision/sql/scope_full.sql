-- All cases, deleted ones too: a finding on a deleted case has to be withdrawn. And those that are no longer there at all.
insert into scope
select case_id from core."case" order by case_id;

insert into scope
select distinct f.case_id
from supervision.finding f
where f.case_id is not null
    and (f.state <> 'withdrawn' or f.judged in ('violation', 'not_evaluable'))
    and not exists (select from core."case" c where c.case_id = f.case_id);

update run set is_whole = true;
analyze scope;
