-- Items never published.
select i.item_code
from catalogue.disclosure_item i
join reference.calendar_day a on a.date = i.effective_from
join reference.calendar_day b on b.date = date '2013-12-31'
where date '2013-12-31' between i.effective_from and coalesce(i.effective_to, 'infinity')
    and b.work_index - a.work_index > coalesce(i.publish_within_value, 20)
    and not exists (
        select from core.disclosure d
        where d.item_code = i.item_code and d.deleted_at is null and d.published_at <= timestamptz '2013-12-31 18:00+08')
    and exists (
        select from core.disclosure d join reference.department r on r.department = d.department
        where r.body_code = i.body_code and d.deleted_at is null)
