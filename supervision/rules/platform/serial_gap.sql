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
    -- Numbered, as cases are sorted by a number faster than by two texts.
    select department, prefix, digits, row_number() over (order by department, prefix) as series_no
    from parsed
    where is_case and serial is not null
    group by department, prefix, digits
),
numbered as (
    select
        series_no,
        serial,
        case_id,
        lead(serial) over (partition by series_no order by serial) as next_serial,
        lead(case_id) over (partition by series_no order by serial) as next_case_id
    from (
        select s.series_no, p.serial, min(p.case_id::text) as case_id
        from parsed p
        join series s on s.department = p.department and s.prefix = p.prefix
        where p.serial is not null
        group by s.series_no, p.serial
    ) p
),
gap as (
    select s.department, s.prefix, s.digits, n.serial, n.case_id, n.next_serial, n.next_case_id, s.series_no
    from numbered n
    join series s on s.series_no = n.series_no
    where n.next_serial > n.serial + 1
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
    from gap
    union all
    select 'serial:' || s.department || '/' || s.prefix, s.department, 'compliant', null, null
    from series s
    where not exists (select from gap g where g.series_no = s.series_no)
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
