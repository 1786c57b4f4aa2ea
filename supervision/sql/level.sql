-- The level of each violation: the rule's own, or the highest rung of its ladder that the excess over the limit has
-- reached. The finding's id is a function of rule, subject and level, so that the same violation is the same finding in
-- every run and database. Its evidence need not be gathered again while the rule says the same of it and nothing of
-- its case has landed since (`is_proven`); when nothing else is new either, it stands as it is (`is_known`).
analyze judgement (subject, outcome, department, power_code);

insert into violation (
    subject, case_id, department, power_code, facts, limit_value, limit_unit, elapsed, due_on, level, finding_id, is_proven, is_known
)
with reached as (
    select distinct on (j.subject) j.subject, r.level
    from rung r
    cross join run
    join parameter p on p.name = r.parameter
    join judgement j
        on j.department = p.department and coalesce(j.power_code, '') = p.power_code
        and coalesce(j.due_on, run.as_of_on) between p.valid_from and p.valid_to
        and j.elapsed - j.limit_value >= p.value
    where j.outcome = 'violation'
    order by j.subject, r.rank desc
),
levelled as (
    select j.*, l.level, run.rule_id || chr(31) || j.subject || chr(31) || l.level as name
    from judgement j
    cross join run
    left join reached on reached.subject = j.subject
    cross join lateral (select coalesce(reached.level, run.level) as level) l
    where j.outcome = 'violation'
),
named as materialized (
    -- A UUID of version 8: the name's MD5, with version and variant in their places.
    select l.*, overlay(overlay(md5(l.name) placing '8' from 13) placing 'a' from 17)::uuid as finding_id
    from levelled l
),
compared as (
    select
        n.*,
        f.finding_id is not null
        and f.judged = 'violation'
        and f.evidence is not null
        and f.rule_version = run.rule_version
        and f.facts = n.facts
        and n.case_id is not null
        and run.changed_from is not null
        and not exists (select from changed_case c where c.case_id = n.case_id) as is_proven,
        (
            f.limit_value, f.limit_unit, f.elapsed, f.due_on, f.power_code, f.department, f.catalogue_version,
            f.calendar_version
        ) is not distinct from (
            n.limit_value, n.limit_unit, n.elapsed, n.due_on, n.power_code, n.department, run.catalogue_version,
            run.calendar_version
        ) as is_same
    from named n
    cross join run
    left join supervision.finding f on f.finding_id = n.finding_id and f.rule_id = (select rule_id from run)
)
select
    subject, case_id, department, power_code, facts, limit_value, limit_unit, elapsed, due_on, level, finding_id, is_proven,
    is_proven and is_same
from compared;
