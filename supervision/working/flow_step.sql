-- The steps of every flow, as they are looked at in an event: one row per step of `catalogue.step`.
-- `is_work`: work or decision. `is_after`: making or delivering the document, which come after closing by nature. `post`: null
-- where it is blank. `in_working_days`: the limit's unit. `lasts`: how long the limit is by the clock at least; a step that was no longer
-- kept it, whatever the calendar.
select
    power_code,
    version,
    step_code,
    kind in ('work', 'decision') as is_work,
    kind in ('issue', 'delivery') as is_after,
    nullif(trim(post), '') as post,
    limit_value,
    limit_unit,
    limit_unit = 'working_day' as in_working_days,
    case limit_unit
        when 'working_day' then limit_value * interval '1 day'
        when 'calendar_day' then limit_value * interval '1 day'
        when 'hour' then limit_value * interval '1 hour'
        when 'minute' then limit_value * interval '1 minute'
        when 'month' then limit_value * 27 * interval '1 day'
    end as lasts
from catalogue.step
