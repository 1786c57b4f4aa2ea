"""What a department sent and what became of it, on batches that really landed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine, text

from hub.core.batches import SRC
from supervision import calendar_frame
from tests.warehouse.builders import DEPARTMENT, Bad, case_row, landing, rows_of
from warehouse import checks, deliveries, reference
from warehouse.deliveries import Period
from warehouse.landing import land

ALL = Period(None, datetime(2100, 1, 1, tzinfo=UTC))
FATES = ("landed", "unchanged", "superseded", "quarantined", "rejected")
RUNS = ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002")


def at(*day: int) -> datetime:
    return datetime(*day, tzinfo=UTC)


def landed(engine: Engine, rows: list[Any], when: datetime, **more: Any) -> str:
    """A batch that landed at that time, its rejected rows rejected then."""
    batch = landing(rows, **more)
    land(engine, batch)
    with engine.begin() as connection:
        binds = {"at": when, "batch": batch.header.batch_id}
        connection.execute(text("update ops.batch set landed_at = :at, started_at = :at where batch_id = cast(:batch as uuid)"), binds)  # fmt: skip
        connection.execute(
            text(
                "update ops.quarantine set created_at = :at where batch_id = cast(:batch as uuid)"
            ),
            binds,
        )
    return batch.header.batch_id


@pytest.fixture
def two_months(database: Engine) -> Engine:
    """March: two cases and two bad rows. April: one case again, one new, one bad row of another reason."""
    landed(database, [case_row("A"), Bad(key="X"), case_row("B"), Bad(key="Y")], at(2012, 3, 10))
    landed(database, [case_row("A"), case_row("C"), Bad("bad_number")], at(2012, 4, 20))
    return database


def test_rows_sent_are_the_sum_of_their_fates(two_months: Engine) -> None:
    with two_months.connect() as connection:
        (row,) = deliveries.delivered(connection, DEPARTMENT, ALL)
        (april,) = deliveries.delivered(connection, DEPARTMENT, Period(at(2012, 4, 1), at(2012, 5, 1)))  # fmt: skip
        assert deliveries.delivered(connection, "nobody", ALL) == []
    assert (row["batches"], row["rows_read"]) == (2, 7)
    assert sum(row[fate] for fate in FATES) == row["rows_read"]
    assert (april["rows_read"], april["landed"], april["unchanged"], april["quarantined"]) == (3, 1, 1, 1)  # fmt: skip


def test_rows_that_are_sent_again_by_us_are_no_delivery(two_months: Engine) -> None:
    ((quarantined, raw),) = rows_of(
        two_months, "select quarantine_id, raw_object from ops.quarantine where record_key = 'X'"
    )
    landed(
        two_months, [case_row("X")], at(2012, 4, 25), kind="replay", raw_object=raw, positions=[1],
        replays=pl.DataFrame({"quarantine_id": [quarantined], SRC: [1]}),
    )  # fmt: skip
    with two_months.connect() as connection:
        (row,) = deliveries.delivered(connection, DEPARTMENT, ALL)
        rejected = deliveries.rejected(connection, DEPARTMENT, ALL)
        heard = deliveries.silence(connection, DEPARTMENT, ALL)
    assert row["rows_read"] == 7
    assert {(r["reason"], r["state"], r["rows"]) for r in rejected} == {
        ("bad_date", "open", 1), ("bad_date", "replayed", 1), ("bad_number", "open", 1),
    }  # fmt: skip
    assert heard["last_landed_at"] == at(2012, 4, 20)


def test_a_rejected_batch_is_a_delivery_and_a_stopped_one_waits(two_months: Engine) -> None:
    with two_months.begin() as connection:
        for state, rejected in (("rejected", 40), ("stopped", None), ("abandoned", None)):
            connection.execute(
                text("""
                    insert into ops.batch (batch_id, department, dataset, kind, state, raw_object, rows_read, rejected,
                                           versions, seconds, files, started_at)
                    values (gen_random_uuid(), :department, 'cases', 'extract', :state, 'raw/x', 40, :rejected,
                            '{}', '{}', '[]', '2012-04-21')
                """),
                {"department": DEPARTMENT, "state": state, "rejected": rejected},
            )
        (row,) = deliveries.delivered(connection, DEPARTMENT, ALL)
        waiting = deliveries.waiting_batches(connection, DEPARTMENT, ALL)
    assert (row["rows_read"], row["rejected"]) == (47, 40)
    assert sum(row[fate] for fate in FATES) == row["rows_read"]
    assert [batch["state"] for batch in waiting] == ["stopped"]


def test_references_come_in_the_sources_order_up_to_a_bound(database: Engine) -> None:
    landed(database, [Bad(key=f"K{n:03}") for n in range(30)] + [Bad("bad_number")], at(2012, 3, 1))
    with database.connect() as connection:
        found = deliveries.references(connection, DEPARTMENT, ALL, 5)
    assert [(row["reason"], row["source_row"]) for row in found] == [
        *(("bad_date", n) for n in range(1, 6)), ("bad_number", 31),
    ]  # fmt: skip


def test_months_by_landing_with_what_still_waits_and_the_last_checkpoint(
    two_months: Engine,
) -> None:
    with two_months.begin() as connection:
        for run, day, failed in ((RUNS[0], 5, 4), (RUNS[1], 9, 1)):
            connection.execute(
                text("insert into ops.expectation_run values (:run, :d, :at, :at, 9, 8, :failed, 0, 1, '{}', '{}')"),
                {"run": run, "d": DEPARTMENT, "at": at(2012, 4, day), "failed": failed},
            )  # fmt: skip
            for place in range(failed):
                connection.execute(
                    text("""
                        insert into ops.expectation_result values
                            (:run, :name, :d, 'case', 't', 'zh', 'en', 'critical', 'failed', 5, 1, '[]', null, null, null)
                    """),
                    {"run": run, "name": f"e{place}", "d": DEPARTMENT},
                )  # fmt: skip
        months = deliveries.months(connection, DEPARTMENT, ALL, 12)
        (last,) = deliveries.months(connection, DEPARTMENT, ALL, 1)
    assert [(f"{m['month']:%m}", m["rows_read"], m["refused"], m["waiting"], m["share_accepted"], m["failed"]) for m in months] == [
        ("03", 4, 2, 2, 0.5, None), ("04", 3, 1, 1, 0.6667, 1),
    ]  # fmt: skip
    assert last == months[-1]


def test_the_month_is_that_of_local_time(database: Engine) -> None:
    landed(database, [case_row("A")], at(2012, 3, 31, 16, 30))  # 00:30 of 1 April in Shanghai
    with database.connect() as connection:
        (month,) = deliveries.months(connection, DEPARTMENT, ALL, 12)
    assert f"{month['month']:%Y-%m-%d}" == "2012-04-01"


def test_silence_leaves_out_whole_days_off(database: Engine) -> None:
    landed(database, [case_row("A")], at(2012, 3, 9, 4))  # a Friday, noon
    with database.begin() as connection:
        reference.replace_calendar(connection, calendar_frame())
        monday = Period(None, at(2012, 3, 12, 4))
        assert deliveries.silence(connection, DEPARTMENT, monday)["hours"] == 24
        friday = Period(None, at(2012, 3, 9, 10))
        assert deliveries.silence(connection, DEPARTMENT, friday)["hours"] == 6
        never = deliveries.silence(connection, "nobody", monday)
    assert (never["last_landed_at"], never["hours"]) == (None, None)


def test_what_waits_from_before_the_period(two_months: Engine) -> None:
    with two_months.connect() as connection:
        april = Period(at(2012, 4, 1), at(2012, 5, 1))
        assert deliveries.rejected_before(connection, DEPARTMENT, april) == 2
        assert [r["rows"] for r in deliveries.rejected(connection, DEPARTMENT, april)] == [1]


def test_the_newest_checkpoint_with_the_departments_results_worst_first(database: Engine) -> None:
    results = [
        (RUNS[0], "a", DEPARTMENT, "failed"), (RUNS[1], "a", DEPARTMENT, "met"),
        (RUNS[1], "b", DEPARTMENT, "failed"), (RUNS[1], "c", DEPARTMENT, "not_evaluated"), (RUNS[1], "d", "other", "failed"),
    ]  # fmt: skip
    with database.begin() as connection:
        assert checks.checkpoint(connection, DEPARTMENT, ALL) is None
        for run, day, whose in ((RUNS[0], 1, DEPARTMENT), (RUNS[1], 2, "*")):
            connection.execute(
                text("insert into ops.expectation_run values (:run, :d, :at, :at, 3, 2, 1, 0, 1, '{}', '{}')"),
                {"run": run, "d": whose, "at": at(2012, 4, day)},
            )  # fmt: skip
        for run, name, department, state in results:
            connection.execute(
                text("""
                    insert into ops.expectation_result values
                        (:run, :name, :department, 'case', 't', 'zh', 'en', 'critical', :state, 5, 1, '[]', null, null, null)
                """),
                {"run": run, "name": name, "department": department, "state": state},
            )  # fmt: skip
        found = checks.checkpoint(connection, DEPARTMENT, ALL)
        earlier = checks.checkpoint(connection, DEPARTMENT, Period(None, at(2012, 4, 1) + timedelta(hours=1)))  # fmt: skip
    assert found is not None and found["run_id"] == RUNS[1]
    assert [row["expectation_id"] for row in found["results"]] == ["c", "b", "a"]
    assert earlier is not None and [row["state"] for row in earlier["results"]] == ["failed"]
