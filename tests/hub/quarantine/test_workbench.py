"""What stewards do with quarantined rows, and what is logged of it."""

from __future__ import annotations

from typing import Any

import pytest

from hub import pipeline
from hub.core.batches import Step
from hub.core.errors import HubError
from hub.pipeline import quarantine
from hub.pipeline.rebuild import rebuild
from tests.hub.quarantine.conftest import SOUND, Ask, Office
from warehouse.workbench import Selection

HUB = pipeline.Hub
CASES = 'select source_case_no, applied_at is null, closed_at is null from core."case" order by 1'


def taken(hub: HUB) -> None:
    pipeline.run(hub, "office")


def one(hub: HUB, **chosen: Any) -> int:
    """The number of the only row that fits."""
    (row,) = quarantine.listed(hub, Selection(**chosen), 5)["rows"]
    number: int = row["quarantine_id"]
    return number


def by(action: str, note: str | None = None) -> Step:
    return Step("李敏", action, note)


def test_filters_narrow_and_counts_tell_who_works_on_how_many(office: Office, hub: HUB) -> None:
    office.put(
        "a.csv", {"NO": 1, "APPLIED": "待定"}, {"NO": 2, "ITEM": "B9"}, {"NO": 3, "ITEM": "B9"}
    )
    taken(hub)
    assert quarantine.assign(hub, Selection(reason="bad_date"), "王芳", by("assign")) == 1
    (mine,) = quarantine.listed(hub, Selection(assignee="王芳"), 5)["rows"]
    assert mine["reason"] == "bad_date"
    counts = quarantine.listed(hub, Selection(department="office"), 1)["counts"]
    assert [(c["reason"], c["rows"], c["assigned"]) for c in counts] == [
        ("unmapped_power", 2, 0), ("bad_date", 1, 1),
    ]  # fmt: skip
    for nothing in (
        Selection(department="other"), Selection(dataset="other"), Selection(state="rejected"),
        Selection(older_than=1), Selection(assignee="-", reason="bad_date"),
    ):  # fmt: skip
        assert quarantine.listed(hub, nothing, 5) == {"counts": [], "rows": []}


def test_a_row_is_shown_beside_what_was_expected_of_it(office: Office, hub: HUB) -> None:
    office.put("a.csv", {"NO": 1, "APPLIED": "待定", "KIND": "特办", "TITLE": "电话13900001234"})
    taken(hub)
    number = one(hub)
    quarantine.note(hub, Selection(ids=(number,)), by("note", "致电 13900001234 未接"))
    row = quarantine.shown(hub, number)
    fields = {field["field"]: field for field in row["fields"]}
    assert fields["APPLIED"]["value"] == "待定"
    assert fields["APPLIED"]["wrong"] == ["bad_date"]
    (target, *_) = [use for use in fields["APPLIED"]["expected"] if use["decides"]]
    assert (target["target"], target["zh"]) == ("case.applied_at", "申请时间")
    assert "2012-03-05" in target["form_zh"]
    assert fields["KIND"]["expected"][0]["codelist"] == "case_kind"
    assert fields["KIND"]["wrong"] == ["unmapped_code"]
    assert [use["required"] for use in fields["NO"]["expected"]] == [True, True]
    assert {verdict["reason"] for verdict in row["wrong"]} == {"bad_date", "unmapped_code"}
    assert all(verdict["remedy_zh"] and verdict["remedy_en"] for verdict in row["wrong"])
    assert [(e["actor"], e["action"], e["note"]) for e in row["history"]] == [
        ("李敏", "note", "致电 ■■■ 未接")
    ]
    said = str(row)
    assert not [secret for secret in (SOUND["SFZH"], SOUND["TEL"], SOUND["XM"]) if secret in said]
    with pytest.raises(HubError, match="no quarantined row"):
        quarantine.shown(hub, number + 1)


def test_a_row_that_the_source_lacks_a_column_of_names_it(office: Office, hub: HUB) -> None:
    office.put("a.csv", {"NO": 1})
    file = office.drop / "a.csv"
    file.write_text(file.read_text("utf-8").replace("CLOSED", "BJSJ"), "utf-8")
    taken(hub)
    row = quarantine.shown(hub, one(hub))
    (missing,) = [field for field in row["fields"] if field["missing"]]
    assert (missing["field"], missing["wrong"]) == ("CLOSED", ["missing_column"])
    mapping = office.folder / "mapping.yml"
    mapping.write_text(mapping.read_text().replace("ignore: [NOTE]", "ignore: [NOTE]\n    rename: [{field: CLOSED, was: [BJSJ]}]"))  # fmt: skip
    assert quarantine.shown(hub, row["quarantine_id"])["wrong"] == []
    assert [c.landed for c in pipeline.replay(hub)] == [1]


def test_a_rejected_row_never_lands_however_often_it_is_read(
    office: Office, hub: HUB, ask: Ask
) -> None:
    office.put("a.csv", {"NO": 1, "ITEM": "B9"}, {"NO": 2})
    taken(hub)
    number = one(hub)
    assert quarantine.reject(hub, Selection(ids=(number,)), by("reject", "测试数据")) == 1
    assert quarantine.reject(hub, Selection(ids=(number,)), by("reject", "again")) == 0
    assert pipeline.replay(hub, quarantine_id=number) == []
    office.put("a.csv", {"NO": 1, "ITEM": "B9"}, {"NO": 2}, {"NO": 3})
    taken(hub)
    assert ask("select quarantine_id, state from ops.quarantine") == [(number, "rejected")]
    actions = ask(
        "select action, actor, state_to, note from ops.quarantine_event order by event_no"
    )
    assert actions == [
        ("reject", "李敏", "rejected", "测试数据"),
        ("read_again", "hub", "rejected", None),
    ]
    add_power(office, "B9")
    rebuilt = rebuild(hub, "office")
    assert rebuilt.same, rebuilt
    assert balanced(hub)["rejected"] == 1


