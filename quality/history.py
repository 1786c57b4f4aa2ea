"""A department beside its own past: its last whole month against the months before, as SQL over a working table.

The working table has `department` and `month` (a date). A month counts with at least 20 rows, and nothing is said
before three earlier months count. What is bearable is the larger of what the expectation allows and three standard
deviations of the months before: a department that always varied may go on varying.
"""

# ruff: noqa: S608 (statements are made of our own content)

from __future__ import annotations

from quality.vocabulary import Distribution, OfMonths, Share, Volume

LEAST_ROWS, LEAST_MONTHS, MONTHS = 20, 3, 12

_WHOLE = """{month} < date_trunc('month', now() at time zone 'Asia/Shanghai')::date"""

_JUDGED = """
last as (select department, max(month) as month from monthly group by department),
past as (
    select l.department, count(*) as months, avg(m.value) as mean, coalesce(stddev_samp(m.value), 0) as spread
    from last l join monthly m on m.department = l.department and m.month < l.month
        and m.month >= l.month - interval '{months} months'
    group by l.department
)
select m.department, to_char(m.month, 'YYYY-MM') as subject, {observed} as observed, {allowed} as allowed
from last l join monthly m using (department, month) join past p using (department)
where p.months >= {least}
"""


def monthly_sql(check: OfMonths, column: str) -> str:
    """The fact of that check; `column` is the working column that holds the number of each row."""
    sql = _of(check, column)
    return sql.replace("{month}", f'"{column}_month"' if check.month else "month")


def _of(check: OfMonths, column: str) -> str:
    if isinstance(check, Volume):
        return _volume(check)
    if isinstance(check, Distribution):
        return _distribution(check)
    monthly = f"""
with monthly as (
    select department, {{month}} as month, avg("{column}")::float8 as value from {{rows}}
    where {_WHOLE} and "{column}" is not null group by 1, 2 having count(*) >= {LEAST_ROWS}
),"""
    within = f"{check.within}" if isinstance(check, Share) else f"{check.within} * abs(p.mean)"
    return monthly + _judged("abs(m.value - p.mean)", f"greatest({within}, 3 * p.spread)")


def _volume(check: Volume) -> str:
    """A month without rows between two that have some counts as none."""
    monthly = f"""
with counted as (select department, {{month}} as month, count(*) as rows from {{rows}} where {_WHOLE} group by 1, 2),
span as (select department, min(month) as first_month, max(month) as last_month from counted group by 1),
monthly as (
    select s.department, g::date as month, coalesce(c.rows, 0)::float8 as value
    from span s cross join generate_series(s.first_month, s.last_month, interval '1 month') g
    left join counted c on c.department = s.department and c.month = g::date
),"""
    # What little is expected of says nothing by coming or staying away.
    enough = f"case when p.mean >= {LEAST_ROWS} then"
    if check.at_least is not None:
        allowed = f"{enough} least({check.at_least}, greatest(0, 1 - 3 * p.spread / p.mean)) end"
    else:
        allowed = f"{enough} greatest({check.at_most}, 1 + 3 * p.spread / p.mean) end"
    return monthly + _judged("m.value / nullif(p.mean, 0)", allowed)


def _distribution(check: Distribution) -> str:
    """The distance of each month from the mean distribution of the months before the last."""
    column = check.column
    monthly = f"""
with counted as (
    select department, {{month}} as month, "{column}" as code, count(*)::float8 as rows from {{rows}}
    where {_WHOLE} and "{column}" is not null group by 1, 2, 3
),
total as (
    select department, month, sum(rows) as rows from counted group by 1, 2 having sum(rows) >= {LEAST_ROWS}
),
ending as (select department, max(month) as month from total group by 1),
codes as (select distinct department, code from counted),
share as (
    select t.department, t.month, k.code, coalesce(c.rows, 0) / t.rows as share, t.month < e.month as is_past
    from total t join ending e using (department) join codes k on k.department = t.department
    left join counted c on c.department = t.department and c.month = t.month and c.code = k.code
    where t.month >= e.month - interval '{MONTHS} months'
),
usual as (select department, code, avg(share) as share from share where is_past group by 1, 2),
monthly as (
    select s.department, s.month, sum(abs(s.share - u.share)) / 2 as value
    from share s join usual u using (department, code) group by 1, 2
),"""
    return monthly + _judged("m.value", f"greatest({check.within}, p.mean + 3 * p.spread)")


def _judged(observed: str, allowed: str) -> str:
    return _JUDGED.format(observed=observed, allowed=allowed, months=MONTHS, least=LEAST_MONTHS)
