"""The rules' part of docs/benchmarks.md, between two marks of its own; what stands around it stays."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.report import _machine

BEGIN, END = "<!-- rules measured -->", "<!-- end of rules measured -->"
_SHOWN = 12


def page(found: dict[str, Any]) -> str:
    """The measured part in Markdown."""
    hand, ratio = sum(found["hand_s"].values()), pm4py_ratio(found)
    first, again, kept, changed = (found[name] for name in ("first", "again", "kept", "changed"))
    pm4py = found["pm4py"]
    replay = pm4py["replay_s"] + pm4py["profile_s"]
    lines = [
        BEGIN,
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {_machine()}.",
        "",
        f"{found['cases']:,} cases, {found['events']:,} events, {len(found['hand_s'])} rules, "
        f"{first.open_findings:,} findings.",
        "",
        "| what | seconds | cases in scope |",
        "|---|---:|---:|",
        f"| first full run: every finding is opened, proved and chained | {first.seconds:.1f} | {first.cases_in_scope:,} |",
        f"| full run as asked for (`--full`): everything made anew, nothing changed | {again.seconds:.1f} | {again.cases_in_scope:,} |",
        f"| full run on what is kept of each case, as after a change of rules or parameters | {kept.seconds:.1f} | {kept.cases_in_scope:,} |",
        f"| incremental run after 10,000 changed cases (median of three) | {changed.seconds:.1f} | {changed.cases_in_scope:,} |",
        f"| the same checks by hand, one SQL each: violations counted, nothing else | {hand:.1f} | {found['cases']:,} |",
        "",
        f"The full run takes {again.seconds / hand:.2f} times as long as the SQL by hand, {kept.seconds / hand:.2f} times on what is "
        "kept; both find the same violations.",
        "",
        "| flow checks (medians of three) | cases measured | seconds | cases/s | 1,000,000 cases (extrapolated from those measured) |",
        "|---|---:|---:|---:|---:|",
        _flow("ours: order, skips, step limits, on what is kept of each case", found["flow_cases"], found["flow_s"]),
        _flow("ours, from core, everything made anew", found["flow_cases"], found["flow_anew_s"]),
        _flow(f"PM4Py {pm4py['version']}: token replay and temporal profile", pm4py["cases"], replay),
        "",
        f"{ratio:.1f} times as many cases per second, {ratio * found['flow_s'] / found['flow_anew_s']:.1f} times from core.",
        "",
        "The slowest rules of the full run that made everything anew, beside the same by hand:",
        "",
        "| rule | engine | by hand | violations |",
        "|---|---:|---:|---:|",
        *(
            f"| {rule.rule_id} | {rule.seconds:.2f} | {found['hand_s'][rule.rule_id]:.2f} | {rule.violations:,} |"
            for rule in sorted(again.rules, key=lambda rule: -rule.seconds)[:_SHOWN]
        ),
        "",
        f"What all rules stand on (the working tables) and the run's own bookkeeping take "
        f"{again.seconds - sum(rule.seconds for rule in again.rules):.1f} s of it.",
        "",
        END,
    ]  # fmt: skip
    return "\n".join(lines)


def summary(found: dict[str, Any]) -> dict[str, Any]:
    """The line of JSON. `full_s`: everything made anew. `spark_equal` is null where Spark was not asked."""
    return {
        "cases": found["cases"],
        "events": found["events"],
        "full_s": round(found["again"].seconds, 1),
        "full_kept_s": round(found["kept"].seconds, 1),
        "incremental_s": round(found["changed"].seconds, 1),
        "hand_sql_s": round(sum(found["hand_s"].values()), 1),
        "pm4py_ratio": round(pm4py_ratio(found), 1),
        "spark_equal": found["spark"]["equal"] if found["spark"] else None,
    }


def pm4py_ratio(found: dict[str, Any]) -> float:
    """How many times as many cases per second as PM4Py, on what is kept of each case."""
    pm4py = found["pm4py"]
    theirs = pm4py["cases"] / (pm4py["replay_s"] + pm4py["profile_s"])
    return float(found["flow_cases"] / found["flow_s"] / theirs)


def write(path: Path, measured: str) -> None:
    """Replace the measured part of the page."""
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    path.write_text(pattern.sub(lambda _: measured, path.read_text("utf-8"), count=1), "utf-8")


def _flow(label: str, cases: int, seconds: float) -> str:
    rate = cases / seconds
    return f"| {label} | {cases:,} | {seconds:.2f} | {rate:,.0f} | {1_000_000 / rate:.1f} s |"
