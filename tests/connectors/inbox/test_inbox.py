"""The connector: what waits is read in order, once; fates end in the receipts."""

from __future__ import annotations

import pytest

from hub.core.errors import SourceRefused
from tests.connectors.inbox.sending import drop, fates, push, run


def numbers(rows):
    return [row["no"] for row in rows]


def test_pushes_are_read_in_the_order_of_their_arrival_and_once(inbox):
    spool = inbox.spool("cases")
    given = [push(spool, [{"no": str(n)}, {"no": f"{n}b"}]) for n in range(12)]
    rows = run(inbox)
    assert numbers(rows) == [no for n in range(12) for no in (str(n), f"{n}b")]
    assert [row["_file"] for row in rows[::2]] == [receipt.id for receipt in given]
    assert [row["_row"] for row in rows] == [1, 2] * 12
    assert run(inbox) == []
    assert {spool.receipt(receipt.id).state for receipt in given} == {"landed"}
    assert len(list((spool.folder / "done").iterdir())) == 12


def test_pushes_of_one_shape_share_a_batch(inbox):
    spool = inbox.spool("cases")
    for data in ([{"no": "1"}], [{"no": "2"}], [{"no": "3", "new": "x"}], [{"no": "4"}]):
        push(spool, data)
    found = list(inbox.read("cases", None))
    assert [numbers(batch.table.to_pylist()) for batch in found] == [["1", "2"], ["3"], ["4"]]
    assert [[file.rows for file in batch.files] for batch in found] == [[1, 1], [1], [1]]


def test_a_batch_has_at_most_the_agreed_rows(open_inbox):
    inbox = open_inbox(protection="{rows_per_second: 1}")
    inbox.pace._sleep = lambda seconds: None
    push(inbox.spool("cases"), [{"no": str(n)} for n in range(25)])
    assert [batch.table.num_rows for batch in inbox.read("cases", None)] == [10, 10, 5]


def test_a_push_goes_on_where_its_acknowledgement_stopped(open_inbox):
    inbox = open_inbox(protection="{rows_per_second: 1}")
    inbox.pace._sleep = lambda seconds: None
    receipt = push(inbox.spool("cases"), [{"no": str(n)} for n in range(25)])
    first = next(inbox.read("cases", None))
    inbox.acknowledge("cases", first.table, fates(["landed"] * 9 + ["quarantined"]))
    assert inbox.spool("cases").receipt(receipt.id).state == "received"
    assert numbers(run(inbox)) == [str(n) for n in range(10, 25)]
    landed = inbox.spool("cases").receipt(receipt.id)
    assert landed.state == "landed"
    assert landed.fates == {"landed": [[1, 9], [11, 25]], "quarantined": [[10, 10]]}
    assert landed.reasons == {"bad_date": [[10, 10]]}


def test_landed_but_not_acknowledged_is_read_again_and_ends_as_landed(inbox):
    receipt = push(inbox.spool("cases"), [{"no": "1"}])
    assert len(list(inbox.read("cases", None))) == 1  # it landed, and the process died
    run(inbox, "unchanged")
    landed = inbox.spool("cases").receipt(receipt.id)
    assert (landed.state, landed.counts["unchanged"]) == ("landed", 1)


def test_a_fate_that_was_told_stays(inbox):
    receipt = push(inbox.spool("cases"), [{"no": "1"}, {"no": "2"}])
    batch = next(inbox.read("cases", None))
    inbox.acknowledge("cases", batch.table.slice(0, 1), fates(["landed"]))
    inbox.acknowledge("cases", batch.table, fates(["unchanged", "unchanged"]))
    assert inbox.spool("cases").receipt(receipt.id).fates == {
        "landed": [[1, 1]], "unchanged": [[2, 2]]
    }  # fmt: skip


def test_a_push_without_rows_is_landed(inbox):
    receipt = push(inbox.spool("cases"), b"[]")
    assert run(inbox) == []
    assert inbox.spool("cases").receipt(receipt.id).state == "landed"


