-- What the current rule's judgements make of its findings. Every change is noted in `finding_change` first; the ids are
-- a function of rule, subject and level, so that the same violation is the same finding in every run and database.
delete from finding_change;

update judgement
set finding_id = made.finding_id
from (
    select
        j.subject,
        (substr(d.digest, 1, 12) || '8' || substr(d.digest, 14, 3) || 'a' || substr(d.digest, 18, 15))::uuid
            as finding_id
    from judgement j
    cross join run
    cross join lateral (select md5(run.rule_id || chr(31) || j.subject || chr(31) || run.level) as digest) d
    where j.outcome = 'violation'
) made
where made.subject = judgement.subject;

-- New, changed and returned violations.
insert into finding_change
select j.finding_id, j.subject, c.action, f.state, c.state_to, c.reason
from judgement j
left join supervision.finding f on f.finding_id = j.finding_id
cross join lateral (
    select case
        when f.finding_id is null then 'opened'
        when f.state = 'withdrawn' then 'reopened'
        when (f.facts, f.limit_value, f.limit_unit) is distinct from (j.facts, j.limit_value, j.limit_unit)
            then 'updated'
        when 'not_evaluable' = (
            select e.action from supervision.finding_event e
            where e.finding_id = f.finding_id order by e.event_no desc limit 1
        ) then 'confirmed'
    end as action,
    case when f.state is null or f.state = 'withdrawn' then 'open' else f.state end as state_to,
    jsonb_strip_nulls(jsonb_build_object('facts', j.facts, 'limit', j.limit_value, 'unit', j.limit_unit))::text
        as reason
) c
where j.outcome = 'violation' and c.action is not null;

-- Findings in scope that no longer violate: compliant now, no subject any more, or of another level than the rule's.
insert into finding_change
select f.finding_id, f.subject, c.action, f.state, c.state_to, c.reason
from open_finding o
join supervision.finding f on f.finding_id = o.finding_id
left join judgement j on j.subject = o.subject
left join lateral (
    select e.action, e.reason from supervision.finding_event e
    where e.finding_id = o.finding_id order by e.event_no desc limit 1
) last on true
cross join lateral (
    select
        case when j.outcome = 'not_evaluable' then 'not_evaluable' else 'withdrawn' end as action,
        case when j.outcome = 'not_evaluable' then f.state else 'withdrawn' end as state_to,
        case j.outcome
            when 'not_evaluable' then j.reason
            when 'compliant' then 'compliant'
            when 'violation' then 'level_changed'
            else 'no_longer_a_subject'
        end as reason
) c
where o.rule_id = (select rule_id from run)
    and (o.case_id is null or o.case_id in (select case_id from scope))
    and not exists (select from judgement v where v.finding_id = o.finding_id)
    and (c.action, c.reason) is distinct from (last.action, last.reason);

insert into supervision.finding as f (
    finding_id, rule_id, rule_version, subject, case_id, power_code, department, level, state, facts, limit_value,
    limit_unit, elapsed, due_on, first_seen, last_seen, first_run, last_run, catalogue_version, calendar_version,
    evidence
)
select
    j.finding_id, run.rule_id, run.rule_version, j.subject, j.case_id, j.power_code, j.department, run.level, 'open',
    j.facts, j.limit_value, j.limit_unit, j.elapsed, j.due_on, run.as_of, run.as_of, run.run_id, run.run_id,
    run.catalogue_version, run.calendar_version, j.evidence
from judgement j
cross join run
where j.outcome = 'violation'
on conflict (finding_id) do update set
    rule_version = excluded.rule_version,
    case_id = excluded.case_id,
    power_code = excluded.power_code,
    department = excluded.department,
    state = case when f.state = 'withdrawn' then 'open' else f.state end,
    facts = excluded.facts,
    limit_value = excluded.limit_value,
    limit_unit = excluded.limit_unit,
    elapsed = excluded.elapsed,
    due_on = excluded.due_on,
    last_seen = excluded.last_seen,
    last_run = excluded.last_run,
    catalogue_version = excluded.catalogue_version,
    calendar_version = excluded.calendar_version,
    evidence = excluded.evidence;

update supervision.finding f
set state = 'withdrawn'
from finding_change c
where c.finding_id = f.finding_id and c.action = 'withdrawn';
