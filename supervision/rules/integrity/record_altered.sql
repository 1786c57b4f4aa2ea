-- Cases in which a time, a result or a fee that had landed reads differently, or not at all, in the next version of
-- its row. What a replay or a rebuilding changed is not the source's doing; nor can it be told from a new mapping when
-- the batch was mapped otherwise than the one before it that the same dataset wrote to that row.
with landed as (
    select
        batch_id,
        kind in ('replay', 'rebuild') as is_ours,
        coalesce(versions ->> 'mapping', '') || ' ' || coalesce(versions ->> 'codes', '') as mapped_by
    from ops.batch
),
case_told as (
    select h.case_id, h.batch_id, h.dataset, h.accepted_at, h.decided_at, h.closed_at, h.result, h.changed_at
    from case_version v
    join history."case" h on h.case_id = v.case_id
    union all
    select c.case_id, c.batch_id, c.dataset, c.accepted_at, c.decided_at, c.closed_at, c.result, null
    from case_version v
    join core."case" c on c.case_id = v.case_id
    where v.case_id in (select case_id from history."case")
),
told as (
    -- One row per version and value, the oldest version being the one that changed first; the standing one never did.
    select
        case_id, 'accepted_at' as place, batch_id, dataset, changed_at,
        to_char(accepted_at, 'YYYY-MM-DD HH24:MI:SS') as value
    from case_told
    union all
    select
        case_id, 'decided_at', batch_id, dataset, changed_at,
        to_char(decided_at, 'YYYY-MM-DD HH24:MI:SS')
    from case_told
    union all
    select
        case_id, 'closed_at', batch_id, dataset, changed_at,
        to_char(closed_at, 'YYYY-MM-DD HH24:MI:SS')
    from case_told
    union all
    select case_id, 'result', batch_id, dataset, changed_at, result
    from case_told
    union all
    select h.case_id, 'fee/' || h.fee_no || '/amount', h.batch_id, h.dataset, h.changed_at, cast(h.amount as text)
    from case_version v
    join history.fee h on h.case_id = v.case_id
    union all
    select f.case_id, 'fee/' || f.fee_no || '/amount', f.batch_id, f.dataset, null, cast(f.amount as text)
    from case_version v
    join core.fee f on f.case_id = v.case_id
    where v.case_id in (select case_id from history.fee)
),
compared as (
    select
        t.case_id,
        t.place,
        t.batch_id,
        t.value as new_value,
        b.is_ours,
        b.mapped_by,
        lag(t.value) over (partition by t.case_id, t.place order by t.changed_at) as old_value,
        lag(t.changed_at) over (partition by t.case_id, t.place order by t.changed_at) as changed_at,
        lag(b.mapped_by) over (partition by t.case_id, t.place, t.dataset order by t.changed_at) as mapped_by_before
    from told t
    join landed b on b.batch_id = t.batch_id
),
changed as (
    select
        case_id,
        jsonb_agg(
            jsonb_strip_nulls(jsonb_build_object(
                'column', place,
                'old', old_value,
                'new', new_value,
                'changed_on', changed_at::date,
                'batch_id', batch_id
            ))
            order by changed_at, place
        ) filter (where mapped_by = mapped_by_before) as changes
    from compared
    where old_value is not null and new_value is distinct from old_value and not is_ours
    group by case_id
)
select
    'case:' || v.case_id as subject,
    v.case_id,
    v.department,
    v.power_code,
    case
        when g.changes is not null then 'violation'
        when g.case_id is not null then 'not_evaluable'
        else 'compliant'
    end as outcome,
    case when g.changes is not null then jsonb_strip_nulls(jsonb_build_object(
        'source_case_no', v.source_case_no,
        'power_version', v.version,
        'changes', g.changes
    )) end as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    case when g.case_id is not null and g.changes is null then 'mapping_changed' end as reason
from case_version v
left join changed g on g.case_id = v.case_id
where v.case_id in (select case_id from history."case" union select case_id from history.fee)
