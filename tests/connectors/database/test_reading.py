"""Passes over a table of a real PostgreSQL: what is read, in which order, and where the next run begins."""

from __future__ import annotations

from typing import Any

import pytest

import connectors
from hub.core.batches import RawBatch
from hub.core.errors import SourceRefused

TABLE = "CREATE TABLE t (id bigint NOT NULL, changed timestamptz, name varchar(20))"
KEYSET = {
    "table": "t", "strategy": {"keyset": {"cursor": "changed", "key": ["id"], "lag": "15m"}},
}  # fmt: skip
SNAPSHOT = {"table": "t", "strategy": {"snapshot": {"key": ["id"]}}}
NOON = "2012-03-05 12:00:00.123456+08"


def fill(*rows: tuple[int, str | None]) -> str:
    values = ", ".join(f"({n}, {'NULL' if at is None else repr(at)}, 'x')" for n, at in rows)
    return f"INSERT INTO t VALUES {values}"  # noqa: S608


def minutes(first: int, last: int) -> str:
    return (
        f"INSERT INTO t SELECT n, timestamptz '{NOON}' + n * interval '1 minute', 'x'"  # noqa: S608
        f" FROM generate_series({first}, {last}) n"
    )


def batches(
    connector: connectors.Connector, cursor: dict[str, Any] | None = None
) -> list[RawBatch]:
    return list(connector.read("cases", cursor))


def ids(found: list[RawBatch]) -> list[int]:
    return [n for batch in found for n in batch.table["id"].to_pylist()]


def test_the_next_run_begins_a_lag_below_what_was_there_when_the_last_one_began(sql, open_database):
    sql(TABLE, minutes(1, 60))
    first = batches(open_database(**KEYSET))
    assert ids(first) == list(range(1, 61))
    assert first[-1].cursor == {"position": {"timestamp": "2012-03-05T05:00:00.123456+00:00"}}
    sql(minutes(61, 62), "INSERT INTO t VALUES (100, timestamptz '2012-03-05 12:46+08', 'late')")
    assert ids(batches(open_database(**KEYSET), first[-1].cursor)) == [45, 100, *range(46, 63)]


def test_a_row_written_while_a_pass_is_at_work_does_not_move_the_position(
    sql, open_database, chunks
):
    chunks(5)
    sql(TABLE, minutes(1, 10))
    reading = open_database(**KEYSET).read("cases", None)
    first = next(reading)
    sql(minutes(500, 500))
    rest = list(reading)
    assert ids([first, *rest])[-1] == 500
    assert rest[-1].cursor == {"position": {"timestamp": "2012-03-05T04:10:00.123456+00:00"}}


def test_a_time_in_the_future_is_read_and_never_saved(sql, open_database):
    sql(TABLE, minutes(1, 3), fill((4, "9999-12-31"), (5, "infinity")))
    found = batches(open_database(**KEYSET))
    assert ids(found) == [1, 2, 3, 4, 5]
    assert found[-1].cursor == {"position": {"timestamp": "2012-03-05T04:03:00.123456+00:00"}}
    assert found[0].table["changed"][4].as_py() == "infinity"


def test_rows_without_a_cursor_value_are_read_in_every_run(sql, open_database, chunks):
    chunks(2)
    sql(TABLE, minutes(1, 3), fill((7, None), (8, None), (9, None)))
    found = batches(open_database(**KEYSET))
    assert ids(found) == [7, 8, 9, 1, 2, 3]
    assert ids(batches(open_database(**KEYSET), found[-1].cursor)) == [7, 8, 9, 1, 2, 3]


@pytest.mark.parametrize("stop", [1, 2, 3, 4, 5])
def test_a_pass_that_was_stopped_anywhere_goes_on_there(sql, open_database, chunks, stop):
    chunks(2)
    sql(TABLE, minutes(1, 6), fill((7, None), (8, None), (9, None)))
    whole = ids(batches(open_database(**KEYSET)))
    stopped = batches(open_database(**KEYSET))[:stop]
    rest = batches(open_database(**KEYSET), stopped[-1].cursor)
    assert ids(stopped + rest)[: len(whole)] == whole


def test_rows_without_a_key_are_refused_after_the_others(sql, open_database):
    sql("CREATE TABLE t (id bigint, changed timestamptz, name text)", minutes(1, 3))
    sql("INSERT INTO t VALUES (NULL, timestamptz '2012-03-05 12:00+08', 'x'), (NULL, NULL, 'x')")
    for settings in (KEYSET, SNAPSHOT):
        found = []
        with pytest.raises(SourceRefused, match="2 rows have no id"):
            for batch in open_database(**settings).read("cases", None):
                found.append(batch)
        assert ids(found) == [1, 2, 3]
    swept = []
    with pytest.raises(SourceRefused, match="2 rows have no id"):
        for keys in open_database(**KEYSET).keys("cases", ["name"]):
            swept.append(keys)
    assert [table.to_pydict() for table in swept] == [{"id": [1, 2, 3], "name": ["x"] * 3}]


