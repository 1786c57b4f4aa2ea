-- Every case, unless some were chosen before.
insert into county
select case_id from core."case" where not exists (select from county) order by case_id;

analyze county;
