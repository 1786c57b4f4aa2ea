-- Conformance to the flow, judged once for each distinct way: one row per `way` of `path`.
-- `taken`: the steps with repeats in a row taken together. `allowed`: the flow's transitions, as a→b.
-- `wrong_transitions`: those of `taken` whose second step the flow never leads to from the first, directly or over
-- other steps; null when there is none. `missing_steps`: mandatory steps that are not among them, or null.
-- `has_mandatory`: whether the flow has any. `has_work`: a step that it calls work or decision. `has_unknown_step`: one that it
-- does not have. What is a skip, a repeat, a loop and a parallel step: ../rules/procedure/README.md.
with recursive leads_to (power_code, version, from_step, to_step) as (
    select power_code, version, from_step, to_step from catalogue.transition
    union
    select l.power_code, l.version, l.from_step, t.to_step
    from leads_to l
    join catalogue.transition t
        on t.power_code = l.power_code and t.version = l.version and t.from_step = l.to_step
),
way as (
    select
        row_number() over (order by way) as variant_no,
        way,
        split_part(way, chr(31), 1) as power_code,
        cast(split_part(way, chr(31), 2) as int) as version,
        string_to_array(split_part(way, chr(31), 3), chr(30)) as steps
    from (select way from path where way is not null group by way) distinct_way
),
walked as (
    select
        w.variant_no,
        w.power_code,
        w.version,
        u.position,
        u.step,
        lag(u.step) over (partition by w.variant_no order by u.position) as step_before
    from way w
    cross join lateral unnest(w.steps) with ordinality as u (step, position)
),
judged as (
    select
        p.variant_no,
        array_agg(p.step order by p.position) filter (where p.step_before is distinct from p.step) as taken,
        array_agg(p.step_before || '→' || p.step order by p.position)
            filter (where p.step_before <> p.step and l.to_step is null) as wrong_transitions,
        coalesce(bool_or(k.kind in ('work', 'decision')), false) as has_work,
        bool_or(k.step_code is null) as has_unknown_step
    from walked p
    left join catalogue.step k
        on k.power_code = p.power_code and k.version = p.version and k.step_code = p.step
    left join leads_to l
        on l.power_code = p.power_code and l.version = p.version
        and l.from_step = p.step_before and l.to_step = p.step
    group by p.variant_no
),
obligatory as (
    select
        w.variant_no,
        array_agg(k.step_code order by k.step_order) filter (where not k.step_code = any(w.steps)) as missing_steps
    from way w
    join catalogue.step k on k.power_code = w.power_code and k.version = w.version and k.mandatory
    group by w.variant_no
),
flow as (
    select
        t.power_code,
        t.version,
        array_agg(t.from_step || '→' || t.to_step order by a.step_order, b.step_order) as allowed
    from catalogue.transition t
    join catalogue.step a
        on a.power_code = t.power_code and a.version = t.version and a.step_code = t.from_step
    join catalogue.step b
        on b.power_code = t.power_code and b.version = t.version and b.step_code = t.to_step
    group by t.power_code, t.version
)
select
    w.way,
    j.taken,
    f.allowed,
    j.wrong_transitions,
    o.missing_steps,
    o.variant_no is not null as has_mandatory,
    j.has_work,
    j.has_unknown_step
from way w
join judged j on j.variant_no = w.variant_no
left join obligatory o on o.variant_no = w.variant_no
left join flow f on f.power_code = w.power_code and f.version = w.version
