-- Cases changed since the last complete run, cases for which some clock runs (until the decision, of a stop, until the
-- delivery), and cases with a finding that stands.
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
select case_id from core.clock_stop where ended_at is null and deleted_at is null
union
select c.case_id
from core."case" c
join reporting r on r.department = c.department and r.deliveries
where c.delivered_at is null and c.decided_at is not null and c.result = 'granted'
union
select case_id from open_finding where stands and case_id is not null;

analyze scope;
