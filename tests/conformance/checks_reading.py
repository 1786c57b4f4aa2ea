"""No row is missed, whatever interrupts the reading; what the source agreed to bear is kept to."""

from __future__ import annotations

import signal
from datetime import datetime
from typing import Any

import pytest

from hub.core.errors import SourceClosed
from tests.conformance.base import Checks, SetChunks, needs
from tests.conformance.killing import Runs
from tests.conformance.kit import DATASET, LATER, Clock, Source, Table, Taken, people, take

WINDOW = "22:00-06:00"
NIGHT, NOON = datetime(2012, 3, 5, 23, 0), datetime(2012, 3, 5, 12, 0)


def table_without(table: Table, name: str) -> Table:
    """The same rows, one column less."""
    at = list(table.columns).index(name)
    columns = {column: kind for column, kind in table.columns.items() if column != name}
    return Table(columns, [(*row[:at], *row[at + 1 :]) for row in table.rows])


def table_with(table: Table, name: str, value: Any) -> Table:
    """The same rows, one text column more."""
    return Table({**table.columns, name: "text"}, [(*row, value) for row in table.rows])


class Reading(Checks):
    def test_rows_changed_in_the_same_moment_over_several_batches(
        self, source: Source, chunks: SetChunks
    ) -> None:
        chunks(4)
        source.put(people(range(1, 16), minute=5))
        assert take(source.open(**source.without_lag)).ids == set(range(1, 16))

    def test_a_stop_between_rows_changed_in_the_same_moment(
        self, source: Source, chunks: SetChunks
    ) -> None:
        chunks(4)
        source.put(people(range(1, 16), minute=5))
        first = take(source.open(**source.without_lag), batches=2)
        source.add(people(range(16, 19), minute=5))
        rest = take(source.open(**source.without_lag), first.cursor)
        assert first.ids | rest.ids == set(range(1, 19))

    @pytest.mark.parametrize("batches", [1, 2, 3])
    def test_a_run_that_stopped_goes_on_where_it_was(
        self, source: Source, chunks: SetChunks, batches: int
    ) -> None:
        chunks(6)
        source.put(people(range(1, 21)))
        first = take(source.open(**source.without_lag), batches=batches)
        assert len(first.sizes) == batches and max(first.sizes) <= 6
        rest = take(source.open(**source.without_lag), first.cursor)
        assert first.ids | rest.ids == set(range(1, 21))

    def test_a_run_that_was_killed_goes_on_where_it_was(
        self, source: Source, killed_runs: Runs
    ) -> None:
        source.put(people(range(1, 21)))
        source.department(**source.without_lag)
        killed = killed_runs.read_until_killed(source, chunk=6, queries=2)
        assert killed.ended_by == signal.SIGKILL and len(killed.ids) < 20
        rest = take(source.open(**source.without_lag), killed.cursor)
        assert killed.ids | rest.ids == set(range(1, 21))

    def test_what_is_there_is_never_missing_though_it_may_come_twice(
        self, source: Source, chunks: SetChunks
    ) -> None:
        """Rows that were read, and rows that were not, change while a run is at work."""
        chunks(5)
        source.put(people(range(1, 21)))
        opened, taken = source.open(), Taken()
        for batch in opened.read(DATASET, None):
            taken.land(opened, batch)
            if len(taken.sizes) == 1:
                source.add(people([2, 18], "李四", minute=LATER))
        again = take(source.open(), taken.cursor)
        assert taken.ids == set(range(1, 21))
        last = taken.by_id() | again.by_id()
        assert {ident for ident, row in last.items() if row["name"].startswith("李四")} == {2, 18}

    def test_a_run_with_nothing_new_loses_nothing(self, source: Source) -> None:
        source.put(people(range(1, 6)))
        first = take(source.open())
        second = take(source.open(), first.cursor)
        source.add(people([6, 7], minute=LATER))
        third = take(source.open(), second.cursor)
        assert first.ids | second.ids == set(range(1, 6))
        assert third.ids >= {6, 7}

    @needs("late")
    def test_rows_that_become_visible_late_are_not_missed(self, source: Source) -> None:
        source.put(people([1, 2], minute=0))
        with source.late(people([3, 4], minute=1)):
            source.add(people([5, 6], minute=2))
            first = take(source.open())
        assert first.ids == {1, 2, 5, 6}
        assert first.ids | take(source.open(), first.cursor).ids == set(range(1, 7))

    @needs("drift")
    def test_a_new_column_is_read(self, source: Source) -> None:
        source.put(people([1, 2]))
        before = take(source.open())
        source.put(table_with(people([3, 4], minute=LATER), "phone", "无"))
        rows = take(source.open(), before.cursor).by_id()
        assert "phone" not in before.rows[0]
        assert {source.unpadded(rows[ident]["phone"]) for ident in (3, 4)} == {"无"}

    @needs("drift")
    def test_a_column_that_is_gone_does_not_stop_the_reading(self, source: Source) -> None:
        source.put(table_with(people([1, 2]), "phone", "无"))
        before = take(source.open())
        source.put(people([3, 4], minute=LATER))
        rows = take(source.open(), before.cursor).by_id()
        assert "phone" in before.rows[0] and "phone" not in rows[3] and {3, 4} <= set(rows)

    @needs("drift")
    def test_a_renamed_column_comes_with_its_new_name(self, source: Source) -> None:
        source.put(people([1, 2]))
        before = take(source.open())
        plain = people([3, 4], minute=LATER)
        source.put(table_with(table_without(plain, "name"), "full_name", "王五"))
        row = take(source.open(), before.cursor).by_id()[3]
        assert "name" not in row and source.unpadded(row["full_name"]) == "王五"

    def test_the_agreed_rate_is_kept(self, source: Source) -> None:
        source.put(people(range(1, 51)))
        opened, clock, taken = source.open(protection={"rows_per_second": 2}), Clock(), Taken()
        clock.set(opened.pace)
        began, paid = clock.seconds, 0
        for batch in opened.read(DATASET, None):
            assert batch.table.num_rows <= opened.pace.chunk_rows
            assert clock.seconds - began >= paid / 2 - 0.001
            taken.land(opened, batch)
            paid += batch.table.num_rows
        assert taken.ids == set(range(1, 51)) and len(taken.sizes) > 1
        load = opened.pace.load
        assert load.queries > 0 and load.rows >= 50 and load.waited == clock.slept > 0

    def test_outside_its_windows_nothing_is_asked(self, source: Source) -> None:
        source.put(people([1, 2]))
        opened = source.open(protection={"windows": [WINDOW]})
        opened.pace._now = lambda: NOON
        with pytest.raises(SourceClosed, match=WINDOW):
            take(opened)
        assert opened.pace.load.queries == 0
        opened.pace._now = lambda: NIGHT
        assert take(opened).ids == {1, 2}

    def test_the_end_of_a_window_ends_the_reading_and_what_was_read_counts(
        self, source: Source, chunks: SetChunks
    ) -> None:
        chunks(5)
        source.put(people(range(1, 21)))
        opened, taken = source.open(protection={"windows": [WINDOW]}), Taken()
        opened.pace._now = lambda: NIGHT

        def closing() -> None:
            opened.pace._now = lambda: NOON

        self._closed_after_one_batch(source, opened, taken, closing)

    def test_the_switch_ends_the_reading_and_what_was_read_counts(
        self, source: Source, chunks: SetChunks
    ) -> None:
        chunks(5)
        source.put(people(range(1, 21)))
        opened, taken = source.open(), Taken()

        def closing() -> None:
            opened.pace.stopped = lambda: "reading is paused"

        self._closed_after_one_batch(source, opened, taken, closing)

    def _closed_after_one_batch(
        self, source: Source, opened: Any, taken: Taken, closing: Any
    ) -> None:
        with pytest.raises(SourceClosed):
            for batch in opened.read(DATASET, None):
                taken.land(opened, batch)
                closing()
        assert 0 < len(taken.ids) < 20
        assert taken.ids | take(source.open(), taken.cursor).ids == set(range(1, 21))
