-- Accepted cases for which a required material was not received.
with listed as (
    select power_code, version, array_agg(material_code order by material_code) as required
    from catalogue.material
    where required
    group by power_code, version
),
reported as (
    select
        m.case_id,
        coalesce(array_agg(m.material_code) filter (where m.received), '{}') as received
    from scope
    join core.material m on m.case_id = scope.case_id and m.deleted_at is null
    group by m.case_id
),
judged as (
    select
        v.*,
        l.required,
        r.received,
        case
            when v.reason is not null then v.reason
            when r.received is null then 'materials_not_reported'
        end as why_not
    from case_version v
    left join listed l on l.power_code = v.power_code and l.version = v.version
    left join reported r on r.case_id = v.case_id
    where v.accepted_at is not null and (v.reason is not null or l.required is not null)
)
select
    'case:' || j.case_id as subject,
    j.case_id,
    j.department,
    j.power_code,
    case
        when j.why_not is not null then 'not_evaluable'
        when not j.required <@ j.received then 'violation'
        else 'compliant'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', j.source_case_no,
        'power_version', j.version,
        'accepted_on', (j.accepted_at at time zone 'Asia/Shanghai')::date,
        'missing_materials', case
            when not j.required <@ j.received then array(select m from unnest(j.required) m where m <> all (j.received))
        end,
        'received_materials', case
            when not j.required <@ j.received then array(select m from unnest(j.received) m order by m)
        end
    )) as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    j.why_not as reason
from judged j
