-- The catalogue version that each case in scope is judged by: the one in force on the local date of acceptance,
-- else of application. Where there is none, `reason` says why and `version` is null.
drop table if exists pg_temp.case_version;

create temp table case_version on commit drop as
select
    c.case_id,
    c.department,
    c.source_case_no,
    c.power_code,
    d.on_date,
    p.version,
    p.charges,
    case
        when c.power_code is null then 'power_code_missing'
        when p.version is not null then null
        when not exists (select from catalogue.power k where k.power_code = c.power_code) then 'power_unknown'
        when d.on_date is null then 'date_missing'
        else 'power_not_in_force'
    end as reason
from scope
join core."case" c on c.case_id = scope.case_id and c.deleted_at is null
cross join lateral (
    select (coalesce(c.accepted_at, c.applied_at) at time zone 'Asia/Shanghai')::date as on_date
) d
left join catalogue.power p
    on p.power_code = c.power_code
    and d.on_date between p.effective_from and coalesce(p.effective_to, 'infinity');

create unique index on case_version (case_id);
analyze case_version;
