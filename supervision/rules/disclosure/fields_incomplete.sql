-- Published items that lack a field which the catalogue demands of such items, or a title or an address.
with published as (
    select
        d.department,
        d.source_no,
        d.item_code,
        coalesce(trim(d.title), '') = '' as has_no_title,
        coalesce(trim(d.url), '') = '' as has_no_address,
        trim(d.fields) as fields,
        d.published_at::date as published_on,
        coalesce(
            d.produced_at::date, d.published_at::date
        ) as on_date
    from core.disclosure d
    where d.published_at is not null and d.deleted_at is null
),
demanded as (
    select i.item_code, i.version, trim(f.field) as field
    from catalogue.disclosure_item i
    cross join lateral unnest(string_to_array(i.fields_required, chr(10))) as f (field)
    where trim(f.field) <> ''
),
placed as (
    select
        p.*,
        i.version,
        case
            when known.item_code is null then 'item_unknown'
            when i.item_code is null then 'item_not_in_force'
            when coalesce(p.fields, '') = '' then 'fields_not_reported'
        end as why_not
    from published p
    left join (select distinct item_code from catalogue.disclosure_item) known on known.item_code = p.item_code
    left join catalogue.disclosure_item i
        on i.item_code = p.item_code
        and p.on_date between i.effective_from and coalesce(i.effective_to, date '9999-12-31')
),
lacking as (
    select p.department, p.source_no, array_agg(m.field order by m.field) as missing
    from placed p
    join demanded m on m.item_code = p.item_code and m.version = p.version
    where position('、' || m.field || '、' in '、' || p.fields || '、') = 0
    group by p.department, p.source_no
),
judged as (
    select
        p.*,
        l.missing,
        l.missing is not null or p.has_no_title or p.has_no_address as is_incomplete
    from placed p
    left join lacking l on l.department = p.department and l.source_no = p.source_no
)
select
    'disclosure:' || department || '/' || source_no as subject,
    null::uuid as case_id,
    department,
    item_code as power_code,
    case
        when why_not is not null then 'not_evaluable'
        when is_incomplete then 'violation'
        else 'compliant'
    end as outcome,
    case when why_not is null and is_incomplete then
        jsonb_strip_nulls(jsonb_build_object(
            'source_no', source_no,
            'item_code', item_code,
            'item_version', version,
            'published_on', published_on,
            'missing_fields', missing,
            'title_missing', case when has_no_title then true end,
            'address_missing', case when has_no_address then true end
        ))
    end as facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    why_not as reason
from judged
