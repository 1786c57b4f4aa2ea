-- Accepted cases in which a field is empty that every case must have; result and approver are due with the decision. Each
-- field is demanded by a parameter of its own, so that a department whose system does not have it can be spared.
with lacking as (
    select
        case_id, department, power_code, judged_on, has_applicant, has_title, applied_at, unit, acceptor,
        decided_at, result, approver
    from case_version
    where accepted_at is not null and reason is null
        and (
            not has_applicant
            or not has_title
            or applied_at is null
            or unit is null
            or acceptor is null
            or (decided_at is not null and (result is null or approver is null))
        )
),
field as (
    select case_id, department, power_code, judged_on, 'applicant' as name from lacking where not has_applicant
    union all
    select case_id, department, power_code, judged_on, 'title' from lacking where not has_title
    union all
    select case_id, department, power_code, judged_on, 'applied_at' from lacking where applied_at is null
    union all
    select case_id, department, power_code, judged_on, 'unit' from lacking where unit is null
    union all
    select case_id, department, power_code, judged_on, 'acceptor' from lacking where acceptor is null
    union all
    select case_id, department, power_code, judged_on, 'result' from lacking
    where decided_at is not null and result is null
    union all
    select case_id, department, power_code, judged_on, 'approver' from lacking
    where decided_at is not null and approver is null
),
missing as (
    select f.case_id, array_agg(f.name order by f.name) as fields
    from field f
    join parameter p
        on p.name = 'demand_' || f.name and p.department = f.department
        and p.power_code = f.power_code and f.judged_on between p.valid_from and p.valid_to
    where p.value = 1
    group by f.case_id
)
select
    'case:' || v.case_id as subject,
    v.case_id,
    v.department,
    v.power_code,
    case
        when v.reason is not null then 'not_evaluable'
        when m.fields is not null then 'violation'
        else 'compliant'
    end as outcome,
    case when m.fields is not null then
        jsonb_strip_nulls(jsonb_build_object(
            'source_case_no', v.source_case_no,
            'power_version', v.version,
            'accepted_on', v.accepted_on,
            'missing_fields', m.fields
        ))
    end as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    v.reason as reason
from case_version v
left join missing m on m.case_id = v.case_id
where v.accepted_at is not null
