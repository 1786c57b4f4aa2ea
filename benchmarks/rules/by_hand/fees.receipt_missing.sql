-- Without a receipt.
select f.case_id, f.fee_no
from core.fee f
join core."case" c on c.case_id = f.case_id and c.deleted_at is null
where f.deleted_at is null and f.amount > 0 and coalesce(trim(f.receipt_no), '') = ''
