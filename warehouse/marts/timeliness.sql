-- One row per department and local month in which cases ended: how long they took, and what of it was found too late.
create or replace view mart.timeliness as
with ended as (
    select
        c.case_id, c.department, date_trunc('month', t.ended_on)::date as month,
        last.work_index - first.work_index as working_days,
        (c.promised_at at time zone 'Asia/Shanghai')::date >= t.ended_on as within_own_promise
    from core."case" c
    cross join lateral (
        select
            (c.accepted_at at time zone 'Asia/Shanghai')::date as accepted_on,
            (coalesce(c.decided_at, c.closed_at) at time zone 'Asia/Shanghai')::date as ended_on
    ) t
    left join reference.calendar_day first on first.date = t.accepted_on
    left join reference.calendar_day last on last.date = t.ended_on and t.ended_on >= t.accepted_on
    where t.ended_on is not null and c.deleted_at is null
), found as (
    select
        case_id,
        bool_or(rule_id = 'timeliness.overdue_promised') as over_promised,
        bool_or(rule_id = 'timeliness.overdue_statutory') as over_statutory
    from supervision.finding
    where rule_id in ('timeliness.overdue_promised', 'timeliness.overdue_statutory')
        and judged = 'violation' and state <> 'dismissed' and case_id is not null
    group by case_id
)
select
    e.department, e.month, count(*) as cases_ended,
    count(*) filter (where e.working_days is not null) as cases_timed,
    round(avg(e.working_days), 2) as working_days_mean,
    percentile_disc(0.5) within group (order by e.working_days) as working_days_median,
    percentile_disc(0.9) within group (order by e.working_days) as working_days_p90,
    count(*) filter (where e.within_own_promise) as within_own_promise,
    count(*) filter (where f.over_promised) as over_promised,
    count(*) filter (where f.over_statutory) as over_statutory
from ended e
left join found f on f.case_id = e.case_id
group by e.department, e.month;

comment on view mart.timeliness is '办理时效 / how long the cases that ended in a month took';
comment on column mart.timeliness.department is '部门 / department';
comment on column mart.timeliness.month is '办结月份 / local month in which the cases were decided or closed, its first day';
comment on column mart.timeliness.cases_ended is '办结数 / cases decided or closed';
comment on column mart.timeliness.cases_timed is '可计时数 / of these, with an acceptance date not after the end';
comment on column mart.timeliness.working_days_mean is '平均工作日 / mean working days from acceptance to the end, clock stops included';
comment on column mart.timeliness.working_days_median is '工作日中位数 / median of the same';
comment on column mart.timeliness.working_days_p90 is '工作日九十分位 / 90th percentile of the same';
comment on column mart.timeliness.within_own_promise is '在所报承诺日内 / ended by the promised date that the department itself reported';
comment on column mart.timeliness.over_promised is '超承诺时限数 / found over the promised limit, clock stops taken out';
comment on column mart.timeliness.over_statutory is '超法定时限数 / found over the statutory limit, clock stops taken out';
