-- Published without a field that the item must have.
select d.department, d.source_no
from core.disclosure d
join catalogue.disclosure_item i
    on i.item_code = d.item_code
    and coalesce(d.produced_at, d.published_at)::date between i.effective_from and coalesce(i.effective_to, 'infinity')
where d.deleted_at is null and d.published_at is not null and trim(d.fields) <> ''
    and (exists (
        select from unnest(string_to_array(i.fields_required, e'\n')) f
        where position('、' || f || '、' in '、' || d.fields || '、') = 0)
        or coalesce(d.title, '') = ''
        or coalesce(d.url, '') = '')
