"""The commands on findings, over an installation: what they print, write and exit with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from hub import pipeline
from hub.cli.commands import app
from hub.core.errors import HubError
from hub.pipeline import findings
from supervision.lifecycle import Actor, TransitionRefused
from supervision.selection import Selection
from tests.hub.test_appeal import AS_OF, HEADER, MAPPING, RULE

OFFICE = ["--by", "王科长"]
DEPARTMENT = ["--by", "李主任", "--office", "registry"]


@pytest.fixture
def hub(registry: Any, registry_hub: pipeline.Hub) -> pipeline.Hub:
    """Two cases, decided far too late."""
    (registry.folder / "mapping.yml").write_text(MAPPING)
    rows = [f"{no},2012-03-01,2012-03-01,2012-09-28,shop" for no in ("L1", "L2")]
    registry.put("a.csv", *rows, header=HEADER)
    pipeline.run(registry_hub, "registry")
    pipeline.supervise(registry_hub, AS_OF)
    return registry_hub


def call(*arguments: str) -> tuple[int, Any]:
    """Exit code and, for a command that prints JSON, the document."""
    result = CliRunner().invoke(app, list(arguments))
    if isinstance(result.exception, HubError):
        raise result.exception
    return result.exit_code, json.loads(result.output) if "--json" in arguments else result.output


def states(database: Engine) -> list[str]:
    with database.connect() as connection:
        sql = text("select state from supervision.finding where rule_id = :rule")
        return list(connection.scalars(sql, {"rule": RULE}))


def test_the_way_of_two_red_cards(hub: pipeline.Hub, database: Engine, tmp_path: Path) -> None:
    out, chosen = tmp_path / "out", ["--rule", RULE, "--json"]
    _, listed = call("findings", "list", *chosen)
    assert (listed["count"], {row["state"] for row in listed["findings"]}) == (2, {"open"})
    _, planned = call("findings", "notify", *OFFICE, *chosen, "--out", str(out), "--dry-run")
    assert (len(planned["findings"]), states(database), out.exists()) == (2, ["open"] * 2, False)
    _, sent = call("findings", "notify", *OFFICE, *chosen, "--out", str(out))
    (notice,) = sent["notices"]
    assert notice == planned["notices"][0]
    assert {path.name for path in out.iterdir()} == {
        f"{notice['number']}{kind}" for kind in (".html", ".docx")
    }
    call("findings", "notice", notice["number"], "--out", str(tmp_path / "again"))
    for path in out.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()
    first, second = sorted(sent["findings"])
    call("findings", "explain", first[:13], *DEPARTMENT, "--text", "已补报")
    call("findings", "uphold", first, *OFFICE, "--reason", "属实")
    call("findings", "appeal", second, *DEPARTMENT, "--text", "电话13979112345")
    with pytest.raises(TransitionRefused, match="cannot close"):
        call("findings", "close", first, second, *OFFICE, "--reason", "x")
    assert sorted(states(database)) == ["appealed", "upheld"]
    _, shown = call("findings", "show", second, "--json")
    assert shown["allowed"] == ["uphold", "dismiss", "withdraw"]
    assert "13979112345" not in json.dumps(shown)
    assert [one["notice_no"] for one in shown["notices"]] == [notice["number"]]
    assert call("findings", "overdue")[0] == 0
    code, overdue = call("findings", "overdue", "--as-of", "2099-01-01", "--json")
    assert (code, {row["acts"] for row in overdue["findings"]}) == (
        1,
        {"supervision", "department"},
    )


def test_exports_and_scores(hub: pipeline.Hub, tmp_path: Path) -> None:
    for name in ("a.csv", "a.xlsx"):
        assert (
            "2 findings"
            in call("findings", "export", "--out", str(tmp_path / name), "--rule", RULE)[1]
        )
        assert (tmp_path / name).stat().st_size > 500
    with pytest.raises(HubError, match=r"neither \.xlsx nor \.csv"):
        call("findings", "export", "--out", str(tmp_path / "a.pdf"))
    _, found = call("scores", "--month", "2012-03", "--department", "registry", "--json")
    whole = next(score for score in found if score["power_code"] == "")
    assert (
        float(whole["score"])
        == 100 + sum(line["points"] for line in whole["inputs"]["lines"])
        < 100
    )
    with pytest.raises(HubError, match="no department 'x'"):
        call("scores", "--department", "x")


def test_a_changed_log_is_said_by_exit_code(hub: pipeline.Hub, database: Engine) -> None:
    code, whole = call("verify", "--json")
    assert (code, whole["breaks"], whole["heads"]) == (0, [], 1)
    assert call("verify", "--head", whole["head"])[0] == 0
    with database.begin() as connection:
        connection.execute(text("update supervision.finding_event set reason = 'x'"))
    code, broken = call("verify", "--json")
    assert (code, broken["breaks"][0]["kind"]) == (1, "event")


def test_a_notice_that_cannot_be_is_refused(hub: pipeline.Hub, tmp_path: Path) -> None:
    with pytest.raises(HubError, match="no notice 'green'"):
        findings.notify(hub, Actor("王", "supervision"), Selection(rule=RULE), kind="green")
    with pytest.raises(HubError, match="no notice 监督"):
        findings.written_notice(hub, "监督〔2012〕红字第0001号", tmp_path)
