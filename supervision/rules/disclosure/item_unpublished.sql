-- Items of disclosure in force of which nothing was ever published, although the item has been in force for longer
-- than its period of publication. A department that reports no publication at all cannot be judged.
with item as (
    select
        i.item_code,
        i.name,
        i.version,
        i.body_code,
        i.publish_within_value,
        coalesce(i.publish_within_unit, 'working_day') as limit_unit,
        began.first_on
    from catalogue.disclosure_item i
    cross join run
    join (select item_code, min(effective_from) as first_on from catalogue.disclosure_item group by item_code) began
        on began.item_code = i.item_code
    where run.as_of_on between i.effective_from and coalesce(i.effective_to, date '9999-12-31')
),
owner as (
    select body_code, min(department) as department from reference.department group by body_code
),
reporting_body as (
    select d.body_code
    from reference.department d
    join core.disclosure p on p.department = d.department and p.deleted_at is null
    group by d.body_code
),
published as (
    select d.item_code
    from core.disclosure d
    cross join run
    where d.deleted_at is null and d.published_at <= run.as_of
    group by d.item_code
),
judged as (
    select
        i.item_code,
        i.name,
        i.version,
        i.first_on,
        i.body_code,
        o.department,
        i.limit_unit,
        coalesce(i.publish_within_value, p.value) as limit_value,
        case i.limit_unit
            when 'working_day' then last.work_index - first.work_index
            when 'calendar_day' then run.as_of_on - i.first_on
        end as elapsed,
        published.item_code is not null as is_published,
        case
            when o.department is null then 'department_unknown'
            when r.body_code is null then 'disclosures_not_reported'
            when published.item_code is not null then null
            when first.date is null or last.date is null then 'outside_calendar'
            when i.limit_unit not in ('working_day', 'calendar_day') then 'unit_unsupported'
        end as why_not
    from item i
    cross join run
    left join owner o on o.body_code = i.body_code
    left join reporting_body r on r.body_code = i.body_code
    left join published on published.item_code = i.item_code
    left join parameter p
        on p.name = 'publish_within' and p.department = o.department and p.power_code = ''
        and run.as_of_on between p.valid_from and p.valid_to
    left join reference.calendar_day first on first.date = i.first_on
    left join reference.calendar_day last on last.date = run.as_of_on
)
select
    'item:' || item_code as subject,
    null::uuid as case_id,
    coalesce(department, body_code) as department,
    item_code as power_code,
    case
        when why_not is not null then 'not_evaluable'
        when not is_published and elapsed > limit_value then 'violation'
        else 'compliant'
    end as outcome,
    case when why_not is null and not is_published and elapsed > limit_value then
        jsonb_strip_nulls(jsonb_build_object(
            'item_code', item_code,
            'item_name', name,
            'item_version', version,
            'in_force_from', first_on
        ))
    end as facts,
    limit_value,
    limit_unit,
    elapsed,
    null::date as due_on,
    why_not as reason
from judged
