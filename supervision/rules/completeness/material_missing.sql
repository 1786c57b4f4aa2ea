-- Accepted cases for which a required material was not received. Cases are compared by how many of the required materials
-- came in; which ones is looked up for those that lack some.
with listed as (
    select power_code, version, count(*) as required
    from catalogue.material
    where required
    group by power_code, version
),
reported as (
    select
        m.case_id,
        count(q.material_code) filter (where m.received) as received,
        array_agg(m.material_code order by m.material_code) filter (where m.received) as codes
    from case_version v
    join core.material m on m.case_id = v.case_id and m.deleted_at is null
    left join catalogue.material q
        on q.power_code = v.power_code and q.version = v.version and q.material_code = m.material_code and q.required
    group by m.case_id
),
judged as (
    select
        v.case_id,
        v.department,
        v.power_code,
        v.source_case_no,
        v.version,
        v.accepted_on,
        r.codes,
        r.received < l.required as is_short,
        case
            when v.reason is not null then v.reason
            when r.received is null then 'materials_not_reported'
        end as why_not
    from case_version v
    left join listed l on l.power_code = v.power_code and l.version = v.version
    left join reported r on r.case_id = v.case_id
    where v.accepted_at is not null and (v.reason is not null or l.required is not null)
),
missing as (
    select j.case_id, array_agg(q.material_code order by q.material_code) as codes
    from judged j
    join catalogue.material q on q.power_code = j.power_code and q.version = j.version and q.required
    where j.is_short and (j.codes is null or not q.material_code = any(j.codes))
    group by j.case_id
)
select
    'case:' || j.case_id as subject,
    j.case_id,
    j.department,
    j.power_code,
    case
        when j.why_not is not null then 'not_evaluable'
        when j.is_short then 'violation'
        else 'compliant'
    end as outcome,
    case when j.is_short then
        jsonb_strip_nulls(jsonb_build_object(
            'source_case_no', j.source_case_no,
            'power_version', j.version,
            'accepted_on', j.accepted_on,
            'missing_materials', s.codes,
            'received_materials', coalesce(j.codes, '{}')
        ))
    end as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    j.why_not as reason
from judged j
left join missing s on s.case_id = j.case_id
