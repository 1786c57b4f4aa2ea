-- Closed cases, granted or denied, without an event for a step that their flow makes mandatory.
with flow as (
    select power_code, version, array_agg(step_code order by step_order) as mandatory
    from catalogue.step
    where mandatory
    group by power_code, version
),
judged as (
    select
        v.*,
        t.steps,
        f.mandatory,
        case
            when v.reason is not null then v.reason
            when t.steps is null then 'events_missing'
            when f.mandatory is null then 'flow_missing'
        end as why_not
    from case_version v
    join core."case" c on c.case_id = v.case_id
    left join path t on t.case_id = v.case_id
    left join flow f on f.power_code = v.power_code and f.version = v.version
    where c.closed_at is not null and c.result in ('granted', 'denied')
)
select
    'case:' || j.case_id as subject,
    j.case_id,
    j.department,
    j.power_code,
    case
        when j.why_not is not null then 'not_evaluable'
        when not j.mandatory <@ j.steps then 'violation'
        else 'compliant'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', j.source_case_no,
        'power_version', j.version,
        'missing_steps', case
            when not j.mandatory <@ j.steps then array(select s from unnest(j.mandatory) s where s <> all (j.steps))
        end,
        'path', j.steps
    )) as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    j.why_not as reason
from judged j
