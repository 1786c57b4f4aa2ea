-- The level of each violation: the rule's own, or the highest rung of its ladder that the excess over the limit has
-- reached. The finding's id is a function of rule, subject and level, so that the same violation is the same finding in
-- every run and database.
update judgement
set
    level = made.level,
    finding_id = made.finding_id
from (
    select
        j.subject,
        l.level,
        (substr(d.digest, 1, 12) || '8' || substr(d.digest, 14, 3) || 'a' || substr(d.digest, 18, 15))::uuid
            as finding_id
    from judgement j
    cross join run
    left join lateral (
        select r.level
        from rung r
        join parameter p
            on p.name = r.parameter and p.department = j.department
            and p.power_code = coalesce(j.power_code, '')
            and coalesce(j.due_on, run.as_of_on) between p.valid_from and p.valid_to
        where j.elapsed - j.limit_value >= p.value
        order by r.rank desc
        limit 1
    ) reached on true
    cross join lateral (select coalesce(reached.level, run.level) as level) l
    cross join lateral (select md5(run.rule_id || chr(31) || j.subject || chr(31) || l.level) as digest) d
    where j.outcome = 'violation'
) made
where made.subject = judgement.subject;
