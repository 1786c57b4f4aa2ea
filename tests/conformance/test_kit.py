"""The kit itself: every check fails for a connector that does what the check forbids."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from connectors.diagnosis import Diagnosis
from hub.core.batches import DEFECT, RawBatch
from hub.core.errors import SourceRefused, SourceUnavailable
from tests.conformance.base import SetChunks
from tests.conformance.checks_failures import Failures
from tests.conformance.checks_keys import Keys
from tests.conformance.checks_reading import Reading
from tests.conformance.checks_types import Types
from tests.conformance.kit import CAPABILITIES, DATASET, check_declarations, conformance
from tests.conformance.sql import NAME
from tests.conformance.test_database import PostgreSql, Sqlite

FAILS = (AssertionError, ValueError, pytest.fail.Exception)


class Wrapped:
    """A connector of which one method was replaced."""

    def __init__(self, connector: Any, name: str, method: Callable[..., Any]) -> None:
        self._connector, self._name, self._method = connector, name, method

    def __getattr__(self, name: str) -> Any:
        if name == self._name:
            return lambda *given: self._method(self._connector, *given)
        return getattr(self._connector, name)

    def keys(self, *given: Any) -> Any:  # so that it counts as Keyed
        return self.__getattr__("keys")(*given)

    def fetch(self, *given: Any) -> Any:
        return self.__getattr__("fetch")(*given)


class Mutant(Sqlite):
    """SQLite through a connector that does one thing wrong."""

    wrong: tuple[str, Callable[..., Any]]

    def open(self, *given: Any, **settings: Any) -> Any:
        return Wrapped(super().open(*given, **settings), *self.wrong)


def each_batch(change: Callable[[pa.Table], pa.Table]) -> tuple[str, Callable[..., Any]]:
    """A `read` that changes the table of each batch."""

    def read(connector: Any, dataset: str, cursor: Any) -> Iterator[RawBatch]:
        for batch in connector.read(dataset, cursor):
            yield replace(batch, table=change(batch.table))

    return "read", read


def changed_text(change: Callable[[pa.Array], pa.Array]) -> tuple[str, Callable[..., Any]]:
    """A `read` that changes the fields `value` and `name`."""

    def of_table(table: pa.Table) -> pa.Table:
        for name in {"value", "name"} & set(table.column_names):
            table = table.set_column(table.column_names.index(name), name, change(table[name]))
        return table

    return each_batch(of_table)


def jumps_ahead(connector: Any, dataset: str, cursor: Any) -> Iterator[RawBatch]:
    """Its first cursor is already that of the last batch."""
    batches = list(connector.read(dataset, cursor))
    return iter([replace(batch, cursor=batches[-1].cursor) for batch in batches])


def skips_ties(connector: Any, dataset: str, cursor: Any) -> Iterator[RawBatch]:
    """It goes on behind the moment at which it stopped, whatever else happened in it."""
    last = (cursor or {}).get("pass", {}).get("after") if cursor else None
    for batch in connector.read(dataset, cursor):
        fresh = pc.not_equal(batch.table["changed"], last[0]) if last else None
        yield replace(batch, table=batch.table.filter(fresh)) if last else batch


def unpaced(connector: Any, dataset: str, cursor: Any) -> Iterator[RawBatch]:
    """It asks nobody whether it may read now."""
    connector.pace.stopped, connector.pace.protection = (
        (lambda: None),
        type(connector.pace.protection)(),
    )
    yield from connector.read(dataset, cursor)


def silent(connector: Any, dataset: str, cursor: Any) -> Iterator[RawBatch]:
    """What does not answer has no rows."""
    try:
        yield from connector.read(dataset, cursor)
    except (SourceUnavailable, SourceRefused):
        return


def talkative(connector: Any, dataset: str, cursor: Any) -> Iterator[RawBatch]:
    """It shows a row that it does not like."""
    for batch in connector.read(dataset, cursor):
        yield batch
        raise SourceRefused(f"cannot use {batch.table.to_pylist()[0]}")


def writing(connector: Any, dataset: str, cursor: Any) -> Iterator[RawBatch]:
    """It notes in the source what it has read."""
    import sqlite3

    yield from connector.read(dataset, cursor)
    path = connector.backends[DATASET].path
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE {NAME} SET name = 'read'")  # noqa: S608


def well(connector: Any) -> Iterator[Diagnosis]:
    """It finds everything well."""
    yield Diagnosis("reachable", "ok", "it is there")


def without_last(table: pa.Table) -> pa.Table:
    return table.slice(0, table.num_rows - 1)


def fewer_keys(connector: Any, dataset: str, fields: Any) -> Iterator[pa.Table]:
    return (without_last(table) for table in connector.keys(dataset, fields))


def other_rows(connector: Any, dataset: str, keys: pa.Table) -> Iterator[RawBatch]:
    for batch in connector.fetch(dataset, keys):
        yield replace(batch, table=without_last(batch.table))


TYPES, READING, FAILURES, KEYS = Types(), Reading(), Failures(), Keys()
MUTANTS: list[tuple[str, Any, Any]] = [
    ("floats", TYPES.test_integers_beyond_the_53_bits_of_a_float, changed_text(lambda c: c.cast(pa.float64(), safe=False))),
    ("null is empty", TYPES.test_null_and_the_empty_text_are_two_things, changed_text(lambda c: c.fill_null(""))),
    ("trimmed", TYPES.test_emoji_rare_and_special_characters, changed_text(pc.utf8_trim_whitespace)),
    ("defects dropped", TYPES.test_a_row_with_illegal_bytes_is_delivered_with_them,
     each_batch(lambda t: t.filter(t[DEFECT].is_null()))),
    ("a row less", TYPES.test_one_row, each_batch(without_last)),
    ("jumps ahead", READING.test_a_run_that_stopped_goes_on_where_it_was, ("read", jumps_ahead)),
    ("jumps over ties", READING.test_a_stop_between_rows_changed_in_the_same_moment, ("read", skips_ties)),
    ("no rate", READING.test_the_agreed_rate_is_kept, ("read", unpaced)),
    ("no windows", READING.test_outside_its_windows_nothing_is_asked, ("read", unpaced)),
    ("no end of windows", READING.test_the_end_of_a_window_ends_the_reading_and_what_was_read_counts,
     ("read", unpaced)),
    ("silent", FAILURES.test_a_source_that_does_not_answer_is_unavailable, ("read", silent)),
    ("silent when cut", FAILURES.test_a_connection_lost_in_mid_read_is_unavailable_and_the_next_run_completes,
     ("read", silent)),
    ("talkative", FAILURES.test_no_value_of_a_field_is_told, ("read", talkative)),
    ("writing", FAILURES.test_reading_leaves_the_source_as_it_was, ("read", writing)),
    ("finds all well", FAILURES.test_the_doctor_says_what_to_do, ("diagnose", well)),
    ("fewer keys", KEYS.test_the_keys_are_those_of_the_rows, ("keys", fewer_keys)),
    ("other rows", KEYS.test_single_rows_are_those_of_the_reading, ("fetch", other_rows)),
]  # fmt: skip


@pytest.fixture
def chunks(monkeypatch: pytest.MonkeyPatch) -> SetChunks:
    return lambda rows: monkeypatch.setattr("connectors.pace.CHUNK_ROWS", rows)


@pytest.mark.parametrize(("name", "check", "wrong"), MUTANTS, ids=[mutant[0] for mutant in MUTANTS])
def test_a_wrong_connector_fails_and_the_right_one_does_not(
    name: str, check: Any, wrong: Any, tmp_path: Path, chunks: SetChunks,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    wanted = check.__code__.co_varnames[: check.__code__.co_argcount]
    given = {"chunks": chunks, "caplog": caplog, "batches": 2}
    more = {key: value for key, value in given.items() if key in wanted}
    check(source=Sqlite(None, made(tmp_path / "right")), **more)
    mutant = type("Wrong", (Mutant,), {"wrong": wrong})(None, made(tmp_path / "wrong"))
    with pytest.raises(FAILS):
        check(source=mutant, **more)


def test_a_cursor_without_a_lag_misses_what_becomes_visible_late(
    locked_server: Any, tmp_path: Path
) -> None:
    source = PostgreSql(locked_server, tmp_path)
    source.settings = {**source.settings, **source.without_lag}
    with pytest.raises(AssertionError):
        READING.test_rows_that_become_visible_late_are_not_missed(source)
    source.stop()


@pytest.mark.parametrize("lacks", [{"keys": " "}, {"keyz": "it has none"}])
def test_what_is_lacking_is_named_with_a_reason(lacks: dict[str, str]) -> None:
    source = type("Silent", (Sqlite,), {"lacks": lacks})
    with pytest.raises(ValueError, match="Silent"):
        check_declarations(source)
    with pytest.raises(ValueError, match="Silent"):
        conformance(source)


def test_a_capability_that_is_there_cannot_be_declared_away(tmp_path: Path) -> None:
    denying = type("Denying", (Sqlite,), {"lacks": Sqlite.lacks | {"keys": "it has none"}})
    with pytest.raises(AssertionError):
        KEYS.test_what_it_declares_to_lack_it_lacks(denying(None, tmp_path))


def test_every_capability_is_asked_for_by_a_check() -> None:
    asked = {
        capability
        for checks in (Types, Reading, Failures, Keys)
        for check in vars(checks).values()
        for mark in getattr(check, "pytestmark", ())
        if mark.name == "needs"
        for capability in mark.args
    }
    assert asked == set(CAPABILITIES)


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder
