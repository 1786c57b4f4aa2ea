"""What is kept from run to run is what would be made anew: whatever lands, whenever the run, in however many sessions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

import supervision
from supervision import kept, slices
from supervision.kept import Basis, Part
from supervision.parameters import CLOCK, FIRST, LAST, Override
from tests.supervision.conftest import World
from tests.supervision.test_incremental import HISTORIES, lay_out
from warehouse.reference import replace_calendar

RULES = supervision.load_rules()
BEGAN = datetime(2012, 10, 8, 8)  # noqa: DTZ001 (local)
SLICE, COUNTY = Part(1, 2), Part(0, 2)
ROUND_UP = Override(CLOCK, "round_up", "", "", "", 1.0, FIRST, LAST)


@pytest.fixture
def warehouse(database: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr(slices, "WORTH_IT", -1)
    with database.begin() as connection:
        replace_calendar(connection, supervision.calendar_frame())
    return database


@pytest.fixture
def session(warehouse: Engine) -> Iterator[Connection]:
    still = warehouse.execution_options(isolation_level="REPEATABLE READ")
    with still.connect() as opened:
        yield opened


def a_county(warehouse: Engine) -> World:
    """An empty county of which nothing is kept, committed."""
    with warehouse.begin() as connection:
        tables = connection.scalar(
            text("""
                select string_agg(format('%I.%I', table_schema, table_name), ', ') from information_schema.tables
                where table_schema in ('core', 'history', 'catalogue', 'supervision', 'ops')
                    and table_type = 'BASE TABLE'
            """)
        )
        connection.exec_driver_sql(f"truncate {tables}, reference.department")
        for number in range(kept.SLICES + 1):
            connection.exec_driver_sql(f"drop table if exists working_{number}.state")
        world = World(connection)
        lay_out(world)
    return world


def land(warehouse: Engine, world: World, entity: str, **values: Any) -> None:
    with warehouse.begin() as world.connection:
        world.land(entity, **values)


def supervised(warehouse: Engine, world: World, now: datetime) -> supervision.RunSummary:
    """A run in two sessions, committed."""
    still = warehouse.execution_options(isolation_level="REPEATABLE READ")
    with supervision.sliced(warehouse, RULES, 2) as engine, still.begin() as connection:
        return supervision.evaluate(connection, RULES, now, False, world.versions, engine=engine)


def anew(warehouse: Engine, world: World, now: datetime) -> supervision.RunSummary:
    """A run in one session that looks at every case and at nothing that was kept; leaves no trace."""
    with warehouse.connect() as connection:
        found = supervision.evaluate(connection, RULES, now, True, world.versions)
        connection.rollback()
    return found


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(HISTORIES, st.booleans())
def test_whatever_lands_and_whenever(
    warehouse: Engine,
    history: list[tuple[list[tuple[str, dict[str, Any]]], int]],
    whole: bool,
) -> None:
    """`whole`: one session judges a rule for all cases, as where few are in scope; else each its slice."""
    world, now = a_county(warehouse), BEGAN
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices, "FEW", 50_000 if whole else -1)
        for lands, hours in history:
            for entity, values in lands:
                land(warehouse, world, entity, **values)
            now += timedelta(hours=hours)
            run = supervised(warehouse, world, now)
            assert run.state == "complete", run
            again = anew(warehouse, world, now)
            assert again.findings_hash == run.findings_hash
            assert not any(result.changes for result in again.rules)


def rows(warehouse: Engine, table: str) -> list[tuple[Any, ...]]:
    with warehouse.connect() as connection:
        return sorted(
            (tuple(row) for row in connection.exec_driver_sql(f"select * from {table}")),  # noqa: S608
            key=str,
        )


def test_counts_of_the_county_follow_its_cases(warehouse: Engine, session: Connection) -> None:
    world = a_county(warehouse)
    basis = Basis(BEGAN, world.versions, (), anew=False)
    times = {
        "accepted_at": "2012-03-01 09:00",
        "closed_at": "2012-03-05 10:00:10",
        "approver": "甲",
    }
    for name in ("A", "B"):
        land(warehouse, world, "case", case_id=name, power_code="P", **times)
    kept.bring_up(session, COUNTY, basis)
    assert [row[-1] for row in rows(warehouse, "working_0.closing_minute")] == [2]
    moved = times | {"closed_at": "2012-03-06 10:00:10"}
    land(warehouse, world, "case", case_id="A", power_code="P", **moved)
    land(warehouse, world, "case", case_id="B", power_code="P", deleted_at="2012-03-07", **times)
    kept.bring_up(session, COUNTY, basis)
    counted = rows(warehouse, "working_0.closing_minute where closings > 0")
    assert [(str(row[0]), row[-1]) for row in counted] == [("2012-03-06 10:00:00", 1)]
    days = "working_0.case_day where accepted + decided + closed > 0"
    followed = rows(warehouse, days)
    kept.bring_up(session, COUNTY, replace(basis, anew=True))
    assert rows(warehouse, days) == followed
    assert rows(warehouse, "working_0.closing_minute") == counted


@pytest.mark.parametrize(
    "other",
    [
        {"versions": {"catalogue": "c2", "calendar": "k1"}},
        {"versions": {"catalogue": "c1", "calendar": "k2"}},
        {"overrides": (ROUND_UP,)},
        {"as_of": BEGAN - timedelta(days=1)},
        {"anew": True},
    ],
    ids=["catalogue", "calendar", "clock", "earlier", "anew"],
)
def test_made_anew_when_it_rests_on_something_else(
    warehouse: Engine, session: Connection, other: dict[str, Any]
) -> None:
    world = a_county(warehouse)
    land(warehouse, world, "case", case_id="A", power_code="P", accepted_at="2012-03-01 09:00")
    basis = Basis(BEGAN, world.versions, (), anew=False)
    for part in (SLICE, Part(2, 2)):
        kept.bring_up(session, part, basis)
    case = next(
        part for part in (SLICE, Part(2, 2)) if rows(warehouse, f"{part.schema}.case_version")
    )
    with warehouse.begin() as connection:
        connection.exec_driver_sql(f"delete from {case.schema}.case_version")  # noqa: S608
    kept.bring_up(session, case, basis)
    assert not rows(warehouse, f"{case.schema}.case_version")  # trusted: nothing says otherwise
    kept.bring_up(session, case, replace(basis, **other))
    assert rows(warehouse, f"{case.schema}.case_version")


def test_made_anew_when_the_number_of_slices_is_another(
    warehouse: Engine, session: Connection
) -> None:
    world = a_county(warehouse)
    for name in "ABCDEFGH":
        land(warehouse, world, "case", case_id=name, power_code="P", accepted_at="2012-03-01 09:00")
    basis = Basis(BEGAN, world.versions, (), anew=False)
    kept.bring_up(session, Part(1, 1), basis)
    assert len(rows(warehouse, "working_1.case_version")) == 9
    for part in (SLICE, Part(2, 2)):
        kept.bring_up(session, part, basis)
    both = [rows(warehouse, f"working_{number}.case_version") for number in (1, 2)]
    assert len(both[0]) + len(both[1]) == 9 and not set(both[0]) & set(both[1])


def test_what_a_crash_of_the_server_emptied_is_made_anew(
    warehouse: Engine, session: Connection
) -> None:
    """Unlogged tables are empty after a crash, all of them."""
    world = a_county(warehouse)
    land(warehouse, world, "case", case_id="A", power_code="P", accepted_at="2012-03-01 09:00")
    now = BEGAN
    first = supervised(warehouse, world, now)
    with warehouse.begin() as connection:
        unlogged = connection.scalar(
            text("""
                select string_agg(oid::regclass::text, ', ') from pg_class
                where relnamespace::regnamespace::text like 'working%' and relkind = 'r' and relpersistence = 'u'
            """)
        )
        assert "working_1.state" in unlogged and "working_0.case_day" in unlogged
        connection.exec_driver_sql(f"truncate {unlogged}")
    assert supervised(warehouse, world, now).findings_hash == first.findings_hash
    assert len(rows(warehouse, "working_0.case_moment")) == 2


def test_a_run_sees_what_lands_while_the_tables_are_made(
    warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = a_county(warehouse)
    overdue = {
        "power_code": "P",
        "accepted_at": "2012-03-01 09:00",
        "decided_at": "2012-03-27 09:00",
    }
    bring_up, landed = kept.bring_up, []

    def with_landing(session: Connection, part: Part, basis: Basis) -> None:
        bring_up(session, part, basis)
        if not part.number and not landed:
            landed.append("A")
            land(warehouse, world, "case", case_id="A", **overdue)

    monkeypatch.setattr(kept, "bring_up", with_landing)
    run = supervised(warehouse, world, BEGAN)
    assert landed and run.cases_in_scope == 2
    assert run.ledger_to == world.ledger
    assert run.findings_hash == anew(warehouse, world, BEGAN).findings_hash
    promised = next(each for each in run.rules if each.rule_id == "timeliness.overdue_promised")
    assert promised.violations == 1
