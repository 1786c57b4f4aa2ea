-- The level of each violation: the rule's own, or the highest rung of its ladder that the excess over the limit has
-- reached. The finding's id is a function of rule, subject and level, so that the same violation is the same finding in
-- every run and database. Its evidence need not be gathered again while the rule says the same of it and nothing of
-- its case has landed since (`is_proven`); when nothing else is new either, it stands as it is (`is_known`).
analyze judgement;

update judgement
set
    level = found.level,
    finding_id = found.finding_id,
    is_proven = found.is_proven,
    is_known = found.is_proven and found.is_same
from (
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
    levelled as materialized (
        select
            j.subject,
            l.level,
            md5(run.rule_id || chr(31) || j.subject || chr(31) || l.level) as digest
        from judgement j
        cross join run
        left join reached on reached.subject = j.subject
        cross join lateral (select coalesce(reached.level, run.level) as level) l
        where j.outcome = 'violation'
    ),
    named as materialized (
        select
            subject,
            level,
            (substr(digest, 1, 12) || '8' || substr(digest, 14, 3) || 'a' || substr(digest, 18, 15))::uuid as finding_id
        from levelled
    )
    select
        n.subject,
        n.level,
        n.finding_id,
        f.finding_id is not null
        and f.judged = 'violation'
        and f.evidence is not null
        and f.rule_version = run.rule_version
        and f.facts = j.facts
        and j.case_id is not null
        and run.changed_from is not null
        and not exists (select from changed_case c where c.case_id = j.case_id) as is_proven,
        (
            f.limit_value, f.limit_unit, f.elapsed, f.due_on, f.power_code, f.department, f.catalogue_version,
            f.calendar_version
        ) is not distinct from (
            j.limit_value, j.limit_unit, j.elapsed, j.due_on, j.power_code, j.department, run.catalogue_version,
            run.calendar_version
        ) as is_same
    from named n
    join judgement j on j.subject = n.subject
    cross join run
    left join supervision.finding f
        on f.finding_id = n.finding_id and f.rule_id = (select rule_id from run)
) found
where found.subject = judgement.subject;
