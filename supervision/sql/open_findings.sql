-- Findings that may change in this run, for their case is looked at (or is no longer there) or they have none: those that
-- stand, and those that people dismissed, closed or withdrew, of which it is noted whether the rule still says so.
-- holds: what is so of every case in scope.
insert into open_finding
select f.finding_id, f.rule_id, f.subject, f.case_id, f.state not in ('withdrawn', 'dismissed', 'closed')
from supervision.finding f
where (f.state <> 'withdrawn' or f.judged in ('violation', 'not_evaluable'))
    and f.case_id is null
union all
select f.finding_id, f.rule_id, f.subject, f.case_id, f.state not in ('withdrawn', 'dismissed', 'closed')
from supervision.finding f
where (f.state <> 'withdrawn' or f.judged in ('violation', 'not_evaluable'))
    and /* holds */ and f.case_id is not null and (select is_whole from run)
union all
select f.finding_id, f.rule_id, f.subject, f.case_id, f.state not in ('withdrawn', 'dismissed', 'closed')
from scope s
join supervision.finding f on f.case_id = s.case_id
where (f.state <> 'withdrawn' or f.judged in ('violation', 'not_evaluable')) and not (select is_whole from run);

create index on open_finding (rule_id);
analyze open_finding;
