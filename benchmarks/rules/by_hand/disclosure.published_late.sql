-- Published later than the item allows.
select d.department, d.source_no
from core.disclosure d
join catalogue.disclosure_item i
    on i.item_code = d.item_code
    and d.produced_at::date between i.effective_from and coalesce(i.effective_to, 'infinity')
join reference.calendar_day a on a.date = d.produced_at::date
join reference.calendar_day b on b.date = coalesce(d.published_at, timestamptz '2013-12-31 18:00+08')::date
where d.deleted_at is null and b.date >= a.date
    and case coalesce(i.publish_within_unit, 'working_day')
        when 'working_day' then b.work_index - a.work_index else b.date - a.date
    end > coalesce(i.publish_within_value, 20)
