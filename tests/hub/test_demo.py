"""`hub demo` as its users run it: through the real Airflow, twice; and what it leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hub.core.privacy import Keys
from hub.core.settings import Settings
from warehouse import server

ROOT = Path(__file__).resolve().parents[2]
WANTED = {"truth_matched", "departments", "rules", "findings_hash", "seconds", "peak_mb"}


NEED_SIZE = {
    "integrity.batch_closing", "integrity.after_hours_approval", "platform.volume_drop",
}  # fmt: skip
"""Rules that 600 cases are too few to break: they look for gatherings, or compare with a baseline."""


@dataclass(frozen=True)
class Shown:
    """Both runs, and the home that they share."""

    home: Path
    settings: Settings
    first: subprocess.CompletedProcess[str]
    second: subprocess.CompletedProcess[str]

    def summary(self, which: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(getattr(self, which).stdout)
        return document


def demo(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One `hub demo` of 600 cases in a process of its own."""
    env = os.environ | {"HUB_HOME": str(home), "PYTHONPATH": str(ROOT)}
    for name in ("HUB_WAREHOUSE_URL", "HUB_OBJECTS", "HUB_DEPARTMENTS", "HUB_KEY"):
        env.pop(name, None)
    return subprocess.run(
        [sys.executable, "-c", "from hub.cli import main; main()", "demo", "--cases", "600", *arguments],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def shown() -> Iterator[Shown]:
    home = Path(tempfile.mkdtemp(prefix="hub-demo-"))
    home.chmod(0o755)
    settings = Settings(home, None, str(home / "objects"), ROOT / "departments")
    try:
        yield Shown(home, settings, demo(home, "--json"), demo(home, "--json"))
    finally:
        server.discard(settings)
        shutil.rmtree(home, ignore_errors=True)


def test_the_demo_matches_its_truth_through_airflow(shown: Shown) -> None:
    assert shown.first.returncode == 0, shown.first.stdout + shown.first.stderr
    summary = shown.summary("first")
    assert set(summary) >= WANTED
    assert summary["truth_matched"] is True
    assert summary["differences"] == {"missed": [], "invented": [], "rows": [], "failed_dags": []}
    assert len(summary["rules"]) == 40
    assert {rule["rule"] for rule in summary["rules"] if not rule["violations"]} <= NEED_SIZE
    for row in summary["departments"]:
        fates = (
            row["landed"]
            + row["unchanged"]
            + row["superseded"]
            + row["quarantined"]
            + row["rejected"]
        )
        assert row["read"] == fates > 0
        assert {"map", "land"} <= set(row["rows_per_second_by_stage"])
    assert {"airflow_start", "ingest__housing", "supervise", "quality", "total"} <= set(
        summary["seconds"]
    )
    assert json.loads((shown.home / "demo" / "summary.json").read_text("utf-8"))["truth_matched"]
    assert (shown.home / "quality" / "data_docs" / "index.html").is_file()


def test_great_expectations_finds_nothing_that_the_gate_should_have_kept_out(shown: Shown) -> None:
    """Both look for what is required, code lists, plausible times, amounts below zero and keys that come twice."""
    base = server.ensure(shown.settings)
    with psycopg.connect(plain(server.database_of(base, "hub"))) as connection:
        states = dict(
            connection.execute(
                "select state, count(*) from ops.expectation_result where expectation_id ~ "
                "'\\.(filled|in_codelist|plausible|not_negative|key\\.unique)$' group by state"
            ).fetchall()
        )
        errors = connection.execute(
            "select expectation_id, error from ops.expectation_result where state = 'not_evaluated'"
        ).fetchall()
    assert set(states) <= {"met", "no_values"}
    assert states["met"] > 200
    assert errors == []


def test_a_second_demo_lands_nothing_and_finds_the_same(shown: Shown) -> None:
    assert shown.second.returncode == 0, shown.second.stdout + shown.second.stderr
    again = shown.summary("second")
    assert sum(row["landed"] for row in again["departments"]) == 0
    assert again["findings_hash"] == shown.summary("first")["findings_hash"]
    assert again["rules"] == shown.summary("first")["rules"]


def test_logs_and_output_show_no_identity_or_phone_number(shown: Shown) -> None:
    """Invariant 6, for everything that is printed or logged, Airflow's XComs included."""
    keys = Keys.load(shown.home)
    base = server.ensure(shown.settings)
    with psycopg.connect(plain(server.database_of(base, "hub"))) as connection:
        rows = connection.execute("select identity_enc, phone_enc from restricted.party").fetchall()
    clear = {keys.decrypt(bytes(value)) for row in rows for value in row if value is not None}
    secrets = {value for value in clear if len(value) >= 11}
    assert len(secrets) > 200
    said = [getattr(shown, run).stdout + getattr(shown, run).stderr for run in ("first", "second")]
    with psycopg.connect(plain(server.database_of(base, "airflow"))) as connection:
        said += [row[0] for row in connection.execute("select x::text from xcom x").fetchall()]
    logs = [path for path in shown.home.rglob("*.log") if path.is_file()]
    assert {log.name for log in logs} >= {"demo.log", "server.log"}
    said += [path.read_text("utf-8", "replace") for path in logs]
    pages = list((shown.home / "quality" / "data_docs").rglob("*.html"))
    assert pages
    said += [page.read_text("utf-8") for page in pages]
    assert not [secret[:3] for text in said for secret in secrets if secret in text]


def plain(url: str) -> str:
    """An SQLAlchemy URL as libpq reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://")
