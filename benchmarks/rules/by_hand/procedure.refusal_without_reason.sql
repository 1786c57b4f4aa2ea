-- Refused without a reason.
select case_id from core."case"
where deleted_at is null and result in ('refused', 'returned', 'denied') and coalesce(trim(result_reason), '') = ''
