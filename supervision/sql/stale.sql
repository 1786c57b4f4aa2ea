-- After scope_running.sql: of what is kept, cases without a date are judged by the day of the run.
insert into scope
select case_id from {kept}.case_version
where on_date is null and not (select same_day from run)
on conflict do nothing;
