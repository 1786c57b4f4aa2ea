-- One row per finding, with what an official needs to act. People appear masked only.
create or replace view mart.finding_detail as
select finding.finding_id, finding.rule_id, rule.title_zh as rule_title_zh, rule.title_en as rule_title_en,
       finding.level, finding.state, finding.department, department.title_zh as department_title_zh,
       finding.power_code, power.name as power_name, finding.subject, finding.case_id,
       case_row.source_case_no, case_row.applicant_masked, finding.facts, finding.limit_value,
       finding.limit_unit, finding.elapsed, finding.due_on, rule.basis, finding.first_seen, finding.last_seen,
       finding.judged, finding.respond_by
from supervision.finding
left join supervision.rule on rule.rule_id = finding.rule_id and rule.version = finding.rule_version
left join reference.department on department.department = finding.department
left join core."case" as case_row on case_row.case_id = finding.case_id
left join lateral (
    -- The name in force when the case was accepted or applied for; a power that was not in force then, by its last.
    select name from catalogue.power
    where power.power_code = finding.power_code
    order by coalesce(
                 (coalesce(case_row.accepted_at, case_row.applied_at) at time zone 'Asia/Shanghai')::date
                 between effective_from and coalesce(effective_to, 'infinity'), false) desc,
             version desc
    limit 1
) as power on true;

comment on view mart.finding_detail is '监察发现明细（脱敏） / findings, masked';
comment on column mart.finding_detail.finding_id is '发现标识 / finding';
comment on column mart.finding_detail.rule_id is '规则 / rule';
comment on column mart.finding_detail.rule_title_zh is '规则名称 / title of the rule version that found it, Chinese';
comment on column mart.finding_detail.rule_title_en is '规则名称（英文） / the same, English';
comment on column mart.finding_detail.level is '级别 / notice, warning, yellow, red';
comment on column mart.finding_detail.state is '状态 / state in the life cycle';
comment on column mart.finding_detail.department is '部门 / department';
comment on column mart.finding_detail.department_title_zh is '部门名称 / name of the department';
comment on column mart.finding_detail.power_code is '统一编码 / unified power code';
comment on column mart.finding_detail.power_name is '职权名称 / name of the power';
comment on column mart.finding_detail.subject is '对象 / what the rule judged';
comment on column mart.finding_detail.case_id is '办件标识 / case';
comment on column mart.finding_detail.source_case_no is '来源办件编号 / case number in the department''s system';
comment on column mart.finding_detail.applicant_masked is '申请人（脱敏） / applicant, masked';
comment on column mart.finding_detail.facts is '事实 / what the rule saw';
comment on column mart.finding_detail.limit_value is '时限 / limit';
comment on column mart.finding_detail.limit_unit is '时限单位 / unit of the limit';
comment on column mart.finding_detail.elapsed is '已用时间 / elapsed, in the unit of the limit';
comment on column mart.finding_detail.due_on is '应办结日期 / due on';
comment on column mart.finding_detail.basis is '依据 / legal basis of the rule';
comment on column mart.finding_detail.first_seen is '首次发现时间 / first seen';
comment on column mart.finding_detail.last_seen is '最近变动时间 / when it was last found new or changed';
comment on column mart.finding_detail.judged is '规则现行结论 / what the rule says now, whatever the state of the procedure';
comment on column mart.finding_detail.respond_by is '答复期限 / until when whoever is to act next must have acted';
