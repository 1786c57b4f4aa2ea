-- Applications neither accepted nor refused within five working days, of when the papers asked for had come.
select c.case_id
from core."case" c
left join (
    select case_id, max(coalesce(received_at, notified_at))::date as came, bool_or(received_at is null) as awaited
    from core.supplement where deleted_at is null group by case_id
) s on s.case_id = c.case_id
cross join lateral (select coalesce(c.accepted_at, c.decided_at, c.closed_at)::date as done) d
cross join lateral (select coalesce(d.done, date '2013-12-31') as until) u
join reference.calendar_day a
    on a.date = case when s.came > c.applied_at::date and s.came <= u.until then s.came else c.applied_at::date end
join reference.calendar_day b on b.date = u.until
where c.deleted_at is null and u.until >= c.applied_at::date and b.work_index - a.work_index > 5
    and not (d.done is null and coalesce(s.awaited, false))
