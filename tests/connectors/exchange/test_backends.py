"""Tables with a composite key, on PostgreSQL, MariaDB, SQLite and over ODBC: read in order, acknowledged exactly."""

from __future__ import annotations

import threading
import time

import pytest

import connectors
from hub.core.errors import SourceRefused, SpecError
from tests.connectors.exchange.conftest import SETTINGS, fated


def keys(batch) -> list[tuple]:
    return [
        tuple(row.values()) for row in batch.table.select(["projid", "dataver", "sn"]).to_pylist()
    ]


def test_rows_come_in_the_order_of_their_key_and_in_chunks(place, open_place, monkeypatch):
    monkeypatch.setattr("connectors.pace.CHUNK_ROWS", 2)
    opened = open_place()
    for key in (("P2", 1, 1), ("P1", 2, 1), ("P1", 1, 10), ("P1", 1, 9), ("P1", 2, 3)):
        place.put(*key)
    place.run("UPDATE ea_proc SET signstate = '1' WHERE sn = 3")
    batches = list(opened.read("cases", None))
    assert [keys(batch) for batch in batches] == [
        [("P1", 1, 9), ("P1", 1, 10)],
        [("P1", 2, 1), ("P2", 1, 1)],
    ]
    assert [batch.table["_row"].to_pylist() for batch in batches] == [[1, 2], [3, 4]]
    assert batches[-1].cursor == {"rows": 4}
    assert batches[0].table["opinion"].to_pylist() == ["同意", "同意"]


def test_fates_and_reason_codes_are_written_back_once(place, open_place):
    opened = open_place()
    for sn in (1, 2, 3, 4):
        place.put("P1", 1, sn)
    (batch,) = opened.read("cases", None)
    fates = fated(
        "landed", ("quarantined", "unmapped_power"), "superseded", ("quarantined", "bad_date")
    )
    opened.acknowledge("cases", batch.table, fates)
    told = [
        ("P1", 1, 1, "1", None), ("P1", 1, 2, "2", "unmapped_power"), ("P1", 1, 3, "1", None),
        ("P1", 1, 4, "2", "bad_date"),
    ]  # fmt: skip
    assert place.flags() == told
    (first,) = set(place.run("SELECT told_at FROM ea_proc"))
    assert first != (None,)
    # After a crash the same batch is acknowledged again; the department has mended a row and says so.
    place.run("UPDATE ea_proc SET signstate = '0', maketime = '2012-03-06 08:00:00' WHERE sn = 2")
    opened.acknowledge("cases", batch.table, fates)
    assert place.flags()[1][:4] == ("P1", 1, 2, "0") and place.flags()[0] == told[0]
    (again,) = opened.read("cases", batch.cursor)
    opened.acknowledge("cases", again.table, fated("landed").drop("reason"))
    assert place.flags()[1] == ("P1", 1, 2, "1", None)
    assert list(opened.read("cases", None)) == []


def test_a_row_that_was_written_since_stays_new(place, open_place):
    opened = open_place()
    for sn in (1, 2, 3, 4):
        place.put("P1", 1, sn, made=None if sn > 2 else "2012-03-05 14:30:00")
    (batch,) = opened.read("cases", None)
    place.run(
        "UPDATE ea_proc SET opinion = 'x', maketime = '2012-03-05 14:31:00' WHERE sn IN (2, 4)",
        "UPDATE ea_proc SET signstate = '9' WHERE sn = 3",
    )
    place.put("P1", 2, 1)
    opened.acknowledge("cases", batch.table, fated("landed", "landed", "landed", "landed"))
    assert [row[1:4] for row in place.flags()] == [
        (1, 1, "1"), (1, 2, "0"), (1, 3, "9"), (1, 4, "0"), (2, 1, "0"),
    ]  # fmt: skip
    (rest,) = opened.read("cases", None)
    assert keys(rest) == [("P1", 1, 2), ("P1", 1, 4), ("P1", 2, 1)]


def test_many_rows_take_few_statements(place, open_place):
    opened = open_place(changed=None)
    rows = ", ".join(f"('P{n % 7}', 1, {n}, '同意', '0')" for n in range(1200))
    place.run(f"INSERT INTO ea_proc (projid, dataver, sn, opinion, signstate) VALUES {rows}")  # noqa: S608
    (batch,) = opened.read("cases", None)
    opened.acknowledge("cases", batch.table, fated(*["landed"] * 1200))
    assert place.run("SELECT signstate, count(*) FROM ea_proc GROUP BY 1") == [("1", 1200)]


