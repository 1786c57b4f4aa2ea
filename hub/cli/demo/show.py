"""What the demo prints for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hub.cli.printing import say, table
from hub.cli.reporting import department_table
from hub.pipeline import Hub

LEVELS = {"red": "🔴 红牌 red", "yellow": "🟡 黄牌 yellow", "warning": "🔵 预警 warning", "notice": "⚪ 提示 notice"}  # fmt: skip


def show(hub: Hub, summary: dict[str, Any], path: Path) -> None:
    """The tables, the ten gravest findings, where things lie, what to try next, and the verdict."""
    department_table("What the departments sent 部门报送", summary["departments"])
    table(
        f"Supervision 电子监察 as of {summary['as_of']}",
        ("rule", "violations", "compliant", "not evaluable"),
        [
            [r["rule"], r["violations"], r["compliant"], r["not_evaluable"]]
            for r in summary["rules"]
        ],
    )
    say("\n[bold]The ten gravest findings 最严重的十项[/bold]")
    for number, finding in enumerate(summary["gravest"], 1):
        say(f"{number:>2}. {_headline(finding)}\n    [dim]{_facts(finding['facts'])}[/dim]")
    _show_places(hub, path)
    _show_seconds(summary)
    _show_verdict(summary)


def _headline(finding: dict[str, Any]) -> str:
    overrun = ""
    if finding.get("limit_value") is not None and finding.get("elapsed") is not None:
        unit = (finding.get("limit_unit") or "").replace("_", " ")
        overrun = (
            f": {_number(finding['elapsed'])} against {_number(finding['limit_value'])} {unit}"
        )
    return (
        f"{LEVELS.get(finding['level'], finding['level'])} [bold]{finding['title_zh']}[/bold]"
        f" {finding['title_en']}, {finding['department']} {finding.get('source_case_no') or finding['subject']}{overrun}"
    )


def _number(value: Any) -> str:
    return f"{float(value):g}"


def _facts(facts: dict[str, Any]) -> str:
    return " · ".join(
        f"{key} {value}" for key, value in facts.items() if value not in (None, [], "")
    )


def _show_places(hub: Hub, path: Path) -> None:
    home = hub.settings.home
    say("\n[bold]Where things lie 去哪里看[/bold]")
    say("  quarantine    ops.quarantine in the warehouse: [bold]hub quarantine list[/bold]")
    say(
        "  certificates  ops.certificate: [bold]hub status[/bold], [bold]hub certificate <batch>[/bold]"
    )
    say(f"  raw objects   {hub.settings.objects}")
    say(f"  data docs     {home / 'quality' / 'data_docs' / 'index.html'}")
    say(f"  warehouse     {hub.engine.url.render_as_string(hide_password=True)}")
    say(f"  summary       {path}")
    say("\n[bold]Try next 接下来[/bold]")
    say("  .venv/bin/hub status")
    say("  .venv/bin/hub quarantine list --reason unmapped_power")
    say("  .venv/bin/hub rules list")


def _show_seconds(summary: dict[str, Any]) -> None:
    seconds = summary["seconds"]
    own = sum(seconds.get(stage, 0.0) for stage in ("airflow_database", "airflow_start"))
    spent = ", ".join(f"{stage} {spent:g}" for stage, spent in seconds.items() if stage != "total")
    say(f"\n[dim]{seconds['total']:g} s in all, of which Airflow's own start {own:.1f} s; peak memory "
        f"{summary['peak_mb']} MB. By stage: {spent}[/dim]")  # fmt: skip
    say(f"[dim]findings hash {summary['findings_hash']}[/dim]")


def _show_verdict(summary: dict[str, Any]) -> None:
    compared = summary["compared"]
    if summary["truth_matched"]:
        say(
            f"[bold green]truth matched 与真值一致[/bold green]: all {compared['violations']:,} seeded violations"
            f" found, none invented; {compared['rows']:,} rows met the fate they should."
        )
        return
    differences = summary["differences"]
    say("[bold red]truth NOT matched 与真值不一致[/bold red]")
    for kind, lines in differences.items():
        if lines:
            say(f"  {kind} ({len(lines)}):")
            for line in lines[:20]:
                say(f"    {line}")
