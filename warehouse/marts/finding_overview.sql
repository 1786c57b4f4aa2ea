-- Counts of findings by rule, level, department and state.
create or replace view mart.finding_overview as
select finding.rule_id, rule.title_zh as rule_title_zh, rule.title_en as rule_title_en, rule.theme,
       finding.level, finding.department, finding.state, count(*) as findings,
       min(finding.first_seen) as first_seen, max(finding.last_seen) as last_seen
from supervision.finding
left join lateral (
    select title_zh, title_en, theme from supervision.rule
    where rule.rule_id = finding.rule_id and rule.version = finding.rule_version
) as rule on true
group by 1, 2, 3, 4, 5, 6, 7;

comment on view mart.finding_overview is '监察发现概览 / findings by rule, level, department and state';
comment on column mart.finding_overview.rule_id is '规则 / rule';
comment on column mart.finding_overview.rule_title_zh is '规则名称 / title of the rule version that found them, Chinese';
comment on column mart.finding_overview.rule_title_en is '规则名称（英文） / the same, English';
comment on column mart.finding_overview.theme is '主题 / theme of the rule';
comment on column mart.finding_overview.level is '级别 / notice, warning, yellow, red';
comment on column mart.finding_overview.department is '部门 / department';
comment on column mart.finding_overview.state is '状态 / state in the life cycle';
comment on column mart.finding_overview.findings is '数量 / number of findings';
comment on column mart.finding_overview.first_seen is '最早发现时间 / first seen, earliest';
comment on column mart.finding_overview.last_seen is '最近变动时间 / when one of them was last found new or changed';
