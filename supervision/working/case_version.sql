-- The cases in scope that are not deleted, as the rules look at them, and the catalogue version that each is judged
-- by: the one in force on the local date of acceptance, else of application. Where there is none, `reason` says why
-- and `version` is null. `judged_on` is that date, else the run's, and is never null: parameters are taken by it. `unit`, `acceptor`
-- and `approver` are null where they are blank.
with power_in_force as (
    -- From which moment up to which each version is in force: local days, as moments, so that no case's need be converted.
    -- Grouped, so that they are worked out once and not for each case.
    select
        power_code,
        version,
        type,
        body_code,
        case_kind,
        charges,
        effective_from::timestamp at time zone 'Asia/Shanghai' as begins,
        (effective_to + 1)::timestamp at time zone 'Asia/Shanghai' as ends
    from catalogue.power
    group by power_code, version, type, body_code, case_kind, charges, effective_from, effective_to
)
select
    c.case_id,
    c.department,
    c.source_case_no,
    c.power_code,
    d.on_date,
    coalesce(d.on_date, run.as_of_on) as judged_on,
    p.version,
    p.type as power_type,
    p.body_code,
    p.case_kind as power_case_kind,
    p.charges,
    c.case_kind,
    c.applied_at,
    c.accepted_at,
    c.decided_at,
    c.closed_at,
    c.delivered_at,
    c.reported_at,
    c.applied_at::date as applied_on,
    c.accepted_at::date as accepted_on,
    c.decided_at::date as decided_on,
    c.closed_at::date as closed_on,
    c.delivered_at::date as delivered_on,
    c.result,
    coalesce(trim(translate(c.result_reason, '　' || chr(9) || chr(10) || chr(13), '')), '') <> '' as has_reason,
    coalesce(trim(c.document_no), '') <> '' as has_document,
    coalesce(c.applicant_token, '') <> '' as has_applicant,
    coalesce(nullif(trim(c.title), ''), nullif(trim(c.item_name), '')) is not null as has_title,
    c.applicant_identity_state as identity_state,
    nullif(trim(c.unit), '') as unit,
    nullif(trim(c.acceptor), '') as acceptor,
    nullif(trim(c.approver), '') as approver,
    case
        when c.power_code is null then 'power_code_missing'
        when p.version is not null then null
        when known.power_code is null then 'power_unknown'
        when d.on_date is null then 'date_missing'
        else 'power_not_in_force'
    end as reason
from scope
join core."case" c on c.case_id = scope.case_id and c.deleted_at is null
cross join run
cross join lateral (
    select coalesce(c.accepted_at, c.applied_at)::date as on_date
) d
left join (select distinct power_code from catalogue.power) known on known.power_code = c.power_code
left join power_in_force p
    on p.power_code = c.power_code
    and coalesce(c.accepted_at, c.applied_at) >= p.begins
    and (p.ends is null or coalesce(c.accepted_at, c.applied_at) < p.ends)
