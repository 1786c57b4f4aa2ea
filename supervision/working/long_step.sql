-- The steps that lasted longer than the limit that the flow in force gives them, before stops are taken out, or that end outside the
-- calendar: one row per event of a case of `path` that `is_long`. `index_from`, `index_to`: working days up to start and end;
-- `second_from`, `second_to`: seconds of office time up to there, for limits in hours and minutes.
select
    p.case_id,
    e.event_no,
    e.step_code,
    k.limit_value,
    k.limit_unit,
    d.started_on,
    d.ended_on,
    first.work_index as index_from,
    last.work_index as index_to,
    case when k.limit_unit in ('hour', 'minute') then
        first.minute_index * 60
        - greatest(first.morning_to * 60 - greatest(s.started_second, first.morning_from * 60), 0)
        - greatest(first.afternoon_to * 60 - greatest(s.started_second, first.afternoon_from * 60), 0)
    end as second_from,
    case when k.limit_unit in ('hour', 'minute') then
        last.minute_index * 60
        - greatest(last.morning_to * 60 - greatest(s.ended_second, last.morning_from * 60), 0)
        - greatest(last.afternoon_to * 60 - greatest(s.ended_second, last.afternoon_from * 60), 0)
    end as second_to
from path p
join core.event e on e.case_id = p.case_id and e.deleted_at is null
join flow_step k
    on k.power_code = p.power_code and k.version = p.version and k.step_code = e.step_code
    and e.ended_at - e.started_at > k.lasts
cross join lateral (
    select
        e.started_at::date as started_on,
        e.ended_at::date as ended_on
) d
cross join lateral (
    select
        case when k.limit_unit in ('hour', 'minute') then
            extract(hour from e.started_at) * 3600
            + extract(minute from e.started_at) * 60
            + floor(extract(second from e.started_at))
        end as started_second,
        case when k.limit_unit in ('hour', 'minute') then
            extract(hour from e.ended_at) * 3600
            + extract(minute from e.ended_at) * 60
            + floor(extract(second from e.ended_at))
        end as ended_second
) s
left join reference.calendar_day first on first.date = d.started_on
left join reference.calendar_day last on last.date = d.ended_on
where p.is_long
    and (
        k.limit_unit <> 'working_day'
        or first.work_index is null
        or last.work_index is null
        or last.work_index - first.work_index > k.limit_value
    )
