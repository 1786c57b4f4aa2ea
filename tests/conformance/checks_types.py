"""Every type that a department may hold comes through as the same value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.core.batches import BYTES, DEFECT
from tests.conformance import values
from tests.conformance.base import Checks, needs
from tests.conformance.kit import Source, Table, changed, column, people, take


def changed_on_the_way(
    source: Source, kind: str, given: Sequence[Any]
) -> dict[str, tuple[Any, Any]]:
    """Value → what became of it, for all that are not the same any more."""
    source.put(column(kind, given))
    got = take(source.open()).by_id()
    assert set(got) == set(range(1, len(given) + 1))
    pairs = [(value, source.unpadded(got[at]["value"])) for at, value in enumerate(given, 1)]
    if "null_and_empty" in source.lacks:
        pairs = [
            (value, read) for value, read in pairs if value is not None or read not in ("", None)
        ]
    return {repr(value): (value, read) for value, read in pairs if not values.same(value, read)}


class Types(Checks):
    @needs("integer38")
    def test_integers_of_38_digits(self, source: Source) -> None:
        assert changed_on_the_way(source, "integer38", values.INTEGERS_38) == {}

    @needs("integer19")
    def test_integers_beyond_the_53_bits_of_a_float(self, source: Source) -> None:
        assert changed_on_the_way(source, "integer19", values.INTEGERS_19) == {}

    @needs("decimal")
    def test_decimals_are_exact(self, source: Source) -> None:
        assert changed_on_the_way(source, "decimal", values.DECIMALS) == {}

    @needs("date")
    def test_dates_of_year_1_and_9999(self, source: Source) -> None:
        assert changed_on_the_way(source, "date", values.DATES) == {}

    @needs("timestamp")
    def test_timestamps_and_the_sentinel_of_1753(self, source: Source) -> None:
        assert changed_on_the_way(source, "timestamp", values.TIMESTAMPS) == {}

    @needs("timestamptz")
    def test_time_zones_keep_the_instant(self, source: Source) -> None:
        assert changed_on_the_way(source, "timestamptz", values.ZONED) == {}

    @needs("char")
    def test_padding_is_all_that_a_fixed_width_adds(self, source: Source) -> None:
        wrong = changed_on_the_way(source, "char", values.PADDED)
        assert {k: got for k, (value, got) in wrong.items() if got.rstrip(" ") != value} == {}

    @needs("null_and_empty")
    def test_null_and_the_empty_text_are_two_things(self, source: Source) -> None:
        assert changed_on_the_way(source, "text", (None, "", " ", "x")) == {}

    @needs("rare_characters")
    def test_emoji_rare_and_special_characters(self, source: Source) -> None:
        assert changed_on_the_way(source, "text", values.RARE) == {}

    @needs("illegal_bytes")
    def test_a_row_with_illegal_bytes_is_delivered_with_them(self, source: Source) -> None:
        source.put(people(range(1, 6)))
        raw = source.spoil(3)
        taken = take(source.open())
        (bad,) = (row for row in taken.rows if row[DEFECT] is not None)
        assert bad[DEFECT] == "illegal_bytes" and raw in bad[BYTES]
        assert taken.ids == {1, 2, 4, 5}

    @needs("wide")
    def test_a_thousand_columns(self, source: Source) -> None:
        names = [f"c{number:03}" for number in range(998)]
        row = tuple(number % 100 for number in range(998))
        columns = {"id": "id", "changed": "changed"} | dict.fromkeys(names, "small")
        source.put(Table(columns, [(1, changed(1), *row), (2, changed(2), *row)]))
        got = take(source.open()).by_id()
        assert [int(got[2][name]) for name in names] == list(row) and set(got) == {1, 2}

    @needs("empty")
    def test_an_empty_table(self, source: Source) -> None:
        source.put(people([]))
        assert take(source.open()).rows == []

    def test_one_row(self, source: Source) -> None:
        source.put(people([7]))
        (row,) = take(source.open()).rows
        assert (int(row["id"]), source.unpadded(row["name"])) == (7, "张三7")
        assert values.same(changed(7 * 60), source.unpadded(row["changed"]))
