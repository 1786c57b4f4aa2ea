-- Cases in which a step of the flow was handled by a post that the flow does not give it to, or by another body than
-- the power's. A unit counts where it is the code or the name of one body of the catalogue, for departments also report
-- their own sections; cases that several bodies handle by nature (joint, reported upwards) are free in that.
with body_unit as (
    select unit, min(body_code) as body_code
    from (
        select body_code as unit, body_code from catalogue.body
        union all
        select name, body_code from catalogue.body
    ) called
    group by unit
    having count(distinct body_code) = 1
),
suspect as materialized (
    select case_id from path where may_be_other_unit
),
wrong as (
    select
        e.case_id, e.started_at, e.event_no, e.step_code, trim(e.post) as post, trim(k.post) as allowed_post,
        null as unit, null as allowed_body
    from path p
    join core.event e on e.case_id = p.case_id and e.deleted_at is null
    join catalogue.step k
        on k.power_code = p.power_code and k.version = p.version and k.step_code = e.step_code
    where p.may_be_other_post and trim(e.post) <> trim(k.post) and trim(e.post) <> '' and trim(k.post) <> ''
    union all
    select e.case_id, e.started_at, e.event_no, e.step_code, null, null, e.unit, v.body_code
    from suspect t
    join case_version v on v.case_id = t.case_id
    join core.event e on e.case_id = t.case_id and e.deleted_at is null
    join body_unit b on b.unit = e.unit and b.body_code <> v.body_code
    join catalogue.step k
        on k.power_code = v.power_code and k.version = v.version and k.step_code = e.step_code
    where coalesce(v.power_case_kind, v.case_kind, '') not in ('joint', 'reported')
),
listed as (
    select
        case_id,
        jsonb_agg(
            jsonb_strip_nulls(jsonb_build_object(
                'step', step_code,
                'post', post,
                'allowed_post', allowed_post,
                'unit', unit,
                'allowed_body', allowed_body
            ))
            order by started_at, event_no, post
        ) as steps
    from wrong
    group by case_id
)
select
    'case:' || p.case_id as subject,
    p.case_id,
    p.department,
    p.power_code,
    case
        when j.why_not is not null then 'not_evaluable'
        when l.steps is not null then 'violation'
        else 'compliant'
    end as outcome,
    case when l.steps is not null then jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', p.source_case_no,
        'power_version', p.version,
        'steps', l.steps
    )) end as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    j.why_not as reason
from path p
left join listed l on l.case_id = p.case_id
cross join lateral (
    select case
        when p.reason is not null then p.reason
        when not p.has_posts and l.steps is null then 'posts_missing'
    end as why_not
) j
where p.events is not null
