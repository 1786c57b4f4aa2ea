-- A field empty that every accepted or decided case must have.
select c.case_id
from core."case" c
join catalogue.power p
    on p.power_code = c.power_code and c.accepted_at::date between p.effective_from and coalesce(p.effective_to, 'infinity')
where c.deleted_at is null
    and (
        coalesce(c.applicant_token, '') = '' or coalesce(c.title, c.item_name, '') = '' or c.applied_at is null
        or coalesce(c.unit, '') = '' or coalesce(c.acceptor, '') = ''
        or (c.decided_at is not null and (c.result is null or coalesce(c.approver, '') = ''))
    )
