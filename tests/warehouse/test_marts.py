"""The views for dashboards: what they count, and that people appear masked only."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, text

from hub.core.settings import CONTENT_ROOT
from supervision import calendar_frame
from tests.warehouse.builders import DEPARTMENT, Bad, case_id, case_row, day, landing, rows_of
from warehouse import marts, reference
from warehouse.landing import land

POWER = "36012100MZ-JF-0001"
OWNED = {
    "case": (
        "source_case_no",
        "power_code",
        "applicant_masked",
        "accepted_at",
        "decided_at",
        "title",
    )
}


@pytest.fixture
def county(database: Engine) -> Engine:
    """Two cases, a rejected row, a power that changed its name, and three findings."""
    land(
        database,
        landing(
            [
                case_row("A", power_code=POWER, applicant_masked="张＊＊", accepted_at=day(1), decided_at=day(5)),
                case_row("B", power_code=POWER, applicant_masked="李＊＊", accepted_at=day(200)),
                Bad(key="C"),
            ],
            owned=OWNED,
        ),
    )  # fmt: skip
    versions = [
        (1, date(2010, 1, 1), date(2012, 6, 30), "旧名"),
        (2, date(2012, 7, 1), None, "新名"),
    ]
    findings = [
        ("f1", "A", "yellow", "open"),
        ("f2", "B", "yellow", "open"),
        ("f3", "A", "red", "closed"),
    ]
    with database.begin() as connection:
        connection.execute(
            text(
                "insert into reference.department values (:d, '36012100MZ', '民政局', 'Civil Affairs', '24h')"
            ),
            {"d": DEPARTMENT},
        )
        connection.execute(
            text(
                "insert into catalogue.power (power_code, version, effective_from, effective_to, name, type, "
                "body_code, charges, on_platform) values (:power, :version, :start, :end, :name, 'JF', "
                "'36012100MZ', false, true)"
            ),
            [
                {"power": POWER, "version": v, "start": s, "end": e, "name": n}
                for v, s, e, n in versions
            ],
        )
        connection.execute(
            text(
                "insert into supervision.rule values ('timeliness.overdue_promised', 'v1', 'timeliness', 'yellow', "
                "'超承诺时限', 'Overdue', '条例', 'active', now())"
            )
        )
        connection.execute(
            text(
                "insert into supervision.finding (finding_id, rule_id, rule_version, subject, case_id, power_code, "
                "department, level, state, facts, limit_value, limit_unit, elapsed, due_on, first_seen, last_seen, "
                "first_run, last_run, judged, digest) values (:id, 'timeliness.overdue_promised', 'v1', :subject, "
                "cast(:case as uuid), :power, :department, :level, :state, '{\"days\": 21}', 20, 'working_day', 21, "
                "'2012-02-01', '2012-12-31 23:59:59+08', '2012-12-31 23:59:59+08', :id, :id, 'violation', '')"
            ),
            [
                {
                    "id": str(uuid.uuid5(uuid.NAMESPACE_OID, name)), "subject": f"case:{number}",
                    "case": case_id(number), "power": POWER, "department": DEPARTMENT, "level": level, "state": state,
                }
                for name, number, level, state in findings
            ],
        )  # fmt: skip
    return database


def test_a_department_s_days(county: Engine) -> None:
    rows = rows_of(
        county,
        "select day, rows_read, rows_landed, rows_quarantined, cases_accepted, cases_decided, open_violations "
        "from mart.department_day where day < '2013-01-01' order by day",
    )
    assert rows == [
        (date(2012, 1, 1), 0, 0, 0, 1, 0, 0),
        (date(2012, 1, 5), 0, 0, 0, 0, 1, 0),
        (date(2012, 7, 18), 0, 0, 0, 1, 0, 0),
        (date(2012, 12, 31), 0, 0, 0, 0, 0, 2),
    ]
    landed = rows_of(
        county,
        "select rows_read, rows_landed, rows_unchanged, rows_superseded, rows_quarantined "
        "from mart.department_day where day > '2013-01-01'",
    )
    assert landed == [(3, 2, 0, 0, 1)]


def test_findings_counted_by_rule_level_and_state(county: Engine) -> None:
    rows = rows_of(
        county,
        "select rule_title_zh, theme, level, department, state, findings from mart.finding_overview order by 3, 5",
    )
    common = ("超承诺时限", "timeliness")
    assert rows == [
        (*common, "red", DEPARTMENT, "closed", 1),
        (*common, "yellow", DEPARTMENT, "open", 2),
    ]


def test_findings_in_detail_name_the_power_as_it_was_called(county: Engine) -> None:
    rows = rows_of(
        county,
        "select source_case_no, applicant_masked, power_name, department_title_zh, facts, limit_value, elapsed, "
        "due_on, basis from mart.finding_detail where state = 'open' order by 1",
    )
    common: tuple[Any, ...] = ("民政局", {"days": 21}, 20, 21, date(2012, 2, 1), "条例")
    assert rows == [("A", "张＊＊", "旧名", *common), ("B", "李＊＊", "新名", *common)]
    assert rows_of(county, "select count(*) from mart.finding_detail") == [(3,)]


def test_what_became_of_the_cases_of_a_power(county: Engine) -> None:
    """A took from 1 to 5 January 2012: two working days, for the 1st to the 3rd were holidays. B is open."""
    with county.begin() as connection:
        reference.replace_calendar(connection, calendar_frame())
    rows = rows_of(
        county,
        "select month, power_name, cases_accepted, cases_ended, cases_open, working_days_median, overdue_promised, "
        "findings from mart.power_performance order by month",
    )
    assert rows == [
        (date(2012, 1, 1), "旧名", 1, 1, 0, 2, 2, 2),
        (date(2012, 7, 1), "新名", 1, 0, 1, None, 1, 1),
    ]
    rows = rows_of(
        county,
        "select month, cases_ended, cases_timed, working_days_mean, over_promised, over_statutory from mart.timeliness",
    )
    assert rows == [(date(2012, 1, 1), 1, 1, 2, 1, 0)]


def test_what_a_dataset_brought(county: Engine) -> None:
    rows = rows_of(
        county,
        "select department_title_zh, batches, rows_read, rows_landed, rows_quarantined, rows_waiting, share_accepted "
        "from mart.data_quality",
    )
    assert rows == [("民政局", 1, 3, 2, 1, 1, Decimal("0.6667"))]


def test_the_catalogue_as_the_public_sees_it(county: Engine) -> None:
    rows = rows_of(
        county,
        "select version, name, is_in_force, steps, materials from mart.catalogue_public order by 1",
    )
    assert rows == [(1, "旧名", False, 0, 0), (2, "新名", True, 0, 0)]


def test_scores_with_their_places(county: Engine) -> None:
    with county.begin() as connection:
        connection.execute(
            text(
                "insert into supervision.score (month, department, power_code, formula, formula_version, score, "
                "inputs, as_of, computed_at) values ('2012-11-01', :one, '', 'f', 'v', 90, '{}', now(), now()), "
                "('2012-11-01', 'other', '', 'f', 'v', 95, '{}', now(), now())"
            ),
            {"one": DEPARTMENT},
        )
    rows = rows_of(
        county, "select department_title_zh, score, place from mart.score_month order by place"
    )
    assert rows == [(None, 95, 1), ("民政局", 90, 2)]


def test_every_column_of_every_mart_is_documented(database: Engine) -> None:
    undocumented = rows_of(
        database,
        """
        select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'mart'::regnamespace and a.attnum > 0 and col_description(c.oid, a.attnum) is null
        """,
    )
    assert undocumented == []
    views = inspect(database).get_view_names(schema="mart")
    assert set(views) == {
        "department_day", "power_performance", "finding_overview", "finding_detail", "timeliness", "data_quality",
        "score_month", "catalogue_public", "department_statement",
    }  # fmt: skip


def test_the_marts_page_is_what_the_views_say() -> None:
    assert (CONTENT_ROOT / "docs" / "marts.md").read_text("utf-8") == marts.page(), "run hub marts"