def test_a_key_that_is_not_unique_loses_no_row(sql, open_database, chunks):
    chunks(4)
    rows = [(1, NOON), (2, NOON), (3, NOON), (4, NOON), (4, NOON), (4, NOON), (5, NOON)]
    sql(TABLE, fill(*rows))
    assert ids(batches(open_database(**SNAPSHOT))) == [1, 2, 3, 4, 4, 4, 5]
    chunks(2)
    with pytest.raises(SourceRefused, match="more than 2 rows are equal in id"):
        batches(open_database(**SNAPSHOT))


def test_a_snapshot_goes_on_where_it_was_stopped_and_then_begins_anew(sql, open_database, chunks):
    chunks(2)
    sql(TABLE, minutes(1, 5))
    found = batches(open_database(**SNAPSHOT))
    assert [batch.cursor for batch in found] == [{"after": [2]}, {"after": [4]}, {"after": None}]
    assert ids(batches(open_database(**SNAPSHOT), found[0].cursor)) == [3, 4, 5]
    assert ids(batches(open_database(**SNAPSHOT), found[-1].cursor)) == [1, 2, 3, 4, 5]


def test_a_source_restored_from_a_backup_is_read_from_where_it_stands(sql, open_database):
    by_number = {"table": "t", "strategy": {"keyset": {"cursor": "id", "key": ["id"], "lag": 2}}}
    sql(TABLE, minutes(1, 50))
    last = batches(open_database(**by_number))[-1].cursor
    sql("DELETE FROM t WHERE id > 20", minutes(21, 22))
    assert ids(batches(open_database(**by_number), last)) == [20, 21, 22]


def test_numbers_that_are_asked_for_as_text_are_ordered_as_numbers(sql, open_database, chunks):
    chunks(2)
    sql("CREATE TABLE t (id oid PRIMARY KEY)", "INSERT INTO t SELECT generate_series(7, 12)")
    assert ids(batches(open_database(**SNAPSHOT))) == ["7", "8", "9", "10", "11", "12"]


def test_a_lag_must_be_of_the_kind_of_its_column(sql, open_database):
    sql(TABLE, minutes(1, 3))
    wrong = {"table": "t", "strategy": {"keyset": {"cursor": "id", "key": ["id"], "lag": "15m"}}}
    first = batches(open_database(**wrong))
    with pytest.raises(SourceRefused, match="its lag must be a whole number"):
        batches(open_database(**wrong), first[-1].cursor)


def test_times_as_text_have_a_lag_too(sql, open_database):
    sql("CREATE TABLE t (id bigint NOT NULL, changed char(14) NOT NULL, name text)")
    sql(fill(*((n, f"201203051200{n:02}") for n in range(1, 60))))
    settings = KEYSET | {"strategy": {"keyset": {"cursor": "changed", "key": ["id"], "lag": "10s"}}}
    last = batches(open_database(**settings))[-1].cursor
    assert last == {"position": "20120305120059"}
    assert ids(batches(open_database(**settings), last)) == list(range(49, 60))


def test_a_query_some_columns_and_the_mark_of_deleted_rows(sql, open_database):
    sql("CREATE TABLE t (id bigint, a text, b text, state char(1))")
    sql("INSERT INTO t VALUES (1, 'a:b', 'x', '1'), (2, '100%', 'x', '9')")
    opened = open_database(
        query="SELECT id, a, b, state FROM t WHERE a NOT LIKE '%;%' -- all; of them\n", columns=["a"],
        strategy={"snapshot": {"key": ["id"]}}, deletes="flag", deleted={"column": "state", "equals": ["9"]},
    )  # fmt: skip
    (batch,) = opened.read("cases", None)
    rows = batch.table.to_pylist()
    assert [list(row)[:3] for row in rows] == [["id", "a", "state"]] * 2
    assert [(row["a"], row["_deleted"], row["_row"]) for row in rows] == [
        ("a:b", False, 1), ("100%", True, 2),
    ]  # fmt: skip


def test_a_column_that_is_not_there_is_named(sql, open_database):
    sql(TABLE)
    with pytest.raises(SourceRefused, match="no column nr, zeit"):
        batches(open_database(**KEYSET | {"columns": ["name", "nr", "zeit"]}))


def test_a_wide_table_comes_in_smaller_chunks(sql, open_database, monkeypatch):
    monkeypatch.setattr("connectors.database.chunks.CELLS", 9)
    sql(TABLE, minutes(1, 7))
    assert [batch.table.num_rows for batch in batches(open_database(**SNAPSHOT))] == [3, 3, 1]


def test_the_session_cannot_write(sql, open_database):
    sql(TABLE, minutes(1, 2), "CREATE SEQUENCE s")
    with pytest.raises(SourceRefused, match="read-only"):
        batches(
            open_database(
                query="SELECT id, nextval('s') FROM t", strategy={"snapshot": {"key": ["id"]}}
            )
        )
