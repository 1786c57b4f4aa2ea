-- Cases of which a time, the result or a fee read differently before. Each has one earlier version at most here, and
-- nothing was mapped anew.
select c.case_id
from core."case" c
join history."case" h on h.case_id = c.case_id
where c.deleted_at is null
    and (
        (h.accepted_at is not null and h.accepted_at is distinct from c.accepted_at)
        or (h.decided_at is not null and h.decided_at is distinct from c.decided_at)
        or (h.closed_at is not null and h.closed_at is distinct from c.closed_at)
        or (h.result is not null and h.result is distinct from c.result)
    )
union
select f.case_id
from core.fee f
join history.fee h on h.case_id = f.case_id and h.fee_no = f.fee_no
join core."case" c on c.case_id = f.case_id and c.deleted_at is null
where h.amount is not null and h.amount is distinct from f.amount