def test_a_flag_may_be_a_number_and_several_values_may_mean_new(place, open_place):
    opened = open_place(
        table="queue", key=None, order="sn", changed=None,
        flag={"column": "gtsync", "new": [0, None, 5], "done": 1, "error": 3},
    )  # fmt: skip
    place.run(
        "CREATE TABLE queue (sn int PRIMARY KEY, gtsync int)",
        "INSERT INTO queue VALUES (1, 0), (2, NULL), (3, 1), (4, 5), (5, 7), (8, 0)",
    )
    (batch,) = opened.read("cases", None)
    assert batch.table["sn"].to_pylist() == [1, 2, 4, 8] and batch.cursor == {"order": 8}
    opened.acknowledge("cases", batch.table, fated("landed", "quarantined", "landed", "landed"))
    assert place.run("SELECT sn, gtsync FROM queue ORDER BY 1") == [
        (1, 1),
        (2, 3),
        (3, 1),
        (4, 1),
        (5, 7),
        (8, 1),
    ]


def test_writers_at_work_lose_nothing(place, open_place):
    """Rows are inserted and changed between every reading and its acknowledgement; all reach the reader as they last were."""
    opened = open_place()
    written: dict[tuple, str] = {}

    def write(part: int) -> None:
        for sn in range(40):
            place.put(f"P{part}", 1, sn, opinion=f"{part}.{sn}.a")
            written[f"P{part}", 1, sn] = f"{part}.{sn}.a"
            if sn % 3 == 0:
                opinion, moment = f"{part}.{sn}.b", f"2012-03-05 15:{sn:02}:{part:02}"
                place.run(
                    f"UPDATE ea_proc SET opinion = '{opinion}', maketime = '{moment}', "  # noqa: S608
                    f"signstate = '0' WHERE projid = 'P{part}' AND sn = {sn}"
                )
                written[f"P{part}", 1, sn] = opinion

    writers = [threading.Thread(target=write, args=(part,)) for part in range(2)]
    for writer in writers:
        writer.start()
    seen: dict[tuple, str] = {}
    deadline = time.monotonic() + 120
    while any(writer.is_alive() for writer in writers) or place.run(
        "SELECT 1 FROM ea_proc WHERE signstate = '0'"
    ):
        for batch in opened.read("cases", None):
            seen |= dict(zip(keys(batch), batch.table["opinion"].to_pylist(), strict=True))
            opened.acknowledge("cases", batch.table, fated(*["landed"] * batch.table.num_rows))
        assert time.monotonic() < deadline
    assert len(written) == 80 and seen == written


@pytest.mark.parametrize("key", [["projid", "sn"], ["projid"]])
def test_a_key_that_is_none_is_refused(place, open_place, key):
    opened = open_place(key=key)
    place.put("P1", 1, 1)
    place.put("P1", 2, 1)
    with pytest.raises(SourceRefused, match="occurs twice among the new rows") as caught:
        list(opened.read("cases", None))
    assert "P1" not in str(caught.value)


def test_rows_without_a_whole_key_are_named_last(place, open_place):
    opened = open_place(table="loose")
    place.run(
        f"""CREATE TABLE loose (projid varchar(30), dataver int, sn int, maketime {place.time}, signstate varchar(2),
        reason varchar(50), told_at {place.time})""",
        "INSERT INTO loose (projid, dataver, sn, signstate) VALUES ('P1', 1, 1, '0'), ('P2', NULL, 1, '0'), (NULL, 1, 1, '0')",
    )
    reading = opened.read("cases", None)
    assert keys(next(reading)) == [("P1", 1, 1)]
    with pytest.raises(SourceRefused, match="2 new rows have no dataver or projid or sn"):
        next(reading)


def test_settings_that_cannot_be_are_refused_before_any_query(make_department):
    for change, said in (
        ({"order": "sn"}, "one of 'order' and 'key'"),
        ({"key": None}, "one of 'order' and 'key'"),
        ({"flag": SETTINGS["flag"] | {"done": "0"}}, "must differ from 'new'"),
        ({"flag": SETTINGS["flag"] | {"new": []}}, "flag.new"),
        ({"flag": SETTINGS["flag"] | {"more": 1}}, "flag.more"),
        ({"ending": {"table": "x", "same": ["projid"]}}, "ending.version"),
    ):
        with pytest.raises(SpecError, match=said):
            connectors.check(make_department({"cases": SETTINGS | change}, "exchange"))
