-- Powers whose version in force lacks what the public directory demands: content, basis, conditions, both limits, the
-- channel for complaints, and, for powers handled on the platform, the steps of the flow.
with power as (
    select p.*
    from catalogue.power p
    cross join run
    where run.as_of_on between p.effective_from and coalesce(p.effective_to, date '9999-12-31')
),
stepped as (
    select power_code, version from catalogue.step group by power_code, version
),
lacking as (
    select power_code, 'content' as field from power where coalesce(trim(content), '') = ''
    union all
    select power_code, 'basis' from power where coalesce(trim(basis), '') = ''
    union all
    select power_code, 'conditions' from power where coalesce(trim(conditions), '') = ''
    union all
    select power_code, 'statutory_limit' from power where statutory_value is null
    union all
    select power_code, 'promised_limit' from power where promised_value is null
    union all
    select power_code, 'supervision_channel' from power where coalesce(trim(supervision_channel), '') = ''
    union all
    select p.power_code, 'steps'
    from power p
    left join stepped s on s.power_code = p.power_code and s.version = p.version
    where p.on_platform and s.power_code is null
),
missing as (
    select power_code, array_agg(field order by field) as fields from lacking group by power_code
),
owner as (
    select body_code, min(department) as department from reference.department group by body_code
),
judged as (
    select
        p.power_code,
        p.name,
        p.version,
        p.body_code,
        o.department,
        m.fields,
        case when o.department is null then 'department_unknown' end as why_not
    from power p
    left join owner o on o.body_code = p.body_code
    left join missing m on m.power_code = p.power_code
)
select
    'power:' || power_code as subject,
    null::uuid as case_id,
    coalesce(department, body_code) as department,
    power_code,
    case
        when why_not is not null then 'not_evaluable'
        when fields is not null then 'violation'
        else 'compliant'
    end as outcome,
    case when why_not is null and fields is not null then
        jsonb_strip_nulls(jsonb_build_object(
            'power_name', name,
            'power_version', version,
            'missing_fields', fields
        ))
    end as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    why_not as reason
from judged
