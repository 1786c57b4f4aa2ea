-- Cases of which anything has landed since the last complete run; none when `run.changed_from` is null, which says that
-- everything is new. The batches are an array, by which the planner takes them for few and looks them up.
insert into changed_case
select case_id from core."case"
where batch_id = any (array(select batch_id from ops.batch where ledger_no > (select changed_from from run)))
union
select case_id from core.event
where batch_id = any (array(select batch_id from ops.batch where ledger_no > (select changed_from from run)))
union
select case_id from core.clock_stop
where batch_id = any (array(select batch_id from ops.batch where ledger_no > (select changed_from from run)))
union
select case_id from core.supplement
where batch_id = any (array(select batch_id from ops.batch where ledger_no > (select changed_from from run)))
union
select case_id from core.material
where batch_id = any (array(select batch_id from ops.batch where ledger_no > (select changed_from from run)))
union
select case_id from core.fee
where batch_id = any (array(select batch_id from ops.batch where ledger_no > (select changed_from from run)))
union
select case_id from core.penalty
where batch_id = any (array(select batch_id from ops.batch where ledger_no > (select changed_from from run)));

analyze changed_case;
