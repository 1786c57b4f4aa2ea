-- What the rules that compare a case with the flow look at: one row per case of case_version. Of `path` (whose columns are
-- null for cases without events): `way`, `events`, `open_from`, `last_start_at`, `is_backwards`, `lacks_unit`,
-- `may_be_overdue`. `has_limits`: the flow in force gives some step a limit.
select
    v.case_id,
    v.department,
    v.source_case_no,
    v.power_code,
    v.version,
    v.reason,
    v.closed_at,
    v.result,
    t.way,
    t.events,
    t.open_from,
    t.last_start_at,
    t.is_backwards,
    t.lacks_unit,
    coalesce(t.may_be_overdue, false) as may_be_overdue,
    f.power_code is not null as has_limits
from case_version v
left join path t on t.case_id = v.case_id
left join (
    select power_code, version from catalogue.step where limit_value is not null group by power_code, version
) f on f.power_code = v.power_code and f.version = v.version
