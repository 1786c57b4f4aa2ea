-- All cases, deleted ones too: a finding on a deleted case has to be withdrawn.
insert into scope
select case_id from core."case"
union
select case_id from open_finding where case_id is not null;

analyze scope;
