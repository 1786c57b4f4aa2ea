-- One row per month, department and power with a score; an empty power is the department as a whole.
create or replace view mart.score_month as
select
    score.month, score.department, department.title_zh as department_title_zh, score.power_code, score.score,
    rank() over (partition by score.month, score.power_code order by score.score desc) as place,
    score.formula, score.formula_version, score.inputs, score.as_of
from supervision.score
left join reference.department on department.department = score.department;

comment on view mart.score_month is '月度考评 / monthly scores with every number of their sum';
comment on column mart.score_month.month is '月份 / month, its first day';
comment on column mart.score_month.department is '部门 / department';
comment on column mart.score_month.department_title_zh is '部门名称 / name of the department';
comment on column mart.score_month.power_code is '统一编码 / power; empty for the department as a whole';
comment on column mart.score_month.score is '得分 / score';
comment on column mart.score_month.place is '名次 / place among the departments of that month (and power)';
comment on column mart.score_month.formula is '公式 / formula';
comment on column mart.score_month.formula_version is '公式版本 / content version of the formula';
comment on column mart.score_month.inputs is '计分明细 / every number of the sum';
comment on column mart.score_month.as_of is '监察时点 / the time the findings were judged at';
