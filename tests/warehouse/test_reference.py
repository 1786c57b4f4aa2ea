"""Reference data: published whole, version by version."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from sqlalchemy import Engine, text

import catalogue
import warehouse
from tests.warehouse.builders import rows_of
from warehouse import reference

DAYS = pl.DataFrame(
    {
        "date": [date(2012, 1, 3), date(2012, 1, 4)],
        "is_workday": [False, True],
        "work_index": [0, 1],
        "status": ["announced", "announced"],
        "source": [None, "国办发明电〔2011〕45号"],
        "minute_index": [0, 390],
        "standard_minutes": [390, 390],
    }
)
CALENDAR = {"reference.calendar_day": DAYS}


def test_the_catalogue_of_the_checkout_is_what_the_tables_hold(database: Engine) -> None:
    published = catalogue.load()
    frames = published.frames()
    with database.begin() as connection:
        assert reference.replace(connection, frames, "catalogue", published.version)
    for name, frame in frames.items():
        assert rows_of(database, f"select count(*) from {name}") == [(frame.height,)], name  # noqa: S608
    key = "power_code, version, name, effective_from, effective_to, charges, promised_value"
    power = frames["catalogue.power"].select(key.split(", ")).sort("power_code", "version")
    assert rows_of(database, f"select {key} from catalogue.power order by 1, 2") == power.rows()  # noqa: S608
    assert rows_of(database, "select version from catalogue.release") == [(published.version,)]


def test_a_version_is_loaded_once(database: Engine) -> None:
    with database.begin() as connection:
        assert reference.replace(connection, CALENDAR, "calendar", "v1")
        connection.execute(text("update reference.calendar_day set status = 'touched'"))
        assert not reference.replace(connection, CALENDAR, "calendar", "v1")
        assert (
            connection.scalar(text("select min(status) from reference.calendar_day")) == "touched"
        )
        assert reference.replace(
            connection, {"reference.calendar_day": DAYS.head(1)}, "calendar", "v2"
        )
        assert reference.loaded_version(connection, "calendar") == "v2"
    assert rows_of(database, "select date, status, source from reference.calendar_day") == [
        (date(2012, 1, 3), "announced", None)
    ]


def test_a_reader_keeps_the_release_that_he_began_with(database: Engine) -> None:
    with database.begin() as connection:
        warehouse.replace_calendar(connection, DAYS)
    count = text("select count(*) from reference.calendar_day")
    with database.connect().execution_options(isolation_level="REPEATABLE READ") as reader:
        assert reader.scalar(count) == 2
        with database.begin() as connection:
            warehouse.replace_calendar(connection, DAYS.head(1))
        assert reader.scalar(count) == 2
    with database.connect() as reader:
        assert reader.scalar(count) == 1


def test_only_reference_tables_can_be_replaced(database: Engine) -> None:
    with database.begin() as connection, pytest.raises(ValueError, match=r"core\.event"):
        reference.replace(connection, {"core.event": DAYS}, "calendar", "v1")
