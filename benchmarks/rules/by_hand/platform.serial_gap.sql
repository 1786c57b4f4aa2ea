-- Numbers missing in the series of the one department that numbers without gaps.
select prefix, number
from (
    select
        left(source_case_no, 4) as prefix, right(source_case_no, 8)::bigint as number,
        lead(right(source_case_no, 8)::bigint) over (
            partition by left(source_case_no, 4) order by right(source_case_no, 8)::bigint) as next
    from core."case"
    where department = 'land_resources'
) series
where next > number + 1
