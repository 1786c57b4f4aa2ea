"""The source of the measurement: a department's table of 17 columns in a PostgreSQL database of its own."""

from __future__ import annotations

import time

import psycopg

TABLE_SQL = """
drop table if exists permits;
create table permits (
    id bigint primary key,
    case_no varchar(20) not null,
    data_version integer not null,
    region char(6) not null,
    item_code varchar(20) not null,
    item_name varchar(60) not null,
    title varchar(120) not null,
    applicant_kind char(1) not null,
    channel varchar(10) not null,
    applied_at timestamp not null,
    accepted_at timestamp,
    promised_at date,
    decided_at timestamp,
    closed_at timestamp,
    result varchar(10),
    unit varchar(60) not null,
    changed_at timestamp not null
)
"""
_ROWS = """
insert into permits
select id, 'XK' || lpad(id::text, 12, '0'), 1, '360121',
       'SX' || lpad((id % 40)::text, 3, '0'), (array['道路运输经营许可', '食品经营许可', '建设工程规划许可',
       '排污许可证核发'])[id % 4 + 1] || '（第' || id % 40 || '项）',
       '关于第' || id || '号申请人办理' || (array['新设', '变更', '延续', '注销'])[id % 4 + 1] || '事项的申请',
       (id % 4 + 1)::text, (array['窗口', '网上', '代办'])[id % 3 + 1],
       applied, applied + interval '1 hour' * (id % 40), (applied + interval '20 days')::date,
       applied + interval '1 day' * (id % 23), applied + interval '1 day' * (id % 23) + interval '3 hours',
       (array['准予', '准予', '准予', '不予'])[id % 4 + 1], '行政审批服务局第' || id % 12 || '窗口',
       timestamp '2012-01-01 08:00' + interval '1 second' * id
from (select id, timestamp '2012-01-01 08:00' + interval '7 minutes' * (id % 300000) as applied
      from generate_series(1::bigint, %(rows)s) id) numbered
"""

_CHANGE = """
update permits p set result = '撤回', data_version = data_version + 1,
    changed_at = latest + interval '1 minute' * chosen.n
from (select max(changed_at) as latest, max(id) / %(rows)s as step from permits) t,
     lateral generate_series(1, %(rows)s) chosen (n)
where p.id = chosen.n * t.step
"""


def make(url: str, rows: int) -> None:
    """Make the table anew with that many rows, its key, and the index by which a reader finds what changed."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLE_SQL)
        connection.execute(_ROWS.replace("%(rows)s", str(rows)))
        connection.execute("create unique index on permits (changed_at, id)")
        connection.execute("vacuum analyze permits")


def sample(url: str, rows: int) -> str:
    """Make a table of the first so many rows, for the ways that would take hours for all; returns its name."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop table if exists permits_sample")
        connection.execute("create table permits_sample (like permits including all)")
        connection.execute(
            "insert into permits_sample select * from permits where id <= %s", (rows,)
        )
        connection.execute("vacuum analyze permits_sample")
    return "permits_sample"


def change(url: str, rows: int) -> float:
    """Report that many of the rows again, spread over the table: another result, a higher version, a later time.

    Returns how many seconds the query takes by which a reader finds them.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        before = connection.execute("select max(changed_at) from permits").fetchone()
        connection.execute(_CHANGE, {"rows": rows})
        started = time.perf_counter()
        found = connection.execute(
            "select * from permits where changed_at > %s order by changed_at, id", before
        ).fetchall()
        assert len(found) == rows
        return time.perf_counter() - started
