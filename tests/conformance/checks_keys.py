"""Keys, single rows and ranges agree with the reading."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors import Keyed, Ranged, Whole
from hub.core.batches import RESERVED
from tests.conformance.base import Checks, SetChunks, needs
from tests.conformance.kit import DATASET, Source, changed, people, rows_of, take


def fields(rows: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """The department's own fields by id."""
    return {
        int(row["id"]): {name: value for name, value in row.items() if name not in RESERVED}
        for row in rows
    }


def all_keys(connector: Keyed) -> pa.Table:
    return pa.concat_tables(connector.keys(DATASET, ["id"]))


def key_name(keys: pa.Table) -> str:
    return next(str(name) for name in keys.column_names if name.lower() == "id")


class Keys(Checks):
    def test_what_it_declares_to_lack_it_lacks(self, source: Source) -> None:
        source.put(people([1]))
        opened = source.open()
        assert isinstance(opened, Keyed) == ("keys" not in source.lacks)
        assert isinstance(opened, Whole) == ("whole" not in source.lacks)
        assert isinstance(opened, Ranged) == ("ranges" not in source.lacks)

    @needs("keys")
    def test_the_keys_are_those_of_the_rows(self, source: Source, chunks: SetChunks) -> None:
        chunks(6)
        source.put(people(range(1, 21)))
        opened = source.open()
        assert isinstance(opened, Keyed)
        parts = list(opened.keys(DATASET, ["id"]))
        keys = pa.concat_tables(parts)
        assert max(part.num_rows for part in parts) <= 6
        assert sorted(int(key) for key in keys[key_name(keys)].to_pylist()) == list(range(1, 21))
        source.put(people(range(3, 6)))
        keys = all_keys(opened)
        assert {int(key) for key in keys[key_name(keys)].to_pylist()} == {3, 4, 5}

    @needs("keys")
    def test_single_rows_are_those_of_the_reading(self, source: Source) -> None:
        source.put(people(range(1, 21)))
        read = fields(take(source.open()).rows)
        opened = source.open()
        assert isinstance(opened, Keyed)
        keys = all_keys(opened)
        texts = keys[key_name(keys)].cast(pa.string())
        wanted = keys.filter(pc.is_in(texts, pa.array(["2", "11", "20"])))
        batches = list(opened.fetch(DATASET, wanted))
        assert all(not batch.cursor for batch in batches)
        fetched = fields([row for batch in batches for row in rows_of(batch)])
        assert fetched == {ident: read[ident] for ident in (2, 11, 20)}

    @needs("whole")
    def test_a_whole_reading_gives_what_is_there_now(
        self, source: Source, chunks: SetChunks
    ) -> None:
        chunks(6)
        source.put(people(range(1, 21)))
        opened = source.open()
        assert isinstance(opened, Whole)
        read = fields(take(opened).rows)
        batches = list(source.open().read_whole(DATASET))  # type: ignore[attr-defined]
        assert max(batch.table.num_rows for batch in batches) <= 6
        assert fields([row for batch in batches for row in rows_of(batch)]) == read
        assert set(read) == set(range(1, 21))

    @needs("ranges")
    def test_a_range_holds_its_rows_from_low_to_below_high(self, source: Source) -> None:
        source.put(people(range(1, 21)))
        opened = source.open()
        assert isinstance(opened, Ranged)

        def ids(low: str | None, high: str | None) -> set[int]:
            batches = list(opened.read_range(DATASET, low, high))
            assert all(not batch.cursor for batch in batches)
            return set(fields([row for batch in batches for row in rows_of(batch)]))

        five, nine = changed(5 * 60).isoformat(" "), changed(9 * 60).isoformat(" ")
        assert ids(five, nine) == {5, 6, 7, 8}
        assert ids(None, five) == {1, 2, 3, 4}
        assert ids(nine, None) == set(range(9, 21))
        assert ids(None, None) == set(range(1, 21))
