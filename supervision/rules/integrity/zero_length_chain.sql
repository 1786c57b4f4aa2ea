-- Closed cases whose acceptance, steps, decision and closing all carry the same second: a process made up afterwards.
-- What is done at once may look so: the catalogue says which powers those are, and the department where it says
-- nothing. Dates without a time of day (00:00:00) prove nothing.
select
    'case:' || p.case_id as subject,
    p.case_id,
    p.department,
    p.power_code,
    case
        when j.why_not is not null then 'not_evaluable'
        when s.is_same then 'violation'
        else 'compliant'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', p.source_case_no,
        'power_version', p.version,
        'case_kind', p.case_kind,
        'at', to_char(p.accepted_at, 'YYYY-MM-DD HH24:MI:SS'),
        'events', coalesce(p.events, 0)
    )) as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    j.why_not as reason
from path p
cross join lateral (
    select
        greatest(p.accepted_at, p.closed_at, p.decided_at, p.first_at, p.last_start_at) as latest,
        least(p.accepted_at, p.closed_at, p.decided_at, p.first_at, p.last_start_at) as earliest
) t
cross join lateral (
    -- A second or more apart, as most are, needs no closer look.
    select
        t.latest - t.earliest < interval '1 second' and date_trunc('second', t.latest) = date_trunc('second', t.earliest)
            as is_same
) s
cross join lateral (
    select case
        when p.accepted_at is null then 'acceptance_missing'
        when s.is_same and to_char(p.accepted_at, 'HH24:MI:SS') = '00:00:00'
            then 'times_missing'
        when s.is_same and p.case_kind is null then 'case_kind_missing'
    end as why_not
) j
where (p.closed_at is not null or p.decided_at is not null) and p.case_kind is distinct from 'instant'
