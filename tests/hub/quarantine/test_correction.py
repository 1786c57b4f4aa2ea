"""Rejected rows go out as a workbook and come back corrected: what is taken, what is refused, what nobody may see."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import pipeline
from hub.core.batches import Step
from hub.core.errors import SpecError
from hub.pipeline import correction, quarantine
from hub.pipeline.rebuild import rebuild
from quality import workbook
from quality.workbook import Line
from tests.hub.quarantine.conftest import SOUND, Ask, Office
from tests.hub.quarantine.sheets import edit, grids, save
from warehouse.objects import manifest_of
from warehouse.workbench import Selection

HUB = pipeline.Hub


@pytest.fixture
def sent(office: Office, hub: HUB, tmp_path: Path) -> Path:
    """The workbook of rows 1 to 4 of quarantine: a bad date, a bad number, an identity in scientific form, two wrongs."""
    office.put(
        "a.csv", {"NO": 1, "CLOSED": "待定"}, {"NO": 2, "FEE": "十元"}, {"NO": 3, "SFZH": "3.60121E+17"},
        {"NO": 4, "CLOSED": "待定", "ITEM": "B9", "TITLE": "电话13900001234"}, {"NO": 5},
    )  # fmt: skip
    pipeline.run(hub, "office")
    out = tmp_path / "out.xlsx"
    rows = correction.export(hub, "office", out, Step("李敏", "export", out.name))
    assert rows == {"cases": 4}
    return out


def imported(hub: HUB, path: Path) -> correction.Imported:
    return correction.import_(hub, path, Step("李敏", "correct", path.name))


def numbers(hub: HUB) -> dict[str, int]:
    """Record key → number, of open rows."""
    rows = quarantine.listed(hub, Selection(), 20)["rows"]
    return {
        quarantine.shown(hub, r["quarantine_id"])["record_key"]: r["quarantine_id"] for r in rows
    }


def test_the_workbook_shows_fields_as_they_came_and_nobodys_identity(sent: Path, hub: HUB) -> None:
    sheets = grids(sent)
    assert list(sheets) == [workbook.GUIDE, "cases"]
    head, *rows = sheets["cases"]
    assert tuple(head[: len(workbook.HEAD)]) == workbook.HEAD
    first = dict(zip(head, rows[0], strict=True))
    assert (first["行号"], first["文件"], first["CLOSED"], first["更正字段"]) == (
        "2",
        "a.csv",
        "待定",
        "CLOSED",
    )
    assert "bad_date" in first["原因"] and first["说明"] and first["处理办法"]
    assert [row[head.index("SFZH")] for row in rows] == ["■■■"] * 4
    text = json.dumps(sheets, ensure_ascii=False)
    assert not [s for s in (SOUND["SFZH"], SOUND["TEL"], SOUND["XM"], "3.60121E+17") if s in text]
    assert "欧＊＊＊" in text


def test_corrected_cells_land_and_covered_cells_keep_what_they_hide(
    sent: Path, hub: HUB, ask: Ask
) -> None:
    n = numbers(hub)
    edit(sent, "cases", {
        (n["1"], "CLOSED"): "2012年3月9日", (n["2"], "更正为"): "10", (n["3"], "SFZH"): "360121198001011231",
    })  # fmt: skip
    found = imported(hub, sent)
    assert (found.refused, found.unchanged) == ([], 1)
    assert [(c.read, c.landed, c.quarantined) for c in found.certificates] == [(3, 3, 0)]
    tokens = ask(
        'select count(distinct applicant_token), count(*), count(closed_at) from core."case"'
    )
    assert tokens == [(1, 4, 4)]
    kept = ask("select state, count(*) from ops.quarantine group by 1 order by 1")
    assert kept == [("corrected", 3), ("open", 1)]
    life = ask("select distinct actor, action, note, state_to from ops.quarantine_event order by 2")
    assert life == [
        ("李敏", "correct", "out.xlsx", "corrected"),
        ("李敏", "export", "out.xlsx", "open"),
    ]
    ((name,),) = ask("select raw_object from ops.batch where kind = 'correction'")
    corrects = manifest_of(hub.store, name)["corrects"]
    assert [one["fields"] for one in corrects] == [["CLOSED"], ["FEE"], ["SFZH"]]
    origin = pl.read_parquet(io.BytesIO(hub.store.get(corrects[0]["raw_object"])))[
        corrects[0]["raw_row"]
    ]
    mended = pl.read_parquet(io.BytesIO(hub.store.get(name)))[0]
    assert mended.drop("CLOSED").equals(origin.drop("CLOSED"))
    rebuilt = rebuild(hub, "office")
    assert rebuilt.same and rebuilt.uncertified == (), rebuilt
    assert quarantine.balance(hub)["balanced"]
    assert [one["quarantine_id"] for one in imported(hub, sent).refused] == [
        str(n[k]) for k in "123"
    ]


def test_a_correction_that_is_wrong_again_waits_on_with_what_is_wrong_now(
    sent: Path, hub: HUB, ask: Ask
) -> None:
    n = numbers(hub)
    edit(sent, "cases", {(n["4"], "CLOSED"): "2012-03-09"})
    (certificate,) = imported(hub, sent).certificates
    assert certificate.quarantined == 1
    row = quarantine.shown(hub, n["4"])
    assert (row["state"], row["reason"]) == ("open", "unmapped_power")
    assert {f["field"]: f["value"] for f in row["fields"]}["CLOSED"] == "2012-03-09"
    powers = office_powers(hub)
    powers.write_text(
        powers.read_text("utf-8") + "B9,户外广告登记,36012100GS-XK-0003,,,\n", "utf-8"
    )
    assert [c.landed for c in pipeline.replay(hub, quarantine_id=n["4"])] == [1]
    assert rebuild(hub, "office").same
    assert quarantine.balance(hub)["balanced"]
    assert ask("select action, outcome from ops.quarantine_event where quarantine_id = :n order by event_no", n=n["4"]) == [
        ("export", None), ("correct", "unmapped_power"), ("replay", "landed"),
    ]  # fmt: skip


def office_powers(hub: HUB) -> Path:
    return hub.settings.departments / "office" / "powers.csv"


@pytest.mark.parametrize(
    ("heading", "value", "what"),
    [
        ("NO", "77", "主键"), ("XM", "欧阳＊＊", "遮盖"), ("SFZH", 360121198001011231, "位数已丢失"),
        ("更正字段", "TITLE", "更正字段"), ("隔离号", "999999", "没有这个隔离号"), ("隔离号", "一", "没有隔离号"),
        ("校验", "000000000000", "又有变化"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_named_by_sheet_row_and_column_and_the_rest_goes_on(
    sent: Path, hub: HUB, heading: str, value: Any, what: str
) -> None:
    n = numbers(hub)
    changes = {(n["1"], "CLOSED"): "2012-03-09", (n["2"], "FEE"): "10"}
    if heading == "更正字段":
        changes |= {(n["1"], "更正为"): "x"}
    edit(sent, "cases", changes | {(n["1"], heading): value})
    found = imported(hub, sent)
    (refused,) = found.refused
    assert what in refused["what"]
    assert (refused["sheet"], refused["row"]) == ("cases", 2)
    assert refused["remedy"]
    assert [c.landed for c in found.certificates] == [1]


def test_a_row_that_was_read_again_otherwise_is_stale(office: Office, sent: Path, hub: HUB) -> None:
    n = numbers(hub)
    edit(sent, "cases", {(n["1"], "CLOSED"): "2012-03-09"})
    office.put("b.csv", {"NO": 1, "CLOSED": "2012-03-10"})
    pipeline.run(hub, "office")
    (refused,) = imported(hub, sent).refused
    assert "取代" in refused["what"]


def test_a_workbook_of_another_kind_is_refused_whole(sent: Path, hub: HUB, tmp_path: Path) -> None:
    sheets = grids(sent)
    sheets["cases"][0][0] = "编号"
    save(sent, sheets)
    with pytest.raises(SpecError, match="前 9 列"):
        imported(hub, sent)
    other = tmp_path / "x.xlsx"
    other.write_text("no workbook")
    with pytest.raises(SpecError, match="cannot be read"):
        imported(hub, other)


TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), include_characters="\t\n"), max_size=40
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["A", "B", "原因", "C"]), st.none() | TEXTS, min_size=1), min_size=1, max_size=5))  # fmt: skip
def test_whatever_was_written_and_left_alone_comes_back_the_same(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]) -> None:  # fmt: skip
    path = tmp_path_factory.mktemp("book") / "a.xlsx"
    lines = [Line(at, "f", at, "r", "m", "d", (), row) for at, row in enumerate(rows)]
    workbook.write(path, {"cases": lines}, "t")
    for line, one in zip(lines, workbook.read(path), strict=True):
        assert one.stamp == line.stamp
        assert one.quarantine_id == str(line.quarantine_id)
        for name, came in one.values.items():
            assert workbook.same(line.values.get(name), came)
