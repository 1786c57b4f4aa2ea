-- Vanished at the source.
select c.case_id
from core."case" c
join ops.batch b on b.batch_id = c.batch_id
where c.deleted_at is not null and b.kind not in ('replay', 'rebuild')
