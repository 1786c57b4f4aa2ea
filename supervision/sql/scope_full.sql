-- Every case in a run of all, deleted ones too, in the order of the index that is built on the way. Sessions that judge on kept
-- tables need none.
insert into scope
select case_id from core."case" where (select is_whole from run) order by case_id;

analyze scope;
