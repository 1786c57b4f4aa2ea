"""How results read: the tables behind the commands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from hub.cli.printing import say, table
from supervision import Rule, RunSummary

FATES = ("read", "landed", "unchanged", "superseded", "quarantined", "rejected")


def run_document(summary: RunSummary) -> dict[str, Any]:
    """A supervision run as JSON-ready values."""
    return {
        "run_id": summary.run_id,
        "as_of": summary.as_of,
        "kind": summary.kind,
        "state": summary.state,
        "open_findings": summary.open_findings,
        "findings_hash": summary.findings_hash,
        "rules": [
            {
                "rule": rule.rule_id, "level": rule.level, "violations": rule.violations,
                "compliant": rule.compliant, "not_evaluable": rule.not_evaluable,
                "seconds": rule.seconds, "error": rule.error,
            }
            for rule in summary.rules
        ],
        "withheld": [asdict(one) for one in summary.withheld],
    }  # fmt: skip


def print_run(summary: RunSummary) -> None:
    """A supervision run: outcomes per rule."""
    document = run_document(summary)
    columns = ("rule", "level", "violations", "compliant", "not_evaluable", "seconds", "error")
    scope = "all cases" if summary.kind == "full" else "changed and open cases"
    table(
        f"Supervision 监察 ({scope}, as of {summary.as_of:%Y-%m-%d %H:%M})",
        columns,
        [[rule[column] for column in columns] for rule in document["rules"]],
    )
    say(
        f"{summary.open_findings:,} open findings, run {summary.state}, hash {summary.findings_hash}"
    )
    print_withheld(document["withheld"])


WITHHELD = {
    "silent": "数据中断 nothing heard for longer than agreed",
    "gate_stopped": "批次停在入库闸口 a batch is stopped at the gate",
}


def print_withheld(departments: Sequence[dict[str, Any]]) -> None:
    """Departments of which a run states nothing: what was compliant there counts as not evaluable."""
    for one in departments:
        since = one["facts"].get("last_heard") or one["facts"].get("since") or "ever 从未报送"
        say(
            f"[red]no statement 不作结论[/red] {one['department']}: {WITHHELD[one['reason']]}, since {since}"
        )


def rule_rows(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    """Rules as JSON-ready rows."""
    return [
        {
            "rule": rule.id, "level": rule.level, "status": rule.status, "version": rule.version,
            "title_zh": rule.title.zh, "title_en": rule.title.en,
            "basis": "; ".join(rule.basis),
        }
        for rule in rules
    ]  # fmt: skip


def print_rule_tests(results: Sequence[dict[str, Any]]) -> None:
    """Rules' own tests: a line per rule, then the failures."""
    by_rule: dict[str, list[bool]] = {}
    for result in results:
        by_rule.setdefault(result["rule"], []).append(result["passed"])
    table(
        "Rule tests",
        ("rule", "tests", "passed"),
        [[rule, len(passed), sum(passed)] for rule, passed in by_rule.items()],
    )
    for result in results:
        if not result["passed"]:
            say(f"[red]✗[/red] {result['rule']} {result['test']}: {result['message']}")


def department_table(title: str, rows: Sequence[dict[str, Any]]) -> None:
    """Rows by fate per department, then the open quarantine by reason."""
    table(
        title,
        ("department", *FATES, "rows/s"),
        [[row["slug"], *(row[fate] for fate in FATES), row["rows_per_second"]] for row in rows],
    )
    waiting = [
        [
            row["slug"],
            ", ".join(f"{reason} {n}" for reason, n in row["quarantined_by_reason"].items()),
        ]
        for row in rows
        if row["quarantined_by_reason"]
    ]
    if waiting:
        table("Waiting in quarantine 隔离区, by reason", ("department", "reason and rows"), waiting)


def print_status(document: dict[str, Any]) -> None:
    """The whole of `hub status`."""
    department_table("Departments 部门", document["departments"])
    for batch in document["batches"]:
        batch["dataset"] = f"{batch['department']}.{batch['dataset']}"
    run = document["supervision"]
    if run:
        table(
            f"Last supervision run 监察 ({run['kind']}, {run['state']}, as of {run['as_of']:%Y-%m-%d})",
            ("rule", "violations", "compliant", "not_evaluable"),
            [
                [r["rule"], r["violations"], r["compliant"], r["not_evaluable"]]
                for r in run["rules"]
            ],
        )
        print_withheld(run["withheld"])
    _print_alerts(document)
    for title, key, columns in (
        ("Load on the sources, last extraction", "load",
         ("department", "queries", "rows", "bytes", "seconds", "waited")),
        ("Codes without a crosswalk row", "unmapped",
         ("department", "codelist", "source_code", "source_name", "rows")),
        ("Drift: columns that the mapping does not know or misses", "drift",
         ("department", "dataset", "column", "change", "batches")),
        ("Last batches", "batches", ("batch_id", "dataset", *FATES)),
    ):  # fmt: skip
        if document[key]:
            table(title, columns, [[row[column] for column in columns] for row in document[key]])


def _print_alerts(document: dict[str, Any]) -> None:
    """What somebody must see to."""
    for department, refused in document["refused"].items():
        for message in refused:
            say(f"[red]refused[/red] {department}: {message}")
    for batch in document["stopped"]:
        say(
            f"[red]{batch['state']} at the gate[/red] {batch['department']}/{batch['dataset']} batch {batch['batch_id']}: hub gate list"
        )
    for switch in document["paused"]:
        say(
            f"[yellow]paused[/yellow] {switch['department']} since {switch['since']:%Y-%m-%d %H:%M} by {switch['actor']}: {switch['reason']}"
        )
    for one in document["load"]:
        if one["closed"]:
            say(f"[yellow]broke off[/yellow] {one['department']}: {one['closed']}")


def certificate_text(row: dict[str, Any]) -> str:
    """One certificate for people."""
    from quality.certificate import render

    return render(row)
