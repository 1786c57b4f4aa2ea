"""The commands as stewards call them: what they print, how they exit, and that nobody's identity is in any of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from hub import pipeline
from hub.cli.commands import app
from hub.core.errors import SpecError
from tests.hub.quarantine.conftest import SOUND, Ask, Office
from tests.hub.quarantine.sheets import edit


def call(*arguments: str, answer: str | None = None) -> Result:
    result = CliRunner().invoke(app, arguments, input=answer)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert not [s for s in (SOUND["SFZH"], SOUND["TEL"], SOUND["XM"]) if s in result.output]
    return result


def document(*arguments: str) -> Any:
    return json.loads(call(*arguments, "--json").stdout)


@pytest.fixture
def waiting(office: Office, hub: pipeline.Hub, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Three rows in quarantine: a bad date, an unmapped item, a missing amount. Returns their numbers."""
    monkeypatch.setenv("COLUMNS", "200")
    office.put(
        "a.csv", {"NO": 1, "CLOSED": "待定"}, {"NO": 2, "ITEM": "A3-2", "ITEMNAME": "户外广告登记"}, {"NO": 3, "FEE": "免"}, {"NO": 4},
    )  # fmt: skip
    pipeline.run(hub, "office")
    return [row["quarantine_id"] for row in document("quarantine", "list")["rows"]]


def test_looking(waiting: list[int]) -> None:
    listed = call("quarantine", "list", "--department", "office")
    assert "bad_date" in listed.output and "unmapped_power" in listed.output
    shown = call("quarantine", "show", str(waiting[0])).output
    for part in ("CLOSED", "待定", "办结时间", "处理", "What to do", "bad_date"):
        assert part in shown
    assert document("quarantine", "show", str(waiting[0]))["quarantine_id"] == waiting[0]
    assert document("quarantine", "list", "--older-than", "3") == {"counts": [], "rows": []}
    with pytest.raises(SpecError, match="no state"):
        call("quarantine", "list", "--state", "lost")


def test_steps_by_filter_ask_first_and_name_who_acts(waiting: list[int], ask: Ask) -> None:
    with pytest.raises(SpecError, match="which rows"):
        call("quarantine", "reject", "--reason", "x", "--yes")
    asked = call("quarantine", "reject", "--department", "office", "--reason", "x", answer="n\n")
    assert asked.exit_code == 1 and "reject 3 rows?" in asked.output
    assert ask("select count(*) from ops.quarantine where state = 'open'") == [(3,)]
    given = call(
        "quarantine", "assign", "--reason", "bad_date", "--to", "王芳", "--actor", "李敏", "--yes"
    )
    assert (given.exit_code, given.output) == (0, "1 rows assigned.\n")
    assert (
        call(
            "quarantine", "note", str(waiting[1]), "--text", "致电 13900001234", "--actor", "李敏"
        ).exit_code
        == 0
    )
    assert call("quarantine", "reject", str(waiting[2]), "--reason", "测试").exit_code == 0
    assert call("quarantine", "reject", str(waiting[2]), "--reason", "测试").exit_code == 1
    logged = ask(
        "select quarantine_id, actor, action, note from ops.quarantine_event order by event_no"
    )
    assert logged[:2] == [
        (waiting[0], "李敏", "assign", "王芳"),
        (waiting[1], "李敏", "note", "致电 ■■■"),
    ]
    assert logged[2][2:] == ("reject", "测试") and logged[2][1]


def test_accepting_says_what_the_warehouse_cannot_hold_and_exits_with_1(waiting: list[int]) -> None:
    refused = call(
        "quarantine", "accept", *map(str, waiting), "--reason", "已核实", "--actor", "李敏"
    )
    assert refused.exit_code == 1
    assert "1 rows accepted" in refused.output
    assert "required_missing" in refused.output and "unmapped_power" in refused.output
    assert document("quarantine", "list")["counts"][0]["rows"] == 1
    assert "accepted" in call("quarantine", "show", str(waiting[0])).output
    held = call("quarantine", "balance", "office")
    assert held.exit_code == 0 and "平" in held.output
    (row,) = document("quarantine", "balance")["rows"]
    assert (row["read"], row["landed"], row["quarantined"]) == (4, 2, 2)


def test_a_balance_that_does_not_hold_exits_with_1(waiting: list[int], database: Any) -> None:
    with database.begin() as connection:
        connection.exec_driver_sql("delete from ops.quarantine")
    lost = call("quarantine", "balance")
    assert lost.exit_code == 1 and "不平" in lost.output


def test_unmapped_codes_from_the_queue_to_the_replay(waiting: list[int], office: Office) -> None:
    (row,) = document("unmapped", "list")
    assert (row["source_code"], row["rows_waiting"]) == ("A3-2", 1)
    assert "A3-2" in call("unmapped", "list", "office").output
    assert "36012100GS-XK-0003" in call("unmapped", "suggest").output
    best = document("unmapped", "suggest", "office")[0]["suggestions"][0]
    done = call(
        "unmapped",
        "approve",
        "office",
        "powers",
        "A3-2",
        best["code"],
        "--from",
        "2012-01-01",
        "--actor",
        "李敏",
    )
    assert "hub quarantine replay --department office --reason unmapped_power" in done.output
    assert "A3-2,,36012100GS-XK-0003,2012-01-01,,李敏" in (office.folder / "powers.csv").read_text(
        "utf-8"
    )
    with pytest.raises(SpecError, match="no day"):
        call("unmapped", "approve", "office", "powers", "A3-3", best["code"], "--from", "2012")
    replayed = document("quarantine", "replay", "--reason", "unmapped_power", "--actor", "李敏")
    assert (replayed["replayed"], replayed["landed"], replayed["quarantined"]) == (1, 1, 0)
    assert document("unmapped", "list") == []
    assert "powers" in call("coverage", "office").output
    assert {row["codelist"] for row in document("coverage")} == {"powers", "case_kind"}


def test_a_workbook_out_and_in(waiting: list[int], tmp_path: Path) -> None:
    out = tmp_path / "更正表.xlsx"
    assert "3 rows" in call("quarantine", "export", "office", "--out", str(out)).output
    edit(out, "cases", {(waiting[0], "CLOSED"): "2012-03-09", (waiting[1], "NO"): "9"})
    came = call("quarantine", "import", str(out), "--actor", "李敏")
    assert came.exit_code == 1
    assert "主键" in came.output and "row 3" in came.output
    again = document("quarantine", "import", str(out))
    assert [row["quarantine_id"] for row in again["refused"]] == [str(waiting[0]), str(waiting[1])]
    nothing = call(
        "quarantine",
        "export",
        "office",
        "--out",
        str(tmp_path / "x.xlsx"),
        "--reason",
        "bad_identity",
    )
    assert "no file" in nothing.output and not (tmp_path / "x.xlsx").exists()
