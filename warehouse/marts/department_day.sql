-- One row per department and local day: rows by fate of the batches that landed on that day, cases accepted and
-- decided on that day, and findings first seen on that day that still stand.
create or replace view mart.department_day as
with batch as (
    select department, (landed_at at time zone 'Asia/Shanghai')::date as day,
           sum(rows_read)::bigint as rows_read, sum(landed)::bigint as rows_landed,
           sum(unchanged)::bigint as rows_unchanged, sum(superseded)::bigint as rows_superseded,
           sum(quarantined)::bigint as rows_quarantined, sum(rejected)::bigint as rows_rejected
    from ops.batch
    where state in ('landed', 'rejected')
    group by 1, 2
), accepted as (
    select department, (accepted_at at time zone 'Asia/Shanghai')::date as day, count(*) as cases_accepted
    from core."case"
    where accepted_at is not null and deleted_at is null
    group by 1, 2
), decided as (
    select department, (decided_at at time zone 'Asia/Shanghai')::date as day, count(*) as cases_decided
    from core."case"
    where decided_at is not null and deleted_at is null
    group by 1, 2
), violation as (
    select department, (first_seen at time zone 'Asia/Shanghai')::date as day, count(*) as open_violations
    from supervision.finding
    where state not in ('withdrawn', 'dismissed', 'closed')
    group by 1, 2
), day as (
    select department, day from batch
    union select department, day from accepted
    union select department, day from decided
    union select department, day from violation
)
select day.department, day.day,
       coalesce(batch.rows_read, 0) as rows_read,
       coalesce(batch.rows_landed, 0) as rows_landed,
       coalesce(batch.rows_unchanged, 0) as rows_unchanged,
       coalesce(batch.rows_superseded, 0) as rows_superseded,
       coalesce(batch.rows_quarantined, 0) as rows_quarantined,
       coalesce(accepted.cases_accepted, 0) as cases_accepted,
       coalesce(decided.cases_decided, 0) as cases_decided,
       coalesce(violation.open_violations, 0) as open_violations,
       coalesce(batch.rows_rejected, 0) as rows_rejected
from day
left join batch using (department, day)
left join accepted using (department, day)
left join decided using (department, day)
left join violation using (department, day);

comment on view mart.department_day is '部门日报 / what a department sent, accepted and decided on a local day';
comment on column mart.department_day.department is '部门 / department';
comment on column mart.department_day.day is '日期 / local day (Asia/Shanghai)';
comment on column mart.department_day.rows_read is '读取行数 / source rows read in batches that landed on the day';
comment on column mart.department_day.rows_landed is '入库行数 / of these, landed';
comment on column mart.department_day.rows_unchanged is '未变行数 / of these, known already';
comment on column mart.department_day.rows_superseded is '被替代行数 / of these, older than what is known';
comment on column mart.department_day.rows_quarantined is '隔离行数 / of these, rejected and kept in quarantine';
comment on column mart.department_day.cases_accepted is '受理办件数 / cases accepted on the day';
comment on column mart.department_day.cases_decided is '办结决定数 / cases decided on the day';
comment on column mart.department_day.open_violations is '未处理发现数 / findings first seen on the day that still stand';
comment on column mart.department_day.rows_rejected is '拒收行数 / of these, rejected with their batch by a steward''s decision';
