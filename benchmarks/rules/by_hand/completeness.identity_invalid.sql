-- Identity numbers whose check digit is wrong.
select case_id from core."case" where deleted_at is null and applicant_identity_state = 'invalid'
