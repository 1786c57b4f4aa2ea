"""A second table that tells how something ended, and layouts whose names the database spells in another case."""

from __future__ import annotations

import pytest

import connectors
from hub.core.errors import SourceRefused
from tests.connectors.exchange.conftest import fated

SETTINGS = {
    "table": "EX_SQ", "key": ["SBLSH", "XH", "SJBBH"], "names": "upper",
    "flag": {"column": "JSBS", "new": "0", "done": "1", "error": "2"},
    "ending": {"table": "EX_JG", "same": ["SBLSH", "XH"], "version": "SJBBH"},
}  # fmt: skip


@pytest.fixture
def opened(make_department, place):
    """Both tables, in small letters where the layout has capitals."""
    for name, column in (("ex_sq", "kssj"), ("ex_jg", "jssj")):
        place.run(
            f"""CREATE TABLE {name} (sblsh varchar(20) NOT NULL, xh int NOT NULL, sjbbh int NOT NULL, {column} varchar(20),
            jsbs char(1) DEFAULT '0', PRIMARY KEY (sblsh, xh, sjbbh))"""
        )
    return connectors.open(make_department({"cases": SETTINGS}, "exchange"), place.url)


def put(place, table: str, case: str, number: int, version: int, value: str) -> None:
    place.run(f"INSERT INTO {table} VALUES ('{case}', {number}, {version}, '{value}', '0')")  # noqa: S608


def found(opened) -> list[tuple]:
    wanted = ["SBLSH", "SJBBH", "KSSJ", "ending.JSSJ", "ending.SJBBH"]
    return [
        tuple(row.values())
        for batch in opened.read("cases", None)
        for row in batch.table.select(wanted).to_pylist()
    ]


def acknowledge(opened, *given) -> None:
    (batch,) = opened.read("cases", None)
    opened.acknowledge("cases", batch.table, fated(*given))


def flags(place, table: str) -> list[tuple]:
    return place.run(f"SELECT sblsh, sjbbh, jsbs FROM {table} ORDER BY 1, 2")  # noqa: S608


def test_whichever_is_new_brings_both(place, opened):
    put(place, "ex_jg", "B", 1, 1, "alone")
    assert found(opened) == []
    put(place, "ex_sq", "A", 1, 1, "begun")
    assert found(opened) == [("A", 1, "begun", None, None)]
    acknowledge(opened, "landed")
    assert found(opened) == []
    put(place, "ex_jg", "A", 1, 1, "ended")
    put(place, "ex_jg", "A", 2, 1, "of another")
    assert found(opened) == [("A", 1, "begun", "ended", 1)]
    acknowledge(opened, ("quarantined", "bad_date"))
    # The row itself had been told before; its ending is in error.
    assert flags(place, "ex_sq") == [("A", 1, "1")]
    assert place.run("SELECT jsbs FROM ex_jg WHERE sblsh = 'A' ORDER BY xh") == [("2",), ("0",)]


def test_the_highest_version_counts_and_what_came_since_stays_new(place, opened):
    put(place, "ex_sq", "A", 1, 1, "begun")
    put(place, "ex_sq", "A", 1, 2, "corrected")
    for version in (1, 3, 2):
        put(place, "ex_jg", "A", 1, version, f"v{version}")
    (batch,) = opened.read("cases", None)
    assert found(opened) == [("A", 1, "begun", "v3", 3), ("A", 2, "corrected", "v3", 3)]
    put(place, "ex_jg", "A", 1, 4, "v4")
    opened.acknowledge("cases", batch.table, fated("superseded", "landed"))
    assert flags(place, "ex_jg") == [("A", 1, "1"), ("A", 2, "1"), ("A", 3, "1"), ("A", 4, "0")]
    assert flags(place, "ex_sq") == [("A", 1, "1"), ("A", 2, "1")]
    assert found(opened) == [("A", 1, "begun", "v4", 4), ("A", 2, "corrected", "v4", 4)]


def test_chunks_of_joined_rows_follow_the_key(place, opened, monkeypatch):
    monkeypatch.setattr("connectors.pace.CHUNK_ROWS", 2)
    for number in range(5):
        put(place, "ex_sq", f"C{number}", 1, 1, "begun")
        put(place, "ex_jg", f"C{number}", 1, 1, f"ended {number}")
    sizes = []
    for batch in opened.read("cases", None):
        sizes.append(batch.table.num_rows)
        opened.acknowledge("cases", batch.table, fated(*["landed"] * batch.table.num_rows))
    assert sizes == [2, 2, 1] and found(opened) == []
    assert {flag for _, _, flag in flags(place, "ex_jg")} == {"1"}


def test_a_name_that_is_in_no_spelling_there_is_refused(place, opened):
    place.run("ALTER TABLE ex_sq RENAME TO ex_other")
    with pytest.raises(SourceRefused):
        found(opened)
    (failed,) = [each for each in opened.diagnose() if each.state == "failed"]
    assert failed.check == "table" and failed.dataset == "cases"
