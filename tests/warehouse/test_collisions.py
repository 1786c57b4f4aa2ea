"""Rows whose key another record holds: quarantined, one by one, without blocking their batch."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from hub.core.batches import SRC
from tests.warehouse.builders import Row, case_row, event, landing, rows_of
from warehouse.landing import land


def _land(engine: Engine, *rows: Any, **options: Any) -> list[str]:
    certificate = land(engine, landing(rows, **options))
    assert certificate.checksum_read == certificate.checksum_landed
    assert certificate.fates is not None
    return certificate.fates.sort(SRC)["fate"].to_list()


def _quarantined(engine: Engine) -> list[tuple[Any, ...]]:
    return rows_of(
        engine,
        'select raw_row, record_key, reason, "column", raw_masked, state from ops.quarantine order by quarantine_id',
    )


def _cases(engine: Engine) -> list[tuple[Any, ...]]:
    return rows_of(
        engine,
        'select source_case_no, record_key, title from core."case" where deleted_at is null order by 1',
    )


def test_two_records_of_one_batch_with_the_same_case_number(database: Engine) -> None:
    fates = _land(
        database, case_row("A", key="1"), case_row("A", key="2", title="x"), case_row("B")
    )
    assert fates == ["landed", "quarantined", "landed"]
    assert _quarantined(database) == [(1, "2", "duplicate_key", "case.case_id", None, "open")]
    assert _cases(database) == [("A", "1", None), ("B", "B", None)]


def test_a_record_that_takes_the_case_number_of_an_earlier_one(database: Engine) -> None:
    _land(database, case_row("A", key="1", title="first"))
    assert _land(database, case_row("A", key="2", title="second")) == ["quarantined"]
    assert _cases(database) == [("A", "1", "first")]
    message = rows_of(database, "select message from ops.quarantine")[0][0]
    assert "record '1'" in message


def test_a_child_row_that_another_record_holds(database: Engine) -> None:
    owned = {"event": ("step_code", "started_at", "handler", "opinion")}
    steps = [Row("1", says={"event": [event("A", 1)]}), Row("2", says={"event": [event("A", 2)]})]
    assert _land(database, *steps, dataset="steps", owned=owned) == ["landed", "landed"]
    again = Row("3", says={"event": [event("A", 2, handler="x"), event("A", 3)]})
    assert _land(database, again, dataset="steps", owned=owned) == ["quarantined"]
    assert _land(database, again, dataset="more_steps", owned=owned) == ["quarantined"]
    assert rows_of(database, "select event_no from core.event order by 1") == [(1,), (2,)]


def test_a_source_row_that_repeats_a_key_itself(database: Engine) -> None:
    twice = case_row("A", events=[event("A", 1), event("A", 1, handler="x")])
    assert _land(database, twice, case_row("B")) == ["quarantined", "landed"]
    assert rows_of(database, "select count(*) from core.event") == [(0,)]


def test_when_the_newest_version_cannot_land_the_one_before_does(database: Engine) -> None:
    _land(database, case_row("A", key="1"))
    fates = _land(
        database, case_row("B", key="2", version=1, title="good"), case_row("A", key="2", version=2)
    )
    assert fates == ["landed", "quarantined"]
    assert _cases(database) == [("A", "1", None), ("B", "2", "good")]


def test_a_record_gives_its_number_to_another_in_the_same_batch(database: Engine) -> None:
    _land(database, case_row("A", key="1", events=[event("A", 1)]))
    fates = _land(database, case_row("A", key="2", title="new", events=[event("A", 1)]), case_row("B", key="1"))  # fmt: skip
    assert fates == ["landed", "landed"]
    assert _cases(database) == [("A", "2", "new"), ("B", "1", None)]
    assert rows_of(database, "select record_key from core.event where deleted_at is null") == [
        ("2",)
    ]


@pytest.mark.parametrize("together", [True, False])
def test_a_deleted_record_holds_nothing_against_a_living_one(
    database: Engine, together: bool
) -> None:
    dead = case_row("A", key="1", deleted=True, title="dead", events=[event("A", 1)])
    alive = case_row("A", key="2", title="alive", events=[event("A", 1), event("A", 2)])
    if together:
        assert _land(database, alive, dead) == ["landed", "landed"]
    else:
        assert _land(database, dead) == ["landed"]
        assert _land(database, alive) == ["landed"]
        assert _land(database, dead) == ["unchanged"]
    assert _cases(database) == [("A", "2", "alive")]
    events = rows_of(database, "select record_key, deleted_at from core.event order by event_no")
    assert events == [("2", None), ("2", None)]


def test_a_record_deleted_after_another_took_its_case_over(database: Engine) -> None:
    _land(database, case_row("A", key="1", title="first", events=[event("A", 1)]))
    fates = _land(
        database,
        case_row("A", key="1", deleted=True, title="first", events=[event("A", 1)]),
        case_row("A", key="2", title="second"),
    )
    assert fates == ["landed", "landed"]
    assert _cases(database) == [("A", "2", "second")]
    assert rows_of(database, "select deleted_at is not null from core.event") == [(True,)]


def test_a_text_with_a_nul_is_quarantined_alone(database: Engine) -> None:
    rows = [case_row("A", title="a\x00b"), case_row("B", events=[event("B", 1, opinion="\x00")]), case_row("C")]  # fmt: skip
    assert _land(database, *rows) == ["quarantined", "quarantined", "landed"]
    assert {row[2] for row in _quarantined(database)} == {"illegal_bytes"}
    assert _cases(database) == [("C", "C", None)]
