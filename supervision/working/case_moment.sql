-- When each case of the county was accepted, decided and closed, for rules that compare a department with its own past:
-- all cases that are not deleted, whatever the scope. Dates and minutes are local.
-- `is_timed`: the decision has a time of day (exactly 00:00:00 is none). `is_after_hours`: and that time lies on a day off or
-- outside the office hours of its day; the minute in which the office closes is still within them. `is_instant`: the power in
-- force is done at once, or the department says so where the catalogue says nothing.
with office as (
    select
        date,
        date::timestamp at time zone 'Asia/Shanghai' as begins,
        (date::timestamp + morning_from * interval '1 minute') at time zone 'Asia/Shanghai' as morning_opens,
        (date::timestamp + (morning_to + 1) * interval '1 minute') at time zone 'Asia/Shanghai' as morning_closes,
        (date::timestamp + afternoon_from * interval '1 minute') at time zone 'Asia/Shanghai' as afternoon_opens,
        (date::timestamp + (afternoon_to + 1) * interval '1 minute') at time zone 'Asia/Shanghai' as afternoon_closes
    from reference.calendar_day
),
power_in_force as (
    -- From which moment up to which each version is in force: local days, as moments, so that no case's need be converted.
    -- Grouped, so that they are worked out once and not for each case.
    select
        power_code,
        case_kind,
        effective_from::timestamp at time zone 'Asia/Shanghai' as begins,
        (effective_to + 1)::timestamp at time zone 'Asia/Shanghai' as ends
    from catalogue.power
    group by power_code, version, case_kind, effective_from, effective_to
)
select
    c.case_id,
    c.department,
    c.applied_at,
    c.accepted_at,
    c.accepted_at::date as accepted_on,
    c.decided_at,
    coalesce(d.date, c.decided_at::date) as decided_on,
    c.decided_at <> coalesce(
        d.begins, date_trunc('day', c.decided_at at time zone 'Asia/Shanghai') at time zone 'Asia/Shanghai'
    ) as is_timed,
    coalesce(
        c.decided_at <> d.begins
        and not coalesce(c.decided_at >= d.morning_opens and c.decided_at < d.morning_closes, false)
        and not coalesce(c.decided_at >= d.afternoon_opens and c.decided_at < d.afternoon_closes, false),
        false
    ) as is_after_hours,
    case when trim(c.approver) <> '' then c.approver end as approver,
    c.closed_at,
    c.reported_at,
    date_trunc('minute', c.closed_at::timestamp) as closed_minute,
    coalesce(p.case_kind, c.case_kind) is not distinct from 'instant' as is_instant
from county
join core."case" c on c.case_id = county.case_id and c.deleted_at is null
left join office d on d.date = c.decided_at::date
left join power_in_force p
    on p.power_code = c.power_code
    and coalesce(c.accepted_at, c.applied_at) >= p.begins
    and (p.ends is null or coalesce(c.accepted_at, c.applied_at) < p.ends)
