-- Which departments report deliveries, receipts, and who approved a clock stop or why. It is looked up before a run: when
-- a department begins to report what it never did, every case of it has to be judged again. Where an index knows, one entry
-- is read for each department that reports, and not each row of it.
with recursive delivering (department) as (
    select min(department) from core."case" where delivered_at is not null and deleted_at is null
    union all
    select (
        select min(c.department) from core."case" c
        where c.delivered_at is not null and c.deleted_at is null and c.department > d.department
    )
    from delivering d
    where d.department is not null
),
receipting (department) as (
    select min(department) from core.fee where coalesce(trim(receipt_no), '') <> '' and deleted_at is null
    union all
    select (
        select min(f.department) from core.fee f
        where coalesce(trim(f.receipt_no), '') <> '' and f.deleted_at is null and f.department > r.department
    )
    from receipting r
    where r.department is not null
)
select
    department,
    coalesce(bool_or(deliveries), false) as deliveries,
    coalesce(bool_or(receipts), false) as receipts,
    coalesce(bool_or(stop_approvals), false) as stop_approvals
from (
    select department, true as deliveries, null::boolean as receipts, null::boolean as stop_approvals from delivering
    union all
    select department, null, true, null from receipting
    union all
    select department, null, null, true
    from core.clock_stop
    where deleted_at is null and (coalesce(trim(approver), '') <> '' or coalesce(trim(reason), '') <> '')
    group by department
) said
where department is not null
group by department
order by department
