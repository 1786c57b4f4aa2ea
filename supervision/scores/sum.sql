-- What a month's scores are made of: one row per department (power_code '') and per power of it with cases or findings.
with bounds as (
    select
        cast(:month as date) as first_day,
        cast(cast(:month as date) + interval '1 month' as date) as next_month
),
-- Findings by the day on which they occurred (they were due, or their case ended, but not after they were seen); of those of one case the gravest that counts comes first.
occurred as (
    select f.finding_id, f.rule_id, f.department, f.power_code, f.level, f.subject, o.occurred_on,
        coalesce(f.case_id::text, f.subject) as unit,
        f.state <> all (cast(:not_counted as text[])) as counts
    from supervision.finding f
    left join core."case" c on c.case_id = f.case_id
    cross join lateral (
        select least(
            coalesce(f.due_on, cast(coalesce(c.decided_at, c.closed_at) at time zone :zone as date)),
            cast(f.first_seen at time zone :zone as date)
        ) as occurred_on
    ) o
    cross join bounds b
    where o.occurred_on >= b.first_day and o.occurred_on < b.next_month
),
ranked as (
    select
        o.*,
        o.counts and row_number() over (
            partition by o.department, o.unit, o.counts
            order by array_position(array['red', 'yellow', 'warning', 'notice'], o.level), o.occurred_on, o.finding_id
        ) = 1 as is_gravest,
        bool_or(o.counts and o.level in ('red', 'yellow')) over (partition by o.department, o.unit) as has_card
    from occurred o
),
-- The same findings once for the department and once for their power.
placed as (
    select r.*, p.place from ranked r cross join lateral (values (''), (r.power_code)) as p (place)
    where p.place is not null
),
carded as (
    select
        department, place, jsonb_object_agg(level, findings) as cards, jsonb_object_agg(level, ids) as findings
    from (
        select department, place, level, count(*) as findings, jsonb_agg(finding_id order by finding_id) as ids
        from placed where is_gravest group by department, place, level
    ) by_level
    group by department, place
),
ruled as (
    select department, place, jsonb_object_agg(rule_id, findings) as rules
    from (
        select department, place, rule_id, count(*) as findings
        from placed where is_gravest group by department, place, rule_id
    ) by_rule
    group by department, place
),
-- Warnings in the order in which they occurred. One that was withdrawn (the case was decided in time) or dismissed
-- ends the row; one whose case has a card is part of no row.
warned as (
    select
        department, place, counts,
        count(*) filter (where not counts) over (
            partition by department, place order by occurred_on, subject, finding_id
        ) as row_no
    from placed
    where level = 'warning' and not has_card
),
rows_of_warnings as (
    select department, place, sum(warnings) as warnings, sum(warnings / cast(:in_a_row as int)) as in_a_row
    from (
        select department, place, row_no, count(*) filter (where counts) as warnings
        from warned group by department, place, row_no
    ) one
    group by department, place
),
-- Cases at work in the month: accepted before it ended, and not decided before it began.
at_work as (
    select c.department, p.place, count(*) as cases
    from core."case" c
    cross join bounds b
    cross join lateral (values (''), (c.power_code)) as p (place)
    where c.deleted_at is null and p.place is not null
        and c.accepted_at < b.next_month::timestamp at time zone :zone
        and coalesce(c.decided_at, c.closed_at, 'infinity') >= b.first_day::timestamp at time zone :zone
    group by c.department, p.place
),
-- Data not reported: of the rows that came in the month, those still in quarantine, those of batches that wait at the gate,
-- and those that were rejected by decision.
arrived as (
    select
        batch.department,
        sum(batch.rows_read) as rows_read,
        sum(case batch.state when 'stopped' then batch.rows_read else waiting.rows + coalesce(batch.rejected, 0) end)
            as rows_open
    from ops.batch batch
    cross join bounds b
    cross join lateral (
        select count(*) as rows from ops.quarantine q where q.batch_id = batch.batch_id and q.state in ('open', 'rejected')
    ) waiting
    where batch.state in ('landed', 'stopped', 'rejected') and batch.kind not in ('replay', 'correction', 'rebuild')
        and batch.started_at >= b.first_day::timestamp at time zone :zone
        and batch.started_at < b.next_month::timestamp at time zone :zone
    group by batch.department
),
known as (
    select department, '' as place from reference.department
    union
    select department, place from at_work
    union
    select department, place from placed
)
select
    k.department, k.place as power_code,
    coalesce(c.cards, '{}') as cards, coalesce(c.findings, '{}') as findings, coalesce(r.rules, '{}') as rules,
    cast(coalesce(w.warnings, 0) as int) as warnings, cast(coalesce(w.in_a_row, 0) as int) as rows_of_warnings,
    coalesce(a.cases, 0) as cases,
    cast(coalesce(d.rows_read, 0) as bigint) as rows_read, cast(coalesce(d.rows_open, 0) as bigint) as rows_open
from known k
left join carded c using (department, place)
left join ruled r using (department, place)
left join rows_of_warnings w using (department, place)
left join at_work a using (department, place)
left join arrived d on d.department = k.department and k.place = ''
order by k.department, k.place
