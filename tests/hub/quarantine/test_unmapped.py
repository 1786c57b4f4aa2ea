"""Codes without a line: the queue, what is suggested, what an approval writes and refuses, and the coverage."""

from __future__ import annotations

from datetime import date

import pytest

from hub import pipeline
from hub.core.errors import SpecError
from hub.pipeline import unmapped
from tests.hub.quarantine.conftest import Ask, Office

HUB = pipeline.Hub


@pytest.fixture
def met(office: Office, hub: HUB) -> HUB:
    """Rows 1 and 2 carry the item A3-2, row 3 has only the name of one, row 4 an unknown kind, row 5 passes."""
    office.put(
        "a.csv", {"NO": 1, "ITEM": "A3-2", "ITEMNAME": "户外广告登记"}, {"NO": 2, "ITEM": "Ａ３-2", "ITEMNAME": "户外广告登记"},
        {"NO": 3, "ITEM": "", "ITEMNAME": "食品流通许可证"}, {"NO": 4, "KIND": "即办件"}, {"NO": 5},
    )  # fmt: skip
    pipeline.run(hub, "office")
    return hub


def codes(hub: HUB, resolved: bool = False) -> dict[tuple[str, str], tuple[int, str]]:
    rows = unmapped.queue(hub, "office", resolved)
    return {(r["codelist"], r["source_code"]): (r["rows_waiting"], r["state"]) for r in rows}


def test_the_queue_counts_the_rows_that_wait_today(met: HUB) -> None:
    assert codes(met) == {
        ("powers", "A3-2"): (2, "open"),
        ("powers", "（无编码，按名称）食品流通许可证"): (1, "open"),
        ("case_kind", "即办件"): (1, "open"),
    }
    (first, *_) = unmapped.queue(met)
    assert (first["source_code"], first["source_name"]) == ("A3-2", "户外广告登记")
    assert first["first_seen"] <= first["last_seen"]


def test_suggestions_are_scored_and_change_nothing(met: HUB, office: Office) -> None:
    before = {p: p.read_bytes() for p in office.folder.glob("*.csv")}
    found = {row["source_code"]: row["suggestions"] for row in unmapped.suggest(met, "office")}
    best = found["A3-2"][0]
    assert (best["code"], best["score"], best["own"]) == ("36012100GS-XK-0003", 100, True)
    assert "户外广告登记" in best["alike"]
    assert found["（无编码，按名称）食品流通许可证"][0]["code"] == "36012100GS-XK-0004"
    assert 80 < found["（无编码，按名称）食品流通许可证"][0]["score"] < 100
    assert found["即办件"][0]["code"] == "instant"
    assert all(50 <= one["score"] <= 100 for some in found.values() for one in some)
    assert {p: p.read_bytes() for p in office.folder.glob("*.csv")} == before


def test_approval_writes_the_dated_line_and_a_replay_lands_the_rows(
    met: HUB, office: Office, ask: Ask
) -> None:
    found = unmapped.approve(
        met, "office", "powers", "A3-2", "36012100GS-XK-0003", "李敏", "户外广告登记", date(2012, 1, 1), None, "新窗口"
    )  # fmt: skip
    assert (found["line"], found["rows_waiting"], found["warnings"]) == (4, 2, [])
    lines = (office.folder / "powers.csv").read_text("utf-8").splitlines()
    assert lines[3].startswith("A3-2,户外广告登记,36012100GS-XK-0003,2012-01-01,,新窗口；李敏 20")
    assert found["replay"] == "hub quarantine replay --department office --reason unmapped_power"
    logged = ask("select actor, action, note from ops.quarantine_event")
    assert logged == [("李敏", "map", "powers.csv:4 A3-2 → 36012100GS-XK-0003")] * 2
    assert ("powers", "A3-2") not in codes(met)
    assert codes(met, resolved=True)[("powers", "A3-2")] == (2, "resolved")
    unmapped.approve(
        met, "office", "powers", "（无编码，按名称）食品流通许可证", "36012100GS-XK-0004", "李敏"
    )
    unmapped.approve(met, "office", "case_kind", "即办件", "instant", "李敏")
    assert sum(c.landed for c in pipeline.replay(met, "office")) == 4
    assert codes(met) == {}
    assert codes(met, resolved=True)[("case_kind", "即办件")] == (0, "resolved")


