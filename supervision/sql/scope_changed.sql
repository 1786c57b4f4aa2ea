-- Cases changed since the last complete run, cases whose clock runs, and cases with a finding that stands.
insert into scope
with changed as materialized (
    select batch_id from ops.batch
    where ledger_no > (select ledger_from from run)
)
select case_id from core."case" where batch_id in (select batch_id from changed)
union
select case_id from core.event where batch_id in (select batch_id from changed)
union
select case_id from core.clock_stop where batch_id in (select batch_id from changed)
union
select case_id from core.supplement where batch_id in (select batch_id from changed)
union
select case_id from core.material where batch_id in (select batch_id from changed)
union
select case_id from core.fee where batch_id in (select batch_id from changed)
union
select case_id from core."case" where decided_at is null and closed_at is null
union
select case_id from core.penalty where batch_id in (select batch_id from changed)
union
select case_id from open_finding where stands and case_id is not null;

analyze scope;
