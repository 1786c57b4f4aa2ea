-- Items of disclosure published later than the item's own period, or than `publish_within` where it has none, after they
-- were produced; items not published yet count up to the time of the run.
with judged as (
    select
        d.department,
        d.source_no,
        d.item_code,
        t.produced_on,
        t.published_on,
        coalesce(i.publish_within_value, p.value) as limit_value,
        coalesce(i.publish_within_unit, 'working_day') as limit_unit,
        last.work_index - first.work_index as working_days,
        t.ended_on - t.produced_on as calendar_days,
        first.work_index as first_index,
        case
            when d.produced_at is null then 'produced_missing'
            when not exists (select from catalogue.disclosure_item k where k.item_code = d.item_code)
                then 'item_unknown'
            when i.item_code is null then 'item_not_in_force'
            when t.ended_on < t.produced_on then 'published_before_produced'
            when first.work_index is null or last.work_index is null then 'outside_calendar'
            when i.publish_within_unit not in ('working_day', 'calendar_day')
                then 'unit_unsupported'
        end as why_not
    from core.disclosure d
    cross join run
    cross join lateral (
        select
            d.produced_at::date as produced_on,
            d.published_at::date as published_on,
            coalesce(d.published_at, run.as_of)::date as ended_on
    ) t
    left join catalogue.disclosure_item i
        on i.item_code = d.item_code
        and t.produced_on between i.effective_from and coalesce(i.effective_to, date '9999-12-31')
    left join parameter p
        on p.name = 'publish_within' and p.department = d.department and p.power_code = d.item_code
        and t.produced_on between p.valid_from and p.valid_to
    left join reference.calendar_day first on first.date = t.produced_on
    left join reference.calendar_day last on last.date = t.ended_on
    where d.deleted_at is null
),
counted as (
    select
        j.*,
        case j.limit_unit when 'working_day' then j.working_days else j.calendar_days end as elapsed,
        case j.limit_unit when 'working_day' then w.date else j.produced_on + j.limit_value::int end as due_on
    from judged j
    left join reference.calendar_day w
        on w.is_workday and w.work_index = j.first_index + j.limit_value
)
select
    'disclosure:' || department || '/' || source_no as subject,
    null::uuid as case_id,
    department,
    item_code as power_code,
    case
        when why_not is not null then 'not_evaluable'
        when elapsed > limit_value then 'violation'
        else 'compliant'
    end as outcome,
    case when why_not is null and elapsed > limit_value then jsonb_strip_nulls(jsonb_build_object(
        'source_no', source_no,
        'item_code', item_code,
        'produced_on', produced_on,
        'published_on', published_on
    )) end as facts,
    limit_value,
    limit_unit,
    elapsed,
    due_on,
    why_not as reason
from counted