def test_a_line_on_other_days_leaves_the_code_open(met: HUB) -> None:
    unmapped.approve(
        met, "office", "powers", "A3-2", "36012100GS-XK-0003", "x", valid_from=date(2012, 6, 1)
    )
    assert codes(met)[("powers", "A3-2")] == (2, "open")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_file_stays_what_it_was_but_for_the_line(
    met: HUB, office: Office, end: str, mark: str
) -> None:
    path = office.folder / "codes.csv"
    rows = ["codelist,source_code,source_name,code,valid_from,valid_to,note", "case_kind,即办,,instant,,2012-12-31,\"两行", "说明\"",
            "channel,1,窗口,window,,,", "case_kind,承诺,,promise,,,"]  # fmt: skip
    path.write_bytes((mark + end.join(rows)).encode())
    found = unmapped.approve(
        met, "office", "case_kind", "即办", "promise", "李敏", valid_from=date(2013, 1, 1)
    )
    assert found["line"] == 4
    new = path.read_bytes().decode().split(end)
    assert new[3].startswith("case_kind,即办,,promise,2013-01-01,,李敏 ")
    assert end.join([*new[:3], *new[4:]]).rstrip() == mark + end.join(rows)
    unmapped.approve(met, "office", "case_kind", "联", "joint", "李敏")
    assert path.read_bytes().decode().split(end)[6].startswith("case_kind,联,,joint")


@pytest.mark.parametrize(
    ("codelist", "source", "target", "said", "file"),
    [
        ("powers", "A1", "36012100GS-XK-0003", r"powers\.csv:3: .*same days", "powers.csv"),
        ("powers", "Z", "36012100GS-XK-9999", r"no power .*like it: 36012100GS", "powers.csv"),
        ("case_kind", "特", "special", r"codes\.csv:3: .*not on case_kind", "codes.csv"),
        ("kinds", "特", "special", "no code list 'kinds'", "codes.csv"),
        ("case_kind", "", "instant", r"codes\.csv:3: no source_code", "codes.csv"),
    ],
)
def test_a_line_that_cannot_stand_is_refused_by_file_and_line(
    met: HUB, office: Office, codelist: str, source: str, target: str, said: str, file: str
) -> None:
    before = (office.folder / file).read_bytes()
    with pytest.raises(SpecError, match=said) as refused:
        unmapped.approve(met, "office", codelist, source, target, "李敏")
    assert refused.value.file == office.folder / file
    assert (office.folder / file).read_bytes() == before
    assert not [p for p in office.folder.iterdir() if p.name.startswith(".")]


def test_a_power_of_another_body_is_a_warning(met: HUB) -> None:
    found = unmapped.approve(met, "office", "powers", "A3-2", "36012100FC-XK-0001", "李敏")
    assert "36012100FC" in found["warnings"][0]


def test_coverage_tells_shares_by_month_and_list(met: HUB) -> None:
    rows = {row["codelist"]: row for row in unmapped.coverage(met, "office")}
    assert set(rows) == {"powers", "case_kind"}
    powers = rows["powers"]
    assert (powers["rows_mapped"], powers["rows_unmapped"], powers["codes_mapped"]) == (1, 3, 1)
    assert powers["share_of_rows"] == 0.25
    assert (rows["case_kind"]["rows_unmapped"], rows["case_kind"]["codes_unmapped"]) == (1, 1)
    unmapped.approve(met, "office", "powers", "A3-2", "36012100GS-XK-0003", "李敏")
    pipeline.replay(met, "office", "unmapped_power")
    rows = {row["codelist"]: row for row in unmapped.coverage(met, "office")}
    assert (rows["powers"]["rows_mapped"], rows["powers"]["rows_unmapped"]) == (3, 1)
