"""Checkpoints of one department with a folder of its own: thresholds, what cannot be evaluated, pages, retention, command."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from hub.cli.commands import app
from hub.core.errors import HubError, SpecError
from hub.core.settings import CONTENT_ROOT
from hub.pipeline import Hub
from hub.pipeline.quality import export_failing_rows, failing_rows, inspect, inspect_landed
from tests.quality.conftest import Open

QUALITY = """
thresholds:
  case.channel.in_codelist: {mostly: 0.9, reason: 旧系统代码 old codes}
  department.fresh: {allowed: 1000, reason: 每月一报 monthly}
off:
  case.status.in_codelist: 状态代码整理中 being mended
expectations:
  - entity: case
    check: {id: unit.known, expect: codes, column: unit, codes: [科室], zh: 单位已知, en: known unit}
  - entity: case
    check: {id: broken.sql, expect: holds, sql: no_such_function(r.unit), zh: 有误, en: broken}
  - entity: case
    check: {id: broken.number, expect: holds, sql: 1 / (r.raw_row - r.raw_row) > 0, zh: 除零, en: by zero}
  - entity: case
    check: {id: broken.regex, expect: matches, column: unit, regex: "(", zh: 正则有误, en: no expression}
  - entity: case
    check: {id: broken.fact, expect: fact, sql: select nothing, zh: 事实有误, en: broken fact}
"""


@pytest.fixture(scope="module")
def hub(open_county: Open, tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """`main` with a folder and a quality.yml, `silent` with a folder and no row; some cases of `main` are spoiled."""
    departments = tmp_path_factory.mktemp("departments")
    for slug in ("main", "silent"):
        shutil.copytree(CONTENT_ROOT / "departments" / "housing", departments / slug)
    (departments / "main" / "quality.yml").write_text(QUALITY, "utf-8")
    hub = open_county(departments)
    with hub.engine.begin() as connection:
        for change in (
            "channel = 'old' where department = 'main' and raw_row <= 10",
            "status = 'old' where department = 'main' and raw_row <= 10",
            "unit = '别处' where department = 'main' and raw_row <= 250",
            "channel = 'old' where department = 'sparse' and raw_row <= 10",
        ):
            connection.execute(text(f'update core."case" set {change}'))  # noqa: S608
        connection.execute(text("insert into reference.department select 'silent', body_code, 'x', 'x', '24h' from reference.department where department = 'main'"))  # fmt: skip
        connection.execute(text("update ops.batch set landed_at = now() - interval '30 days' where department = 'main'"))  # fmt: skip
    return hub


@pytest.fixture(scope="module")
def found(hub: Hub) -> dict[str, Any]:
    """The checkpoint of `main` alone."""
    return inspect(hub, "main")


def check(document: dict[str, Any], name: str, department: str = "main") -> dict[str, Any]:
    (one,) = [
        each
        for each in document["checks"]
        if (each["expectation_id"], each["department"]) == (name, department)
    ]
    return dict(one)


def test_a_department_is_judged_by_its_rows_and_its_thresholds(found: dict[str, Any]) -> None:
    assert found["department"] == "main"
    assert {each["department"] for each in found["checks"]} == {"main"}
    assert found["rows"]["case"] == 300
    assert found["expectations"] == len(found["checks"])
    assert found["expectations"] == found["evaluated"] + found["no_values"] + found["not_evaluated"]
    channel = check(found, "case.channel.in_codelist")
    assert (channel["state"], channel["unexpected"], channel["allowed"]) == ("met", 10, {"mostly": 0.9})  # fmt: skip
    assert check(found, "department.fresh")["state"] == "met"
    assert check(found, "department.fresh")["observed"][0]["allowed"] == 1000
    unit = check(found, "case.unit.known")
    assert (unit["state"], unit["rows"], unit["unexpected"]) == ("failed", 300, 250)


def test_what_cannot_be_evaluated_says_why_and_is_never_met(found: dict[str, Any]) -> None:
    off = check(found, "case.status.in_codelist")
    assert (off["state"], off["error"]) == (
        "not_evaluated",
        "switched off: 状态代码整理中 being mended",
    )
    reasons = {
        "case.broken.sql": "no_such_function", "case.broken.number": "division by zero",
        "case.broken.regex": "parentheses", "case.broken.fact": "nothing",
    }  # fmt: skip
    for name, why in reasons.items():
        assert check(found, name)["state"] == "not_evaluated"
        assert why in check(found, name)["error"]
    assert found["not_evaluated"] == len(reasons) + 1
    assert found["switched_off"] == 1
    # Those four, and the unit that is not known; what somebody switched off is not grave.
    assert found["grave"] == len(reasons) + 1


def test_all_failing_rows_are_kept(hub: Hub, found: dict[str, Any], tmp_path: Path) -> None:
    listed = failing_rows(hub, "case.unit.known", "main", 3)
    assert (listed["count"], len(listed["rows"])) == (250, 3)
    assert re.fullmatch(r"case:[0-9a-f-]{36}", listed["rows"][0]["row_key"])
    written = tmp_path / "rows.csv"
    assert export_failing_rows(hub, "case.unit.known", None, written) == 250
    lines = written.read_text().splitlines()
    assert (lines[0], len(set(lines))) == ("department,row_key", 251)
    with pytest.raises(HubError, match="no checkpoint has looked at"):
        failing_rows(hub, "case.nonsense", None)


def test_the_pages_fetch_nothing_and_hold_no_value_of_a_case(
    found: dict[str, Any], hub: Hub
) -> None:
    index = Path(found["data_docs"])
    assert index == hub.settings.home / "quality" / "data_docs" / "index.html"
    pages = sorted(index.parent.rglob("*.html"))
    assert {"index.html", "main.html", "rows_case.html", "facts_case.html"} <= {
        p.name for p in pages
    }
    for page in pages:
        content = page.read_text("utf-8")
        assert re.search(r"""(?:src|href)=["']?(?:https?:)?//""", content) is None, page
        assert "<script" not in content
        for link in re.findall('href="([^"#]+)"', content):
            assert (page.parent / link).exists(), (page, link)
    kept = [path for path in (hub.settings.home / "quality").rglob("*") if path.is_file()]
    for value in (b"main-000001", "别处".encode(), b"psycopg://"):
        assert [path for path in kept if value in path.read_bytes()] == []
    main = (index.parent / "main.html").read_text("utf-8")
    assert "⚠ 未能评估" in main
    assert "runs/" in main and "case.unit.known.csv" in main
    rows = (index.parent / "runs" / found["run_id"] / "rows_case.html").read_text("utf-8")
    assert "办件主键唯一" in rows and "✔ 通过" in rows and "结果 Status" in rows


