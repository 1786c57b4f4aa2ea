-- What the current rule's judgements make of its findings. Every change is noted in `finding_change` first.

-- New, changed and returned violations. One that people dismissed, closed or withdrew stays so while nothing about it
-- changes; one that a run withdrew is judged compliant, so it returns.
insert into finding_change
select j.finding_id, j.subject, c.action, f.state, c.state_to, c.reason
from violation j
left join supervision.finding f
    on f.finding_id = j.finding_id and f.rule_id = (select rule_id from run)
cross join lateral (
    select
        (f.facts, f.limit_value, f.limit_unit) is distinct from (j.facts, j.limit_value, j.limit_unit)
            as differs
) d
cross join lateral (
    select case
        when f.finding_id is null then 'opened'
        when f.state in ('withdrawn', 'dismissed', 'closed')
            and (d.differs or f.judged in ('compliant', 'not_judged'))
            then 'reopened'
        when f.state in ('withdrawn', 'dismissed', 'closed') then null
        when d.differs then 'updated'
        when f.judged <> 'violation' then 'confirmed'
    end as action
) a
cross join lateral (
    select
        a.action,
        case when a.action in ('opened', 'reopened') then 'open' else f.state end as state_to,
        jsonb_strip_nulls(jsonb_build_object('facts', j.facts, 'limit', j.limit_value, 'unit', j.limit_unit))::text
            as reason
) c
where not j.is_known and c.action is not null;

-- Findings in scope that no longer violate: compliant now, no subject any more, or of another level. They are
-- withdrawn, unless their procedure has come to its end: then it is noted that the violation is gone (`lapsed`).
insert into finding_change
with gone as materialized (
    select o.finding_id, o.subject, o.case_id, o.stands
    from open_finding o
    where o.rule_id = (select rule_id from run)
        and not exists (select from violation v where v.finding_id = o.finding_id)
)
select f.finding_id, f.subject, c.action, f.state, c.state_to, c.reason
from gone o
join supervision.finding f on f.finding_id = o.finding_id and f.rule_id = (select rule_id from run)
left join judgement j on j.subject = o.subject
left join lateral (
    select e.action, e.reason from supervision.finding_event e
    where e.finding_id = o.finding_id order by e.event_no desc limit 1
) last on true
cross join lateral (
    select
        case
            when j.outcome = 'not_evaluable' then 'not_evaluable'
            when o.stands then 'withdrawn'
            else 'lapsed'
        end as action,
        case when j.outcome is distinct from 'not_evaluable' and o.stands then 'withdrawn' else f.state end
            as state_to,
        case j.outcome
            when 'not_evaluable' then j.reason
            when 'compliant' then 'compliant'
            when 'violation' then 'level_changed'
            else 'no_longer_a_subject'
        end as reason
) c
where not (c.action = 'lapsed' and f.judged in ('compliant', 'not_judged'))
    and (c.action, c.reason) is distinct from (last.action, last.reason);

insert into supervision.finding as f (
    finding_id, rule_id, rule_version, subject, case_id, power_code, department, level, state, judged, facts,
    limit_value, limit_unit, elapsed, due_on, first_seen, last_seen, first_run, last_run, catalogue_version,
    calendar_version, evidence, digest
)
select
    j.finding_id, run.rule_id, run.rule_version, j.subject, j.case_id, j.power_code, j.department, j.level, 'open',
    'violation', j.facts, j.limit_value, j.limit_unit, j.elapsed, j.due_on, run.as_of, run.as_of, run.run_id,
    run.run_id, run.catalogue_version, run.calendar_version, j.evidence,
    supervision.finding_digest(run.rule_id, j.subject, j.level, j.facts, j.limit_value, j.limit_unit, j.elapsed)
from violation j
cross join run
where not j.is_known
on conflict (finding_id) do update set
    rule_version = excluded.rule_version,
    case_id = excluded.case_id,
    power_code = excluded.power_code,
    department = excluded.department,
    judged = 'violation',
    facts = excluded.facts,
    limit_value = excluded.limit_value,
    limit_unit = excluded.limit_unit,
    elapsed = excluded.elapsed,
    due_on = excluded.due_on,
    last_seen = excluded.last_seen,
    last_run = excluded.last_run,
    catalogue_version = excluded.catalogue_version,
    calendar_version = excluded.calendar_version,
    evidence = coalesce(excluded.evidence, f.evidence),
    digest = excluded.digest;

-- A table that doubles in one transaction is planned by what it was before.
do $$
begin
    if (select count(*) from finding_change where action = 'opened')
        > 1000 + (select greatest(reltuples, 0) from pg_class where oid = 'supervision.finding'::regclass)
    then
        analyze supervision.finding (finding_id);
    end if;
end $$;
analyze finding_change;

update supervision.finding f
set
    state = c.state_to,
    respond_by = case when c.action in ('reopened', 'withdrawn') then null else f.respond_by end,
    judged = case c.action
        when 'withdrawn' then 'compliant'
        when 'lapsed' then 'compliant'
        when 'not_evaluable' then 'not_evaluable'
        else 'violation'
    end
from finding_change c
where c.finding_id = f.finding_id and c.action <> 'opened';
