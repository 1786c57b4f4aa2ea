-- Closed cases whose acceptance, steps, decision and closing all carry the same second: a process made up afterwards.
-- What is done at once may look so: the catalogue says which powers those are, and the department where it says
-- nothing. Dates without a time of day (00:00:00) prove nothing.
select
    'case:' || v.case_id as subject,
    v.case_id,
    v.department,
    v.power_code,
    case
        when j.why_not is not null then 'not_evaluable'
        when s.is_same then 'violation'
        else 'compliant'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', v.source_case_no,
        'power_version', v.version,
        'case_kind', s.kind,
        'at', to_char(v.accepted_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS'),
        'events', coalesce(t.events, 0)
    )) as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    j.why_not as reason
from case_version v
left join path t on t.case_id = v.case_id
cross join lateral (
    select
        coalesce(v.power_case_kind, v.case_kind) as kind,
        date_trunc('second', v.accepted_at) = date_trunc('second', coalesce(v.closed_at, v.decided_at))
            and date_trunc('second', v.accepted_at) = date_trunc('second', coalesce(v.decided_at, v.closed_at))
            and date_trunc('second', v.accepted_at) = date_trunc('second', coalesce(t.first_at, v.accepted_at))
            and date_trunc('second', v.accepted_at) = date_trunc('second', coalesce(t.last_start_at, v.accepted_at))
            as is_same
) s
cross join lateral (
    select case
        when v.accepted_at is null then 'acceptance_missing'
        when s.is_same and to_char(v.accepted_at at time zone 'Asia/Shanghai', 'HH24:MI:SS') = '00:00:00'
            then 'times_missing'
        when s.is_same and s.kind is null then 'case_kind_missing'
    end as why_not
) j
where (v.closed_at is not null or v.decided_at is not null) and s.kind is distinct from 'instant'