def test_the_whole_warehouse_keeps_to_every_departments_thresholds(hub: Hub) -> None:
    whole = inspect(hub)
    assert whole["department"] is None
    assert check(whole, "case.channel.in_codelist", "main")["state"] == "met"
    sparse = check(whole, "case.channel.in_codelist", "sparse")
    assert (sparse["state"], sparse["unexpected"]) == ("failed", 10)
    assert check(whole, "case.rows", "silent")["state"] == "failed"
    assert check(whole, "department.fresh", "silent")["state"] == "failed"
    assert check(whole, "case.key.unique", "silent")["state"] == "no_values"
    assert [c["department"] for c in whole["checks"] if c["expectation_id"] == "case.unit.known"] == ["main"]  # fmt: skip
    with hub.engine.connect() as connection:
        left = connection.scalar(text("select count(*) from pg_namespace where nspname ~ '^quality_'"))  # fmt: skip
    assert left == 0


def test_a_broken_folder_does_not_keep_the_others_from_being_judged(hub: Hub) -> None:
    mapping = hub.settings.departments / "silent" / "mapping.yml"
    whole = mapping.read_text("utf-8")
    mapping.write_text(whole + "nonsense: 1\n", "utf-8")
    try:
        with pytest.raises(SpecError, match="nonsense"):
            inspect(hub, "silent")
    finally:
        mapping.write_text(whole, "utf-8")


def test_a_checkpoint_runs_after_a_landing_only(hub: Hub, found: dict[str, Any]) -> None:
    assert inspect_landed(hub, "main") is None
    with hub.engine.begin() as connection:
        connection.execute(text("update ops.batch set landed_at = now() where department = 'main'"))
    again = inspect_landed(hub, "main")
    assert again is not None and again["department"] == "main"


def test_old_runs_go_with_their_pages(hub: Hub, found: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("HUB_QUALITY_RUNS", "1")
    last = inspect(hub, "main")
    folder = Path(last["data_docs"]).parent / "runs"
    with hub.engine.connect() as connection:
        runs = set(connection.scalars(text("select run_id::text from ops.expectation_run")))  # fmt: skip
        for table in ("expectation_result", "expectation_failure"):
            assert set(connection.scalars(text(f"select distinct run_id::text from ops.{table}"))) <= runs  # noqa: S608  # fmt: skip
        of_main = list(connection.scalars(text("select run_id::text from ops.expectation_run where department = 'main'")))  # fmt: skip
    assert of_main == [last["run_id"]]
    assert found["run_id"] not in runs
    assert {path.name for path in folder.iterdir()} == runs
    monkeypatch.setenv("HUB_QUALITY_RUNS", "none")
    with pytest.raises(SpecError, match="no number of runs"):
        inspect(hub, "main")


def test_the_command_prints_totals_and_exits_with_1(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("HUB_HOME", str(hub.settings.home))
    monkeypatch.setenv("HUB_WAREHOUSE_URL", hub.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("HUB_DEPARTMENTS", str(hub.settings.departments))
    shown = CliRunner().invoke(app, ["quality", "failures", "case.unit.known", "--json"])
    assert shown.exit_code == 0, shown.output
    assert json.loads(shown.output)["count"] == 250
    shown = CliRunner().invoke(app, ["quality", "expectations"])
    assert "case.key.unique" in shown.output
    shown = CliRunner().invoke(app, ["quality", "main", "--json"])
    assert shown.exit_code == 1, shown.output
    document = json.loads(shown.output)
    wanted = {"expectations", "evaluated", "failed", "not_evaluated", "rows", "no_values"}
    assert wanted <= set(document)
    assert document["department"] == "main"
