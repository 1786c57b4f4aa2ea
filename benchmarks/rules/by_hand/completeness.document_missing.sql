-- Granted without a document number.
select c.case_id
from core."case" c
left join catalogue.power p
    on p.power_code = c.power_code
    and coalesce(c.accepted_at, c.applied_at)::date between p.effective_from and coalesce(p.effective_to, 'infinity')
where c.deleted_at is null and c.result = 'granted' and coalesce(trim(c.document_no), '') = ''
    and coalesce(p.case_kind, c.case_kind) is distinct from 'instant'
