-- One row per department, dataset and local month of landing: rows by fate, what still waits in quarantine, shares.
create or replace view mart.data_quality as
with landed as (
    select
        department, dataset, date_trunc('month', landed_at at time zone 'Asia/Shanghai')::date as month,
        count(*) as batches,
        sum(rows_read)::bigint as rows_read, sum(landed)::bigint as rows_landed,
        sum(unchanged)::bigint as rows_unchanged, sum(superseded)::bigint as rows_superseded,
        sum(quarantined)::bigint as rows_quarantined, sum(rejected)::bigint as rows_rejected, max(landed_at) as last_landed_at
    from ops.batch
    where state in ('landed', 'rejected')
    group by 1, 2, 3
), waiting as (
    select
        department, dataset, date_trunc('month', created_at at time zone 'Asia/Shanghai')::date as month,
        count(*) as rows_waiting, count(distinct reason) as reasons_waiting
    from ops.quarantine
    where state = 'open'
    group by 1, 2, 3
)
select
    l.department, department.title_zh as department_title_zh, l.dataset, l.month, l.batches, l.rows_read,
    l.rows_landed, l.rows_unchanged, l.rows_superseded, l.rows_quarantined,
    coalesce(w.rows_waiting, 0) as rows_waiting, coalesce(w.reasons_waiting, 0) as reasons_waiting,
    round(1 - (l.rows_quarantined + l.rows_rejected)::numeric / nullif(l.rows_read, 0), 4) as share_accepted,
    l.last_landed_at, l.rows_rejected
from landed l
left join waiting w using (department, dataset, month)
left join reference.department on department.department = l.department;

comment on view mart.data_quality is '数据质量 / what a department''s datasets brought in a month';
comment on column mart.data_quality.department is '部门 / department';
comment on column mart.data_quality.department_title_zh is '部门名称 / name of the department';
comment on column mart.data_quality.dataset is '数据集 / dataset';
comment on column mart.data_quality.month is '入库月份 / local month of landing, its first day';
comment on column mart.data_quality.batches is '批次数 / batches landed';
comment on column mart.data_quality.rows_read is '读取行数 / source rows read';
comment on column mart.data_quality.rows_landed is '入库行数 / of these, landed';
comment on column mart.data_quality.rows_unchanged is '未变行数 / of these, known already';
comment on column mart.data_quality.rows_superseded is '被替代行数 / of these, older than what is known';
comment on column mart.data_quality.rows_quarantined is '隔离行数 / of these, rejected and kept in quarantine';
comment on column mart.data_quality.rows_waiting is '待处理行数 / rows quarantined in the month that still wait';
comment on column mart.data_quality.reasons_waiting is '待处理原因数 / different reasons among them';
comment on column mart.data_quality.share_accepted is '合格率 / share of rows read that were neither quarantined nor rejected; empty when none was read';
comment on column mart.data_quality.last_landed_at is '最近入库时间 / last landing in the month';
comment on column mart.data_quality.rows_rejected is '拒收行数 / of these, rejected with their batch by a steward''s decision';
