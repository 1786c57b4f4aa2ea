-- Case numbers that are missing in a department's running series. Only a department that numbers its cases without
-- gaps is judged, which `serial_digits` declares: a case number is then a prefix (a year, a window) and that many
-- digits. A number that waits in quarantine has been reported, and one that was deleted too: they are not missing.
with declared as (
    select d.department, cast(p.value as int) as digits
    from reference.department d
    cross join run
    left join parameter p
        on p.name = 'serial_digits' and p.department = d.department and p.power_code = ''
        and run.as_of_on between p.valid_from and p.valid_to
),
told as (
    select c.department, d.digits, c.source_case_no, true as is_case, c.case_id
    from declared d
    join core."case" c on c.department = d.department
    where d.digits > 0
    union all
    select q.department, d.digits, q.record_key, false, null
    from declared d
    join ops.quarantine q on q.department = d.department
    where d.digits > 0
),
parsed as (
    select
        department,
        digits,
        is_case,
        case_id,
        left(source_case_no, length(source_case_no) - digits) as prefix,
        case
            when length(source_case_no) >= digits
                and translate(right(source_case_no, digits), '0123456789', '') = ''
                then cast(right(source_case_no, digits) as bigint)
        end as serial
    from told
),
series as (
    select department, prefix from parsed where is_case and serial is not null group by department, prefix
),
numbered as (
    select
        p.department,
        p.prefix,
        p.digits,
        p.serial,
        p.case_id,
        lead(p.serial) over (partition by p.department, p.prefix order by p.serial) as next_serial,
        lead(p.case_id) over (partition by p.department, p.prefix order by p.serial) as next_case_id
    from (
        select department, prefix, digits, serial, min(case_id::text) as case_id
        from parsed
        where serial is not null
        group by department, prefix, digits, serial
    ) p
    join series s on s.department = p.department and s.prefix = p.prefix
),
judged as (
    select
        'serial:' || department || '/' || prefix || '/' || lpad(cast(serial + 1 as text), digits, '0') as subject,
        department,
        'violation' as outcome,
        jsonb_strip_nulls(jsonb_build_object(
            'prefix', prefix,
            'first_missing', lpad(cast(serial + 1 as text), digits, '0'),
            'last_missing', lpad(cast(next_serial - 1 as text), digits, '0'),
            'missing', next_serial - serial - 1,
            'case_ids', array[case_id, next_case_id]
        )) as facts,
        null as reason
    from numbered
    where next_serial > serial + 1
    union all
    select 'serial:' || department || '/' || prefix, department, 'compliant', null, null
    from numbered
    group by department, prefix
    having count(*) filter (where next_serial > serial + 1) = 0
    union all
    select 'department:' || department, department, 'not_evaluable', null, 'serials_malformed'
    from parsed
    where is_case and serial is null
    group by department
    union all
    select 'department:' || department, department, 'not_evaluable', null, 'serials_undeclared'
    from declared
    where digits <= 0
)
select
    subject,
    null::uuid as case_id,
    department,
    null as power_code,
    outcome,
    facts,
    null::numeric as limit_value,
    null as limit_unit,
    null::numeric as elapsed,
    null::date as due_on,
    reason
from judged