def test_a_payload_that_changed_on_the_disk_is_refused_and_the_others_are_read(inbox):
    spool = inbox.spool("cases")
    spoiled, sound = push(spool, [{"no": "1"}]), push(spool, [{"no": "2"}])
    spool.payload_path(spoiled).write_bytes(b'[{"no": "9"}]')
    rows = []
    with pytest.raises(SourceRefused, match=spoiled.id):
        for batch in inbox.read("cases", None):
            rows += batch.table.to_pylist()
    assert numbers(rows) == ["2"]
    assert spool.receipt(spoiled.id).state == "refused"
    assert spool.receipt(sound.id).state == "received"
    spool.payload_path(spoiled).write_bytes(b'[{"no": "1"}]')
    run(inbox)
    assert spool.receipt(spoiled.id).state == "landed"


def test_settings_that_changed_meanwhile_lose_no_row(open_inbox):
    receipt = push(open_inbox().spool("cases"), b"no,name\n1,a\n2,b\n", "csv")
    headless = {"csv": {"header": False, "fields": ["no", "name"]}}
    with pytest.raises(SourceRefused, match="2 rows were received, 3 are found now"):
        run(open_inbox(accepts=headless))
    with pytest.raises(SourceRefused, match="takes no csv"):
        run(open_inbox(accepts={"json": {}}))
    assert len(run(open_inbox())) == 2
    assert open_inbox().spool("cases").receipt(receipt.id).state == "landed"


def test_deleted_rows_are_marked_in_every_format(open_inbox):
    xml = {"rows": "//Case", "fields": {"no": "No", "gone": "Gone"}}
    inbox = open_inbox(
        accepts={"json": {}, "csv": {}, "xml": xml},
        deletes="flag", deleted={"column": "gone", "equals": ["1"]},
    )  # fmt: skip
    spool = inbox.spool("cases")
    push(spool, b'[{"no": 1, "gone": 1}, {"no": 2, "gone": 0}]')
    push(spool, b"no,gone\n1,1\n2,0\n", "csv")
    push(spool, b"<P><Case><No>1</No><Gone>1</Gone></Case><Case><No>2</No></Case></P>", "xml")
    assert [row["_deleted"] for row in run(inbox)] == [True, False] * 3


def test_the_paused_source_is_not_read(inbox):
    push(inbox.spool("cases"), [{"no": "1"}])
    inbox.pace.stopped = lambda: "paused"
    with pytest.raises(Exception, match="paused"):
        list(inbox.read("cases", None))


def test_doctor(inbox):
    spool = inbox.spool("cases")
    push(spool, [{"no": "1"}])
    found = {diagnosis.check: diagnosis for diagnosis in inbox.diagnose()}
    assert found["reachable"].state == "ok"
    assert found["privacy"].state == "ok"
    assert found["waiting"].found.startswith("1 pushes wait")
    spool.folder.chmod(0o755)
    assert {d.check: d.state for d in inbox.diagnose()}["privacy"] == "warning"
    assert list((spool.folder / "tmp").iterdir()) == []


def test_doctor_says_when_the_spool_is_no_folder(inbox, root):
    root.write_text("in the way")
    assert [(d.check, d.state) for d in inbox.diagnose()] == [("reachable", "failed")]


def test_dropped_files_come_before_what_waits(inbox):
    spool = inbox.spool("cases")
    drop(spool, "a.csv", b"no\n1\n")
    assert numbers(run(inbox)) == ["1"]


def test_a_field_that_the_first_rows_leave_out_is_a_column_of_all(inbox, monkeypatch):
    monkeypatch.setattr("connectors.inbox.json_rows.SLICE_ROWS", 2)
    push(inbox.spool("cases"), [{"no": "1"}, {"no": "2"}, {"no": "3", "late": "x"}])
    batch = next(inbox.read("cases", None))
    assert batch.table["late"].to_pylist() == [None, None, "x"]


def test_declared_fields_are_columns_though_no_row_has_them(open_inbox):
    inbox = open_inbox(accepts={"json": {"fields": ["closed"]}})
    push(inbox.spool("cases"), [{"no": "1"}])
    assert next(inbox.read("cases", None)).table["closed"].to_pylist() == [None]
