"""Quarantined rows that come again after a fix."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine

from hub.core.batches import SRC, Landing
from hub.core.errors import LandingError
from tests.warehouse.builders import DEPARTMENT, Bad, case_row, landing, rows_of, started
from warehouse import ledger
from warehouse.landing import land


def _replay(engine: Engine, origin: Landing, rows: dict[int, Any]) -> Landing:
    """A replay of the origin's open quarantined rows: position in the raw object → how the row maps now."""
    with engine.connect() as connection:
        quarantined = ledger.open_quarantine(connection, department=DEPARTMENT)
    replays = quarantined.filter(pl.col("raw_row").is_in(list(rows))).select(
        "quarantine_id", pl.col("raw_row").alias(SRC)
    )
    batch = landing(
        list(rows.values()), kind="replay", raw_object=origin.header.raw_object,
        replays=replays, positions=list(rows),
    )  # fmt: skip
    return started(engine, batch)


def test_replayed_rows_land_and_leave_the_quarantine_others_wait_on_under_their_number(
    database: Engine,
) -> None:
    origin = landing([case_row("A"), Bad(key="B"), Bad(key="C")], cursor={"to": 1})
    land(database, origin)
    replay = _replay(
        database, origin, {1: case_row("B", title="now"), 2: Bad("bad_number", key="C")}
    )
    certificate = land(database, replay)
    assert (certificate.read, certificate.landed, certificate.quarantined) == (2, 1, 1)
    assert rows_of(
        database, "select raw_row, title from core.\"case\" where source_case_no = 'B'"
    ) == [(1, "now")]
    kept = rows_of(database, "select record_key, reason, state, replay_batch::text from ops.quarantine order by quarantine_id")  # fmt: skip
    batch = replay.header.batch_id
    assert kept == [
        ("B", "bad_date", "replayed", batch),
        ("C", "bad_number", "open", None),
    ]
    logged = rows_of(database, "select actor, action, state_from, state_to, outcome, batch_id::text from ops.quarantine_event order by 4")  # fmt: skip
    assert logged == [
        ("hub", "replay", "open", "open", "bad_number", batch),
        ("hub", "replay", "open", "replayed", "landed", batch),
    ]
    with database.connect() as connection:
        assert ledger.read_cursor(connection, DEPARTMENT, "cases") == {"to": 1}


def test_a_replayed_row_never_overwrites_what_was_read_later(database: Engine) -> None:
    """Without versions the order of reading decides, and a replay brings a row of the past."""
    origin = started(database, landing([Bad(key="A")]))
    land(database, origin)
    land(database, landing([case_row("A", title="newer")]))
    certificate = land(database, _replay(database, origin, {0: case_row("A", title="older")}))
    assert certificate.superseded == 1
    assert rows_of(database, 'select title from core."case"') == [("newer",)]


def test_a_replayed_row_with_a_higher_version_lands(database: Engine) -> None:
    origin = started(database, landing([Bad(key="A")]))
    land(database, origin)
    land(database, landing([case_row("A", version=1, title="one")]))
    certificate = land(
        database, _replay(database, origin, {0: case_row("A", version=2, title="two")})
    )
    assert certificate.landed == 1


def test_the_same_rows_cannot_be_replayed_twice(database: Engine) -> None:
    origin = landing([Bad(key="A")])
    land(database, origin)
    first = _replay(database, origin, {0: case_row("A")})
    second = _replay(database, origin, {0: case_row("A")})
    land(database, first)
    with pytest.raises(LandingError, match="no longer open"):
        land(database, second)
    assert rows_of(database, "select count(*) from ops.certificate") == [(2,)]


def test_a_replay_of_what_never_landed_is_refused(database: Engine) -> None:
    with pytest.raises(LandingError, match="raw object"):
        land(database, landing([case_row("A")], kind="replay", raw_object="raw/x"))
