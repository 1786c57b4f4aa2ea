-- Cases whose applicant was told more than once what is missing. Notices of the same moment may be one, typed twice.
select
    'case:' || v.case_id as subject,
    v.case_id,
    v.department,
    v.power_code,
    case
        when s.times > 1 then 'violation'
        when s.notices > 1 then 'not_evaluable'
        else 'compliant'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', v.source_case_no,
        'power_version', v.version,
        'notices', s.notices,
        'notified_at', s.notified_at
    )) as facts,
    1 as limit_value,
    'notice' as limit_unit,
    s.times as elapsed,
    null::date as due_on,
    case when s.times = 1 and s.notices > 1 then 'notices_doubled' end as reason
from case_version v
join (
    select
        p.case_id,
        count(*) as notices,
        count(distinct p.notified_at) as times,
        array_agg(to_char(p.notified_at, 'YYYY-MM-DD HH24:MI:SS') order by p.notified_at)
            as notified_at
    from case_version c
    join core.supplement p on p.case_id = c.case_id and p.deleted_at is null
    group by p.case_id
) s on s.case_id = v.case_id
