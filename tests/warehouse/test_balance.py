"""Whatever happens to rows in quarantine, in whatever order: every row that was read is accounted for, once."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

import warehouse
from hub.core.batches import SRC, Landing, Step
from tests.warehouse.builders import Bad, Row, case_row, landing, rows_of
from warehouse import balance, ledger, workbench
from warehouse.landing import land
from warehouse.workbench import Selection

KEYS = st.sampled_from("ABC")
ROWS = st.lists(
    st.tuples(KEYS, st.sampled_from(["bad_date", "unmapped_power", "", ""]), st.integers(0, 1)), min_size=1, max_size=4,
)  # fmt: skip
"""Source rows: key, why they are rejected (or not), version."""
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), ROWS),
        st.tuples(st.sampled_from(["replay", "accept", "correct"]), st.integers(0, 6), st.booleans()),
        st.tuples(st.just("reject"), st.integers(0, 6)),
        st.tuples(st.just("read once more")),
    ),
    min_size=1, max_size=10,
)  # fmt: skip


class History:
    """A department of its own in the database, and how many rows it was read."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.department, self.read = engine, f"d{uuid.uuid4().hex[:12]}", 0
        self.last: list[Row | Bad] = []

    def take(self, step: tuple[Any, ...]) -> None:
        match step:
            case ("read", rows):
                self.last = [
                    Bad(why, key) if why else case_row(key, version=version, title=f"{version}")
                    for key, why, version in rows
                ]
                self._read()
            case ("read once more",) if self.last:
                self._read()
            case ("reject", which) if (row := self._waiting(which)) is not None:
                with self.engine.begin() as connection:
                    taken = workbench.take(
                        connection,
                        [row["quarantine_id"]],
                        Step("x", "reject", "y"),
                        state="rejected",
                    )
                assert taken == 1
            case (action, which, passes) if (row := self._waiting(which)) is not None:
                self._again(action, row, passes)

    def _read(self) -> None:
        self.read += len(self.last)
        land(self.engine, landing(self.last, department=self.department))

    def _waiting(self, which: int) -> dict[str, Any] | None:
        with self.engine.connect() as connection:
            rows = ledger.open_quarantine(connection, self.department)
        return rows.row(which % rows.height, named=True) if rows.height else None

    def _again(self, action: str, row: dict[str, Any], passes: bool) -> None:
        kind = "correction" if action == "correct" else "replay"
        at = 0 if kind == "correction" else row["raw_row"]
        replays = pl.DataFrame({"quarantine_id": [row["quarantine_id"]], SRC: [at]})
        if action == "accept":
            replays = replays.with_columns(waived=pl.lit(["bad_date"]))
        again: Row | Bad = (
            case_row(row["record_key"], title="mended")
            if passes
            else Bad("bad_number", row["record_key"])
        )
        batch = landing(
            [again], department=self.department, kind=kind, replays=replays, positions=[at],
            raw_object="" if kind == "correction" else row["raw_object"], cursor=None,
        )  # fmt: skip
        land(self.engine, _by(batch, action))


def _by(batch: Landing, action: str) -> Landing:
    return replace(batch, header=replace(batch.header, cursor=None), step=Step("x", action))


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_every_history_balances(database: Engine, steps: list[tuple[Any, ...]]) -> None:
    history = History(database)
    for step in steps:
        history.take(step)
        with database.connect() as connection:
            found = balance.balance(connection, history.department)
            waiting = sum(
                row["rows"]
                for row in workbench.counts(connection, Selection(department=history.department))
            )
        assert sum(row["read"] for row in found) == history.read
        assert all(row["balanced"] for row in found), (step, found)
        assert sum(row["quarantined"] for row in found) == waiting
    states = rows_of(
        database, "select state, count(*) from ops.quarantine where department = :d group by 1", d=history.department
    )  # fmt: skip
    logged = rows_of(
        database,
        "select e.state_to, count(*) from ops.quarantine_event e join ops.quarantine q using (quarantine_id) "
        "where department = :d and e.state_from = 'open' and e.state_to <> 'open' group by 1",
        d=history.department,
    )
    assert sorted(logged) == sorted(found for found in states if found[0] != "open")


def test_a_row_that_vanished_shows(database: Engine) -> None:
    land(database, landing([Bad(key="A"), case_row("B")], department="d"))
    with database.begin() as connection:
        assert [row["balanced"] for row in balance.balance(connection, "d")] == [True]
        connection.exec_driver_sql("delete from ops.quarantine")
        (row,) = balance.balance(connection, "d")
    assert (row["read"], row["landed"], row["quarantined"], row["balanced"]) == (2, 1, 0, False)


def test_the_migration_finds_readings_of_before_the_log(database: Engine) -> None:
    for _ in range(3):
        land(
            database,
            landing([Bad(key="A"), Bad("unmapped_power", "B"), case_row("C")], department="d"),
        )
    land(database, landing([Bad(key="A")], department="d"))
    script = (
        Path(warehouse.__file__).parent / "migrations" / "versions" / "0007_stewardship.sql"
    ).read_text("utf-8")
    told = script[script.index("-- What is known") : script.index("-- End of what is known")]
    with database.begin() as connection:
        before = balance.balance(connection, "d")
        connection.exec_driver_sql("delete from ops.quarantine_event")
        assert [row["balanced"] for row in balance.balance(connection, "d")] == [False]
        connection.exec_driver_sql(told)
        assert balance.balance(connection, "d") == before
    assert before[0]["superseded"] == 5