def test_what_cannot_be_read_is_accepted_as_empty_and_what_is_odd_as_it_is(
    office: Office, hub: HUB, ask: Ask
) -> None:
    office.put(
        "a.csv", {"NO": 1, "CLOSED": "待定", "SFZH": "1.2E+17"}, {"NO": 2, "FEE": "-5"},
        {"NO": 3, "FEE": "免"}, {"NO": 4, "ITEM": "B9", "CLOSED": "待定"}, {"NO": 5, "CLOSED": "2912-01-01"},
    )  # fmt: skip
    taken(hub)
    found = quarantine.accept(hub, Selection(department="office"), by("accept", "已核实"))
    assert found["accepted"] == 3
    against = {(row["reason"], row["column"]) for row in found["refused"]}
    assert against == {("required_missing", "fee.amount"), ("unmapped_power", "ITEM")}
    assert all(row["remedy_zh"] for row in found["refused"])
    assert ask(CASES) == [("1", False, True), ("2", False, False), ("5", False, False)]
    assert ask("select amount from core.fee order by 1") == [(-5,), (10,), (10,)]
    kept = ask("select record_key, state, waived from ops.quarantine order by 1")
    assert kept == [
        ("1", "accepted", ["bad_date", "identity_digits_lost"]), ("2", "accepted", ["negative_amount"]),
        ("3", "open", None), ("4", "open", None), ("5", "accepted", ["implausible_time"]),
    ]  # fmt: skip
    life = ask("select actor, action, note, outcome from ops.quarantine_event")
    assert life == [("李敏", "accept", "已核实", "landed")] * 3
    rebuilt = rebuild(hub, "office")
    assert rebuilt.same, rebuilt
    assert balanced(hub) == {
        "read": 5, "landed": 3, "unchanged": 0, "superseded": 0, "quarantined": 2, "rejected": 0,
    }  # fmt: skip


def test_an_acceptance_holds_when_the_same_row_is_read_again(
    office: Office, hub: HUB, ask: Ask
) -> None:
    office.put("a.csv", {"NO": 1, "CLOSED": "待定"})
    taken(hub)
    assert (
        quarantine.accept(hub, Selection(ids=(one(hub),)), by("accept", "无从查考"))["accepted"]
        == 1
    )
    office.put("a.csv", {"NO": 1, "CLOSED": "待定"}, {"NO": 2})
    taken(hub)
    assert ask("select state from ops.quarantine") == [("accepted",)]
    assert rebuild(hub, "office").same
    office.put("a.csv", {"NO": 1, "CLOSED": "2012-03-09"}, {"NO": 2})
    taken(hub)
    office.put("a.csv", {"NO": 1, "CLOSED": "待定"}, {"NO": 2})
    taken(hub)
    assert ask("select state from ops.quarantine order by 1") == [("accepted",), ("open",)]
    assert balanced(hub)["superseded"] == 1


def test_a_key_that_another_record_holds_cannot_be_accepted(
    office: Office, hub: HUB, ask: Ask
) -> None:
    mapping = office.folder / "mapping.yml"
    mapping.write_text(
        mapping.read_text()
        .replace("key: [NO]", "key: [NO, NOTE]")
        .replace("    ignore: [NOTE]\n", "")
    )
    office.put("a.csv", {"NO": 1, "NOTE": "x"}, {"NO": 1, "NOTE": "y", "CLOSED": "待定"})
    taken(hub)
    found = quarantine.accept(hub, Selection(), by("accept", "x"))
    assert found["accepted"] == 0
    assert [row["reason"] for row in found["refused"]] == ["duplicate_key"]
    assert ask("select state, reason, waived from ops.quarantine") == [
        ("open", "duplicate_key", None)
    ]
    assert balanced(hub)["quarantined"] == 1


def add_power(office: Office, code: str) -> None:
    powers = office.folder / "powers.csv"
    powers.write_text(powers.read_text("utf-8") + f"{code},某事项,36012100GS-XK-0001,,,\n", "utf-8")


def balanced(hub: HUB) -> dict[str, int]:
    document = quarantine.balance(hub)
    assert document["balanced"], document
    (row,) = document["rows"]
    return {k: v for k, v in row.items() if k not in ("department", "dataset", "balanced")}


def test_a_rebuilding_that_writes_keeps_the_balance(office: Office, hub: HUB, ask: Ask) -> None:
    """Rows that today's mapping lets in, and rows that it would let in no longer, are told apart from new readings."""
    office.put(
        "a.csv",
        {"NO": 1, "ITEM": "B9"},
        {"NO": 2, "ITEM": "A3"},
        {"NO": 3, "CLOSED": "待定"},
        {"NO": 4},
    )
    taken(hub)
    quarantine.accept(hub, Selection(reason="bad_date"), by("accept", "x"))
    powers = office.folder / "powers.csv"
    powers.write_text(
        powers.read_text("utf-8").replace("A3,户外广告登记", "B9,户外广告登记"), "utf-8"
    )
    rebuilt = rebuild(hub, "office", write=True)
    assert rebuilt.written
    states = ask("select record_key, state from ops.quarantine order by 1, 2")
    assert states == [("1", "replayed"), ("2", "open"), ("3", "accepted")]
    assert balanced(hub) == {
        "read": 4, "landed": 3, "unchanged": 0, "superseded": 0, "quarantined": 1, "rejected": 0,
    }  # fmt: skip
    assert rebuild(hub, "office").same
