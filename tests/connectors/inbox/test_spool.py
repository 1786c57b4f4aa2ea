"""What stays and what goes: receipts, payloads, keys; many writers at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from datetime import UTC, datetime

import polars as pl
import pytest

from connectors.inbox import receipts
from connectors.inbox.spool import KeyConflict, Spool
from hub.core.errors import SourceRefused
from tests.connectors.inbox.sending import push, run

DAY = 86_400


def aged(folder, days):
    """Every file of a folder as old as that."""
    moment = time.time() - days * DAY
    for path in folder.iterdir():
        os.utime(path, (moment, moment))


def prune(spool):
    """As the next run does, an hour or more after the last one."""
    (spool.folder / "pruned").unlink(missing_ok=True)
    spool.prune(datetime.now(UTC))


def test_payloads_go_when_their_time_is_over_and_receipts_later(open_inbox):
    inbox = open_inbox(keep="2d", keep_receipts="10d")
    spool = inbox.spool("cases")
    receipt = push(spool, [{"no": "1"}], key="a" * 64)
    aged(spool.folder / "new", 5)
    run(inbox)
    prune(spool)
    assert len(list((spool.folder / "done").iterdir())) == 1  # its time begins when it has landed
    aged(spool.folder / "done", 3)
    aged(spool.folder / "receipts", 3)
    prune(spool)
    assert list((spool.folder / "done").iterdir()) == []
    assert spool.receipt(receipt.id).state == "landed"
    aged(spool.folder / "receipts", 11)
    aged(spool.folder / "keys", 11)
    prune(spool)
    assert spool.receipt(receipt.id) is None
    assert list((spool.folder / "keys").iterdir()) == []


def test_the_receipt_of_a_push_that_waits_never_goes(open_inbox):
    inbox = open_inbox(keep_receipts="1d")
    spool = inbox.spool("cases")
    receipt = push(spool, [{"no": "1"}])
    aged(spool.folder / "receipts", 30)
    prune(spool)
    assert len(run(inbox)) == 1
    assert spool.receipt(receipt.id).state == "landed"


def test_payloads_that_never_came_in_go(inbox):
    spool = inbox.spool("cases")
    spool.prepare()
    (spool.folder / "tmp" / "half").write_bytes(b"[")
    run(inbox)
    assert len(list((spool.folder / "tmp").iterdir())) == 1
    aged(spool.folder / "tmp", 2)
    run(inbox)
    assert len(list((spool.folder / "tmp").iterdir())) == 1  # looked at within the hour
    prune(spool)
    assert list((spool.folder / "tmp").iterdir()) == []


def test_a_receipt_without_its_payload_was_never_given(inbox):
    spool = inbox.spool("cases")
    receipt = push(spool, [{"no": "1"}], key="b" * 64)
    spool.payload_path(receipt).unlink()  # as if killed before the payload had its name
    assert spool.receipt(receipt.id) is None
    again = push(spool, [{"no": "1"}], key="b" * 64)
    assert again.id > receipt.id
    assert [row["_file"] for row in run(inbox)] == [again.id]


def test_a_payload_without_a_receipt_is_named(inbox):
    spool = inbox.spool("cases")
    receipt = push(spool, [{"no": "1"}])
    spool.receipt_path(receipt.id).unlink()
    with pytest.raises(SourceRefused, match="has no receipt"):
        run(inbox)


def test_one_key_for_two_contents_is_a_conflict(inbox):
    spool = inbox.spool("cases")
    first = push(spool, [{"no": "1"}], key="c" * 64)
    assert push(spool, [{"no": "1"}], key="c" * 64) == first
    with pytest.raises(KeyConflict, match=first.id):
        push(spool, [{"no": "2"}], key="c" * 64)
    assert len(spool.waiting()) == 1


def test_a_clock_that_goes_back_keeps_the_order(inbox, monkeypatch):
    import connectors.inbox.spool as module

    class Back(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2001, 1, 1, tzinfo=tz)

    spool = inbox.spool("cases")
    before = push(spool, [{"no": "1"}])
    monkeypatch.setattr(module, "datetime", Back)
    after = push(spool, [{"no": "2"}])
    assert after.id > before.id
    assert receipts.parse_id(after.id)[2] > receipts.parse_id(before.id)[2]


def _send(spool: Spool, sender: int) -> list[str]:
    return [push(spool, [{"no": f"{sender}-{number}"}]).id for number in range(20)]


def test_many_processes_write_at_once(inbox):
    spool = inbox.spool("cases")
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        given = pool.starmap(_send, [(spool, sender) for sender in range(3)])
    ids = [receipt for one in given for receipt in one]
    assert len(set(ids)) == 60
    rows = run(inbox)
    assert [row["_file"] for row in rows] == sorted(ids)
    assert len({row["no"] for row in rows}) == 60


@pytest.mark.parametrize("text", ["", "a", "../x", "a-b-2012", "a-b-20120230T000000000000", "A-b-20120229T000000000000"])  # fmt: skip
def test_what_is_no_id(text):
    assert receipts.parse_id(text) is None


def test_a_receipt_of_very_many_runs_of_rows():
    rows = 100_000
    receipt = receipts.Receipt(
        "a-b-20120229T000000000000", "a", "b", "2012-02-29T00:00:00Z", "json", None, rows, 1, "0"
    )
    found = pl.DataFrame(
        {"row": range(1, rows + 1), "fate": ["landed", "quarantined"] * (rows // 2), "reason": [None, "bad_date"] * (rows // 2)}
    )  # fmt: skip
    after = receipt.with_fates(found[: rows - 1], datetime.now(UTC))
    assert after.state == "received"
    after = after.with_fates(found[rows - 1 :], datetime.now(UTC))
    assert after.state == "landed"
    assert after.counts == {
        "landed": rows // 2, "unchanged": 0, "superseded": 0, "quarantined": rows // 2, "rejected": 0
    }  # fmt: skip
    assert receipts.Receipt(**json.loads(after.to_json())).frame().equals(found)
