-- One row per department, power and local month of acceptance: what became of the cases accepted in that month.
-- Working days run from the day after acceptance to the day of the decision (else closing), clock stops included:
-- what the applicant waited. The rules of timeliness take clock stops out; their findings are counted beside.
create or replace view mart.power_performance as
with handled as (
    select
        c.department, c.power_code, date_trunc('month', t.accepted_on)::date as month, c.result,
        t.ended_on is not null as is_ended, c.case_kind = 'instant' as is_instant,
        last.work_index - first.work_index as working_days
    from core."case" c
    cross join lateral (
        select
            (c.accepted_at at time zone 'Asia/Shanghai')::date as accepted_on,
            (coalesce(c.decided_at, c.closed_at) at time zone 'Asia/Shanghai')::date as ended_on
    ) t
    left join reference.calendar_day first on first.date = t.accepted_on
    left join reference.calendar_day last on last.date = t.ended_on and t.ended_on >= t.accepted_on
    where c.accepted_at is not null and c.deleted_at is null
), performed as (
    select
        department, power_code, month,
        count(*) as cases_accepted,
        count(*) filter (where is_ended) as cases_ended,
        count(*) filter (where not is_ended) as cases_open,
        count(*) filter (where result = 'granted') as cases_granted,
        count(*) filter (where result in ('denied', 'refused')) as cases_refused,
        count(*) filter (where is_instant) as cases_instant,
        round(avg(working_days), 2) as working_days_mean,
        percentile_disc(0.5) within group (order by working_days) as working_days_median,
        percentile_disc(0.9) within group (order by working_days) as working_days_p90
    from handled
    group by 1, 2, 3
), found as (
    select
        c.department, c.power_code,
        date_trunc('month', c.accepted_at at time zone 'Asia/Shanghai')::date as month,
        count(*) filter (where f.rule_id = 'timeliness.overdue_promised') as overdue_promised,
        count(*) filter (where f.rule_id = 'timeliness.overdue_statutory') as overdue_statutory,
        count(*) as findings
    from supervision.finding f
    join core."case" c on c.case_id = f.case_id
    where f.judged = 'violation' and f.state <> 'dismissed' and c.accepted_at is not null
    group by 1, 2, 3
)
select
    p.department, department.title_zh as department_title_zh, p.power_code, power.name as power_name, p.month,
    p.cases_accepted, p.cases_ended, p.cases_open, p.cases_granted, p.cases_refused, p.cases_instant,
    p.working_days_mean, p.working_days_median, p.working_days_p90,
    coalesce(f.overdue_promised, 0) as overdue_promised,
    coalesce(f.overdue_statutory, 0) as overdue_statutory,
    coalesce(f.findings, 0) as findings
from performed p
left join found f
    on f.department = p.department and f.power_code is not distinct from p.power_code and f.month = p.month
left join reference.department on department.department = p.department
left join lateral (
    select name from catalogue.power k
    where k.power_code = p.power_code
    order by k.effective_from <= p.month desc, k.version desc
    limit 1
) power on true;

comment on view mart.power_performance is '职权办理绩效 / what became of the cases accepted in a month, by power';
comment on column mart.power_performance.department is '部门 / department';
comment on column mart.power_performance.department_title_zh is '部门名称 / name of the department';
comment on column mart.power_performance.power_code is '统一编码 / unified power code; empty where the case carries none';
comment on column mart.power_performance.power_name is '职权名称 / name of the power';
comment on column mart.power_performance.month is '受理月份 / local month of acceptance, its first day';
comment on column mart.power_performance.cases_accepted is '受理数 / cases accepted';
comment on column mart.power_performance.cases_ended is '办结数 / of these, decided or closed';
comment on column mart.power_performance.cases_open is '在办数 / of these, neither';
comment on column mart.power_performance.cases_granted is '准予数 / of these, granted';
comment on column mart.power_performance.cases_refused is '不予数 / of these, refused or denied';
comment on column mart.power_performance.cases_instant is '即办件数 / of these, instant';
comment on column mart.power_performance.working_days_mean is '平均工作日 / mean working days from acceptance to the end, clock stops included';
comment on column mart.power_performance.working_days_median is '工作日中位数 / median of the same';
comment on column mart.power_performance.working_days_p90 is '工作日九十分位 / 90th percentile of the same';
comment on column mart.power_performance.overdue_promised is '超承诺时限数 / findings over the promised limit, clock stops taken out';
comment on column mart.power_performance.overdue_statutory is '超法定时限数 / findings over the statutory limit, clock stops taken out';
comment on column mart.power_performance.findings is '监察发现数 / findings of all rules on these cases, dismissed ones not counted';
