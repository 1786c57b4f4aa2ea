"""The ledger's states, and what it answers."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from hub.core.errors import LandingError
from tests.warehouse.builders import DEPARTMENT, Bad, case_row, landing, started
from warehouse import ledger
from warehouse.landing import land

UNKNOWN = "00000000-0000-0000-0000-000000000000"


def test_a_header_comes_back_as_it_was_entered(database: Engine) -> None:
    batch = started(database, landing([case_row("A")], cursor={"files": {"a": "1"}}))
    with database.connect() as connection:
        assert ledger.read_header(connection, batch.header.batch_id) == batch.header
        with pytest.raises(LandingError, match="knows no batch"):
            ledger.read_header(connection, UNKNOWN)


def test_states_move_forward_only(database: Engine) -> None:
    batch = started(database, landing([case_row("A")]))
    number = batch.header.batch_id
    with database.begin() as connection:
        ledger.set_state(connection, number, "mapped")
        assert ledger.batches(connection, DEPARTMENT)["state"].to_list() == ["mapped"]
        for state in ("landed", "lost"):
            with pytest.raises(ValueError, match="not a state"):
                ledger.set_state(connection, number, state)
    land(database, batch)
    with database.begin() as connection:
        ledger.set_state(connection, number, "failed")
        assert ledger.abandon_open(connection, DEPARTMENT) == 0
        assert ledger.batches(connection)["state"].to_list() == ["landed"]


def test_a_failed_batch_may_be_tried_again(database: Engine) -> None:
    batch = started(database, landing([case_row("A")], rows_read=1))
    with database.begin() as connection:
        ledger.set_state(connection, batch.header.batch_id, "failed")
    assert land(database, batch).landed == 1


def test_before_the_first_landing_there_is_no_cursor(database: Engine) -> None:
    started(database, landing([case_row("A")], cursor={"to": 1}))
    with database.connect() as connection:
        assert ledger.read_cursor(connection, DEPARTMENT, "cases") is None


def test_open_quarantine_by_filter(database: Engine) -> None:
    land(database, landing([Bad("bad_date"), Bad("unmapped_power", key="B")], dataset="one"))
    land(database, landing([Bad("bad_date")], dataset="two", department="housing"))
    with database.connect() as connection:
        rows = ledger.open_quarantine(connection)
        assert rows.select("department", "dataset", "reason").rows() == [
            (DEPARTMENT, "one", "bad_date"),
            (DEPARTMENT, "one", "unmapped_power"),
            ("housing", "two", "bad_date"),
        ]
        first = rows["quarantine_id"][0]
        assert ledger.open_quarantine(connection, quarantine_id=first).height == 1
        assert ledger.open_quarantine(connection, DEPARTMENT, reason="bad_date").height == 1
        assert ledger.open_quarantine(connection, dataset="two", reason="unmapped_power").is_empty()
        assert ledger.certificate(connection, UNKNOWN) is None
