-- Closed cases in which work was started or ended after closing. Times are compared as instants, but as local dates
-- when the closing carries no time of day (exactly 00:00:00). Making and delivering the document come after closing.
with late as (
    select
        v.case_id,
        bool_or(k.kind is not null) as is_known,
        jsonb_agg(
            jsonb_build_object('step', e.step_code, 'at', to_char(s.latest, 'YYYY-MM-DD HH24:MI:SS'))
            order by s.latest, e.event_no
        ) filter (where k.kind is not null) as steps
    from path t
    join case_version v on v.case_id = t.case_id
    join core.event e on e.case_id = v.case_id and e.deleted_at is null
    left join catalogue.step k
        on k.power_code = v.power_code and k.version = v.version and k.step_code = e.step_code
    cross join lateral (
        select
            greatest(e.started_at, e.ended_at) at time zone 'Asia/Shanghai' as latest,
            v.closed_at at time zone 'Asia/Shanghai' as closed
    ) s
    where t.may_be_late and s.latest > s.closed
        and (s.closed <> date_trunc('day', s.closed) or s.latest::date > v.closed_on)
        and (k.kind is null or k.kind not in ('issue', 'delivery'))
    group by v.case_id
),
judged as (
    select
        v.*,
        y.steps,
        case
            when v.reason is not null then v.reason
            when t.case_id is null then 'events_missing'
            when y.is_known = false then 'step_not_in_flow'
        end as why_not
    from case_version v
    left join path t on t.case_id = v.case_id
    left join late y on y.case_id = v.case_id
    where v.closed_at is not null
)
select
    'case:' || j.case_id as subject,
    j.case_id,
    j.department,
    j.power_code,
    case
        when j.why_not is not null then 'not_evaluable'
        when j.steps is not null then 'violation'
        else 'compliant'
    end as outcome,
    case when j.steps is not null then jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', j.source_case_no,
        'power_version', j.version,
        'closed_at', to_char(j.closed_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS'),
        'late_steps', j.steps
    )) end as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    j.why_not as reason
from judged j
