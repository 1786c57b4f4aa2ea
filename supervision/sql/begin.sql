-- The working tables of one run. They live in pg_temp and vanish with the transaction.
set local jit = off;
-- An instant is shown, cut and compared as local time.
set local timezone = 'Asia/Shanghai';
set local work_mem = '128MB';
-- What a run looks up lies in memory, or on disks that find any page as fast as the next.
set local random_page_cost = 1.1;
-- The sessions that judge take all processors already.
set local max_parallel_workers_per_gather = 0;
-- Working tables are simple, and looked at in every run: some thousand rows tell enough of each.
set local default_statistics_target = 20;
drop table if exists
    pg_temp.run, pg_temp.changed_case, pg_temp.scope, pg_temp.county, pg_temp.reporting, pg_temp.open_finding, pg_temp.parameter, pg_temp.clock_parameter, pg_temp.rung,
    pg_temp.judgement_count, pg_temp.judgement, pg_temp.violation, pg_temp.proven, pg_temp.finding_change;

create temp table run (
    as_of timestamptz, as_of_on date, changed_from bigint, same_day boolean, is_whole boolean, run_id uuid, rule_id text, rule_version text, level text,
    catalogue_version text, calendar_version text
)
on commit drop;

create temp table changed_case (case_id uuid primary key) on commit drop;

create temp table scope (case_id uuid primary key) on commit drop;

-- What departments report at all, those that report any of it: where a department never says when it delivered, no case of
-- it is undelivered.
create temp table reporting (
    department text primary key, deliveries boolean, receipts boolean, stop_approvals boolean
)
on commit drop;

-- The cases that `case_moment` is made for; empty means all.
create temp table county (case_id uuid primary key) on commit drop;

-- Findings that may change in this run: open_findings.sql.
create temp table open_finding (finding_id uuid, rule_id text, subject text, case_id uuid, stands boolean) on commit drop;

-- The current rule's parameters, resolved for every department and power in scope and every period; power_code '' is
-- for subjects without a power. `clock_parameter` holds those of the clock, for all rules.
create temp table parameter (
    name text, department text, power_code text, valid_from date, valid_to date, value numeric
)
on commit drop;

create temp table clock_parameter (like parameter) on commit drop;

-- The current rule's ladder: from what excess of the limit a violation is of that level.
create temp table rung (level text, rank int, parameter text) on commit drop;

-- What the current rule says: counts of all subjects, and those subjects that have or had a finding.
create temp table judgement_count (
    department text not null,
    outcome text not null check (outcome in ('violation', 'compliant', 'not_evaluable')),
    reason text,
    subjects bigint,
    check ((outcome = 'not_evaluable') = (reason is not null))
) on commit drop;

create temp table judgement (
    subject text primary key,
    case_id uuid,
    department text not null,
    power_code text,
    outcome text not null,
    facts jsonb check (outcome <> 'violation' or facts is not null),
    limit_value numeric,
    limit_unit text,
    elapsed numeric,
    due_on date,
    reason text
) on commit drop;

-- Those of them that violate, as findings.
create temp table violation (
    subject text not null,
    case_id uuid,
    department text not null,
    power_code text,
    facts jsonb not null,
    limit_value numeric,
    limit_unit text,
    elapsed numeric,
    due_on date,
    level text not null,
    finding_id uuid primary key,
    is_proven boolean not null,
    is_known boolean not null,
    evidence jsonb
) on commit drop;

-- The violations to prove, with every case that they rest on.
create temp table proven (subject text not null, case_id uuid) on commit drop;

create temp table finding_change (
    finding_id uuid, subject text, action text, state_from text, state_to text, reason text
) on commit drop;
