-- Which departments report deliveries, receipts, and who approved a clock stop or why. It is looked up before a run: when
-- a department begins to report what it never did, every case of it has to be judged again.
select
    department,
    coalesce(bool_or(deliveries), false) as deliveries,
    coalesce(bool_or(receipts), false) as receipts,
    coalesce(bool_or(stop_approvals), false) as stop_approvals
from (
    select department, bool_or(delivered_at is not null) as deliveries, null::boolean as receipts, null::boolean as stop_approvals
    from core."case" where deleted_at is null group by department
    union all
    select department, null, bool_or(coalesce(trim(receipt_no), '') <> ''), null
    from core.fee where deleted_at is null group by department
    union all
    select department, null, null,
        bool_or(coalesce(trim(approver), '') <> '' or coalesce(trim(reason), '') <> '')
    from core.clock_stop where deleted_at is null group by department
) said
group by department
order by department
