-- Cases in which a step follows another from which the flow never leads to it, directly or over other steps.
-- Going forward past a step is no matter of this rule, but of procedure.step_skipped.
with recursive leads_to (power_code, version, from_step, to_step) as (
    select power_code, version, from_step, to_step from catalogue.transition
    union
    select l.power_code, l.version, l.from_step, t.to_step
    from leads_to l
    join catalogue.transition t
        on t.power_code = l.power_code and t.version = l.version and t.from_step = l.to_step
),
way as (
    -- Many cases go the same way: each way is judged once.
    select v.power_code, v.version, t.steps
    from case_version v
    join path t on t.case_id = v.case_id
    where v.version is not null
    group by v.power_code, v.version, t.steps
),
pair as (
    select
        w.*,
        u.position,
        u.step,
        lead(u.step) over (partition by w.power_code, w.version, w.steps order by u.position) as next_step
    from way w
    cross join lateral unnest(w.steps) with ordinality as u (step, position)
),
judged as (
    select
        p.power_code,
        p.version,
        p.steps,
        bool_or(k.step_code is null) as has_unknown_step,
        array_agg(p.step || '→' || p.next_step order by p.position)
            filter (where p.next_step is not null and l.to_step is null) as wrong_transitions
    from pair p
    left join catalogue.step k
        on k.power_code = p.power_code and k.version = p.version and k.step_code = p.step
    left join leads_to l
        on l.power_code = p.power_code and l.version = p.version
        and l.from_step = p.step and l.to_step = p.next_step
    group by p.power_code, p.version, p.steps
)
select
    'case:' || v.case_id as subject,
    v.case_id,
    v.department,
    v.power_code,
    case
        when v.reason is not null or j.has_unknown_step then 'not_evaluable'
        when j.wrong_transitions is not null then 'violation'
        else 'compliant'
    end as outcome,
    jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', v.source_case_no,
        'power_version', v.version,
        'wrong_transitions', j.wrong_transitions,
        'path', t.steps
    )) as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    case when v.reason is not null then v.reason when j.has_unknown_step then 'step_not_in_flow' end as reason
from case_version v
join path t on t.case_id = v.case_id
left join judged j
    on j.power_code = v.power_code and j.version = v.version and j.steps = t.steps
