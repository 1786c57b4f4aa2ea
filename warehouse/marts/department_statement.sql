-- One row per department: whether the last complete run states anything of it. Where nothing is stated, the absence of
-- findings means nothing.
create or replace view mart.department_statement as
select
    s.department, d.title_zh as department_title_zh, s.stated, s.reason,
    case s.reason when 'silent' then '数据中断' when 'gate_stopped' then '批次停在入库闸口' end as reason_zh,
    coalesce(s.facts ->> 'last_heard', s.facts ->> 'since') as since, s.facts, r.as_of, r.run_id
from supervision.statement s
join (
    select run_id, as_of from supervision.run where state = 'complete' order by started_at desc limit 1
) r on r.run_id = s.run_id
left join reference.department d on d.department = s.department;

comment on view mart.department_statement is '监察结论 / whether anything is stated of a department';
comment on column mart.department_statement.department is '部门 / department';
comment on column mart.department_statement.department_title_zh is '部门名称 / name of the department';
comment on column mart.department_statement.stated is '是否作出结论 / false: no statement; what the rules found compliant counts as not evaluable';
comment on column mart.department_statement.reason is '原因 / why not: silent (nothing heard for longer than agreed) or gate_stopped (a batch waits for a decision)';
comment on column mart.department_statement.reason_zh is '原因（中文） / the same in Chinese';
comment on column mart.department_statement.since is '起始时间 / since when, local time';
comment on column mart.department_statement.facts is '依据 / what shows it';
comment on column mart.department_statement.as_of is '监察时点 / the time the run looked at';
comment on column mart.department_statement.run_id is '监察批次 / the run';
