-- Cases handled under a power that the catalogue does not list, that was not in force on the day, or that belongs to
-- another body than the department's.
with judged as (
    select
        v.*,
        d.body_code as department_body,
        case
            when v.reason in ('power_unknown', 'power_not_in_force') then v.reason
            when v.body_code <> d.body_code then 'power_of_another_body'
        end as problem
    from case_version v
    left join reference.department d on d.department = v.department
)
select
    'case:' || j.case_id as subject,
    j.case_id,
    j.department,
    j.power_code,
    case
        when j.problem is not null then 'violation'
        when j.version is null or j.department_body is null then 'not_evaluable'
        else 'compliant'
    end as outcome,
    case when j.problem is not null then jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', j.source_case_no,
        'power_code', j.power_code,
        'on', j.on_date,
        'problem', j.problem,
        'power_body', j.body_code,
        'department_body', j.department_body
    )) end as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    case
        when j.problem is not null then null
        when j.version is null then j.reason
        when j.department_body is null then 'department_unknown'
    end as reason
from judged j
