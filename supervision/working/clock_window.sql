-- The clock of every case in scope that was accepted, or that was granted or denied without a date of acceptance.
-- It starts on the local date of acceptance (that day is not counted) and ends on the date of the decision, else of
-- closing, else of the run. Clock stops take out the days after their start up to and including their end, inside
-- the clock's window; overlapping stops are united. `supervision.elapsed` computes the same in Python.
select
    v.case_id,
    v.department,
    v.source_case_no,
    v.power_code,
    v.version,
    t.accepted_on,
    t.ended_on,
    c.decided_at is null and c.closed_at is null as is_open,
    first.work_index as accepted_index,
    last.work_index as ended_index,
    'provisional' in (first.status, last.status) as is_provisional,
    p.promised_value,
    p.promised_unit,
    p.statutory_value,
    p.statutory_unit,
    case
        when t.accepted_on is null then 'acceptance_missing'
        when v.reason is not null then v.reason
        when t.ended_on < t.accepted_on and c.decided_at is null and c.closed_at is null then 'accepted_after_as_of'
        when t.ended_on < t.accepted_on then 'decided_before_accepted'
        when first.work_index is null or last.work_index is null then 'outside_calendar'
    end as reason
from case_version v
join core."case" c on c.case_id = v.case_id
cross join run
cross join lateral (
    select
        (c.accepted_at at time zone 'Asia/Shanghai')::date as accepted_on,
        (coalesce(c.decided_at, c.closed_at, run.as_of) at time zone 'Asia/Shanghai')::date as ended_on
) t
left join reference.calendar_day first on first.date = t.accepted_on
left join reference.calendar_day last on last.date = t.ended_on
left join catalogue.power p on p.power_code = v.power_code and p.version = v.version
where c.accepted_at is not null
    or (c.decided_at is not null and c.result is null)
    or ((c.decided_at is not null or c.closed_at is not null) and c.result in ('granted', 'denied'))
