"""A department's report: figures from real rows, nobody's identity, the same page for the same warehouse and time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import BigInteger, Engine, text
from typer.testing import CliRunner

from hub import pipeline
from hub.cli.commands import app
from hub.core.settings import TIME_ZONE
from hub.pipeline import reports
from quality.department_report import page
from quality.department_report.content import Report
from tests.hub.conftest import Ask, Registry
from tests.hub.reporting import FILE, LATE, NAME, PHONE, REJECTED, ROWS, SECRETS, declare, deliver
from tests.services import browser
from warehouse.tables import METADATA

SLUG = "registry"
RUN = "00000000-0000-0000-0000-00000000000e"


def soon() -> datetime:
    return datetime.now(ZoneInfo(TIME_ZONE)) + timedelta(hours=1)


@pytest.fixture
def delivered(registry: Registry, registry_hub: pipeline.Hub) -> pipeline.Hub:
    declare(registry)
    deliver(registry, registry_hub)
    return registry_hub


@pytest.fixture
def report(delivered: pipeline.Hub) -> Report:
    return reports.report(delivered, SLUG, as_of=soon())


def inspect(database: Engine, *, state: str = "failed", zh: str = "申请时间不晚于决定时间") -> None:
    """Results of a quality checkpoint of the department."""
    with database.begin() as connection:
        connection.execute(
            text("""
                insert into ops.expectation_run values (:run, :slug, now(), now(), 3, 2, 1, 0, 1, '{}', '{}')
            """),
            {"run": RUN, "slug": SLUG},
        )
        for place, (found, rows) in enumerate((("met", 0), (state, 7), ("not_evaluated", 0))):
            connection.execute(
                text("""
                    insert into ops.expectation_result
                        (run_id, expectation_id, department, entity, type, zh, en, severity, state, rows, unexpected,
                         columns)
                    values (:run, :id, :slug, 'case', 't', :zh, 'en', 'critical', :state, 9, :rows, '[]')
                """),
                {"run": RUN, "id": f"case.{place}", "slug": SLUG, "zh": zh, "state": found, "rows": rows},
            )  # fmt: skip


def test_every_row_that_was_sent_has_one_fate(report: Report) -> None:
    (dataset,) = report.deliveries
    assert dataset["rows_read"] == len(ROWS)
    fates = ("landed", "unchanged", "superseded", "quarantined", "rejected")
    assert sum(dataset[fate] for fate in fates) == dataset["rows_read"]
    assert dataset["quarantined"] == dataset["waiting"] == report.waiting == sum(REJECTED.values())
    assert dataset["label"] == "办件 cases（*.csv）"


def test_rejected_rows_stand_under_their_reason_with_the_departments_field_and_place(
    report: Report,
) -> None:
    told: dict[str, int] = {}
    for group in report.rejected:
        told[group["reason"]] = told.get(group["reason"], 0) + group["rows"]
        assert len(group["references"]) == group["rows"]
    assert told == REJECTED
    fields = {group["reason"]: group["field"] for group in report.rejected}
    assert fields["bad_date"] == "APPLIED"
    assert fields["negative_amount"] == "FEE"  # the gate named fee.amount
    (dates,) = (group for group in report.rejected if group["reason"] == "bad_date")
    assert [row["source_row"] for row in dates["references"]] == [7, 8, 9]
    assert {row["record_key"] for row in dates["references"]} == {"B1", "B2", "■■■"}


def test_lateness_is_what_the_supervision_rule_judges(
    report: Report, delivered: pipeline.Hub, ask: Ask
) -> None:
    months = report.lateness.months
    assert {f"{m['month']:%Y-%m}": (m["timed"], m["late"]) for m in months} == LATE
    assert all(sum(m["within"]) == m["timed"] for m in months)
    assert [m["within"] for m in months] == [[2, 1, 0, 0, 0], [0, 0, 0, 1, 0]]
    assert (report.lateness.basis, report.lateness.limit) == ("reported_at", 24)
    pipeline.supervise(delivered, datetime(2012, 4, 20, 20, tzinfo=ZoneInfo(TIME_ZONE)), full=True)
    (judged,) = ask(
        "select violations, compliant, not_evaluable from supervision.outcome "
        "where rule_id = 'timeliness.report_late' and department = 'registry'"
    )
    told = report.lateness
    assert judged == (told.late, told.timed - told.late, told.untimed)


def test_without_reporting_times_the_landing_counts_and_history_does_not(
    registry: Registry, registry_hub: pipeline.Hub, database: Engine
) -> None:
    declare(registry)
    mapping = registry.folder / "mapping.yml"
    mapping.write_text(mapping.read_text().replace("      reported_at: REPORTED\n", ""))
    deliver(registry, registry_hub)
    told = reports.report(registry_hub, SLUG, as_of=soon()).lateness
    assert (told.basis, told.timed, told.late) == ("landed_at", 0, 0)
    assert sum(month["cases"] for month in told.months) == 5
    with database.begin() as connection:
        connection.execute(text("update ops.batch set landed_at = timestamptz '2012-03-06'"))
    told = reports.report(registry_hub, SLUG, as_of=soon()).lateness
    assert (
        told.timed == told.late == 4
    )  # A5 has no decision and was applied for before the first delivery


def test_without_results_nothing_is_called_in_order(report: Report) -> None:
    assert report.checkpoint is None
    html = page.render(report)
    assert "尚未检查，不能视为合格" in html


def test_failed_and_unevaluated_expectations_are_red_and_to_be_fixed(
    delivered: pipeline.Hub, database: Engine
) -> None:
    inspect(database)
    report = reports.report(delivered, SLUG, as_of=soon())
    kinds = {action.kind: action for action in report.actions}
    assert kinds["expectation"].rows == 7
    assert kinds["not_evaluated"].side == "hub"
    html = page.render(report)
    assert '<span class="tag red">未能评估</span>' in html
    assert "尚未检查" not in html
    assert report.trend[-1]["failed"] == 1 and report.trend[-1]["not_evaluated"] == 1


def test_checks_of_the_gate_that_did_not_run_are_red(
    delivered: pipeline.Hub, database: Engine
) -> None:
    table = METADATA.tables["ops.check_outcome"]
    numbers = {column.name: 0 for column in table.columns if isinstance(column.type, BigInteger)}
    outcomes = (
        ("implausible_time", "evaluated", 0), ("required_missing", "evaluated", 2), ("illegal_bytes", "not_evaluated", 0), ("negative_amount", "no_values", 0),
    )  # fmt: skip
    with database.begin() as connection:
        batch = connection.scalar(text("select batch_id from ops.batch"))
        connection.execute(table.delete())
        for reason, state, failures in outcomes:
            named = {
                "department": SLUG,
                "dataset": "cases",
                "entity": "case",
                "column": "applied_at",
            }
            judged = {
                "reason": reason,
                "state": state,
                "rows": 13 if state == "evaluated" else 0,
                "failures": failures,
            }
            connection.execute(table.insert().values(batch_id=batch, **numbers | named | judged))
    report = reports.report(delivered, SLUG, as_of=soon())
    assert [(row["reason"], row["bad"]) for row in report.gate] == [
        ("illegal_bytes", True), ("required_missing", True), ("implausible_time", False), ("negative_amount", False),
    ]  # fmt: skip
    html = page.render(report)
    assert "1 批未能评估" in html
    assert "2 项有行不通过或未能评估，1 项没有值可评，1 项全部通过" in html
    assert "1项质量检查未能评估" in html


def test_what_was_replayed_is_no_second_delivery(
    registry: Registry, delivered: pipeline.Hub
) -> None:
    with (registry.folder / "powers.csv").open("a") as powers:
        powers.write("G9,咨询,36012100GS-XK-0002,,,\n")
    before = reports.report(delivered, SLUG, as_of=soon())
    (replay,) = (action for action in before.actions if action.kind == "replay")
    assert replay.rows == 2 and replay.side == "hub"
    assert [code["known_now"] for code in before.unmapped] == [True]
    pipeline.replay(delivered, SLUG, "unmapped_power")
    report = reports.report(delivered, SLUG, as_of=soon())
    assert report.total("rows_read") == len(ROWS)
    assert report.fates == {"open": 6, "replayed": 2}
    assert report.waiting == 6


def test_a_stopped_batch_comes_first(delivered: pipeline.Hub, database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(
            text("""
                insert into ops.batch (batch_id, department, dataset, kind, state, raw_object, rows_read, versions,
                                       seconds, files, started_at)
                values (gen_random_uuid(), :slug, 'cases', 'extract', 'stopped', 'raw/x', 4000, '{}', '{}', '[]', now())
            """),
            {"slug": SLUG},
        )
    report = reports.report(delivered, SLUG, as_of=soon())
    assert report.actions[0].kind == "stopped"
    assert "4,000行被整批暂停" in report.actions[0].zh
    assert report.total("rows_read") == len(ROWS)


def test_where_supervision_states_nothing_the_page_says_so(
    delivered: pipeline.Hub, database: Engine
) -> None:
    at = soon()
    assert "不作“合格”认定" not in page.render(reports.report(delivered, SLUG, as_of=at))
    pipeline.supervise(delivered, at)
    with database.begin() as connection:
        run = connection.scalar(text("select run_id from supervision.run"))
        connection.execute(text("delete from supervision.statement"))
        connection.execute(
            text(
                "insert into supervision.statement values (:run, :slug, false, 'gate_stopped', null)"
            ),
            {"run": run, "slug": SLUG},
        )
    html = page.render(reports.report(delivered, SLUG, as_of=at))
    assert "不作“合格”认定：有批次停在入库关口" in html


def test_silence_beyond_the_agreed_freshness_is_overdue(delivered: pipeline.Hub) -> None:
    later = soon() + timedelta(days=60)
    report = reports.report(delivered, SLUG, as_of=later)
    assert report.overdue and report.silent_hours is not None and report.silent_hours > 24
    assert report.actions[0].kind == "silent"
    assert not reports.report(delivered, SLUG, as_of=soon()).overdue


def test_a_department_that_never_sent_anything_has_a_page_too(
    registry: Registry, registry_hub: pipeline.Hub
) -> None:
    declare(registry)
    pipeline.prepare_warehouse(registry_hub)
    report = reports.report(registry_hub, SLUG)
    assert [action.kind for action in report.actions] == ["never"]
    assert "尚未收到任何数据" in page.render(report)


def test_a_month_holds_what_landed_and_happened_in_it(delivered: pipeline.Hub) -> None:
    now = soon()
    this = reports.report(delivered, SLUG, date(now.year, now.month, 1), now)
    assert this.total("rows_read") == len(ROWS) and this.lateness.months == []
    march = reports.report(delivered, SLUG, date(2012, 3, 1), now)
    assert march.total("rows_read") == 0 and march.waiting == 0
    assert [(m["timed"], m["late"]) for m in march.lateness.months] == [LATE["2012-03"]]


def test_a_month_without_deliveries_is_not_called_in_order(delivered: pipeline.Hub) -> None:
    quiet = reports.report(delivered, SLUG, date(2001, 1, 1), soon())
    assert quiet.total("rows_read") == 0 and not quiet.actions
    html = page.render(quiet)
    assert "没有报送任何数据" in html
    assert "没有需要处理的问题" not in html and "✔ 没有 nothing" not in html


def test_nobodys_identity_stands_on_a_page(
    delivered: pipeline.Hub, database: Engine, tmp_path: Path, ask: Ask
) -> None:
    inspect(database, zh=f"与{SECRETS[0]}无关")
    kept = ask("select record_key, source_file from ops.quarantine")
    assert (SECRETS[0], FILE) in kept
    report = reports.report(delivered, SLUG, as_of=soon())
    for path in reports.write([report], tmp_path, index=True):
        html = path.read_text("utf-8")
        assert [secret for secret in SECRETS if secret in html] == []
    assert "登记_■■■.csv" in html


def test_the_same_warehouse_and_time_give_the_same_bytes(
    delivered: pipeline.Hub, tmp_path: Path
) -> None:
    at = soon()
    first, second = (reports.report(delivered, SLUG, as_of=at) for _ in range(2))
    assert first == second
    assert page.render(first) == page.render(second)


def test_the_command_writes_pages_and_an_index(delivered: pipeline.Hub, tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["report", "--all", "--out", str(tmp_path), "--json"])
    assert shown.exit_code == 0, shown.output
    document: dict[str, Any] = json.loads(shown.stdout)
    assert [Path(path).name for path in document["files"]] == ["index.html", "registry.html"]
    assert document["reports"][0]["deliveries"][0]["rows_read"] == len(ROWS)
    assert not any(secret in shown.stdout for secret in (*SECRETS, NAME, PHONE))
    assert 'href="registry.html"' in (tmp_path / "index.html").read_text("utf-8")


def test_one_broken_folder_does_not_stop_the_others(
    registry: Registry, delivered: pipeline.Hub, tmp_path: Path
) -> None:
    broken = registry.folder.parent / "broken"
    broken.mkdir()
    (broken / "source.yml").write_text("title: {zh: 某局, en: x}\n")
    shown = CliRunner().invoke(app, ["report", "--all", "--out", str(tmp_path)])
    assert shown.exit_code == 2
    assert (tmp_path / "registry.html").exists()


@pytest.fixture(scope="module")
def chromium() -> Iterator[browser.Browser]:
    if why := browser.missing():
        pytest.skip(why)
    with browser.browser() as opened:
        yield opened


@pytest.mark.parametrize("width", [390, 1280])
def test_pages_open_offline_and_fit_the_screen(
    chromium: browser.Browser, delivered: pipeline.Hub, database: Engine, tmp_path: Path, width: int
) -> None:
    inspect(database)
    report = reports.report(delivered, SLUG, as_of=soon())
    for path in reports.write([report], tmp_path, index=True):
        seen = chromium.look(path, width)
        assert (seen.fetched, seen.complaints) == ([], [])
        assert seen.width == width
        assert "登记处" in seen.text


def test_the_browser_would_notice(chromium: browser.Browser, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text(
        '<div style="width:900px">x</div><img src="missing.png"><script>console.error("no")</script>'
    )
    seen = chromium.look(bad, 390)
    assert seen.width >= 900
    assert [url.rsplit("/", 1)[1] for url in seen.fetched] == ["missing.png"]
    assert any('"no"' in said for said in seen.complaints)
