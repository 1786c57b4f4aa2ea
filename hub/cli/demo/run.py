"""The demo: write the county, run the DAGs, verify, report."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import warehouse
from demo import EXCHANGE_DATABASE
from hub import pipeline
from hub.cli.demo import airflow
from hub.cli.demo.verify import verify
from hub.core.errors import HubError, SpecError
from hub.core.settings import CONTENT_ROOT, Settings
from hub.core.specs import department_slugs
from hub.pipeline import Hub

AS_OF = "2012-12-31T23:59:59"


Plan = list[tuple[str, dict[str, Any]]]


class Watch:
    """Seconds by stage, and a line on standard error for each, so that a waiting person sees where it is."""

    def __init__(self, silent: bool) -> None:
        from rich.console import Console

        self.seconds: dict[str, float] = {}
        self.console = Console(stderr=True, highlight=False, quiet=silent)

    @contextmanager
    def stage(self, name: str, what: str) -> Iterator[Any]:
        """Time a stage and show that it runs; yields the status line."""
        started = time.perf_counter()
        with self.console.status(what) as status:
            yield status
        self.add(name, time.perf_counter() - started, what)

    def add(self, name: str, seconds: float, what: str) -> None:
        """Record a stage that timed itself."""
        self.seconds[name] = round(self.seconds.get(name, 0.0) + seconds, 2)
        self.console.print(f"[green]✓[/green] {what} [dim]{seconds:.1f} s[/dim]")


def run_demo(cases: int, seed: int, as_json: bool) -> bool:
    """Run the whole demo and write HUB_HOME/demo/summary.json. True when the truth was matched."""
    started = time.perf_counter()
    settings = Settings.load()
    watch = Watch(silent=as_json)
    with watch.stage("server", "starting the embedded PostgreSQL"):
        _make_room(settings, cases, seed)
        hub = pipeline.open_hub(settings)
        warehouse.database_url(settings, "airflow")
        pipeline.prepare_warehouse(hub)
        refuse_real_data(hub)
    migration = airflow.start_migration(settings)
    with airflow.runner(settings) as runner:  # Airflow imports itself while the county is written
        with watch.stage(
            "county", f"writing the county: {cases:,} cases in five department systems"
        ):
            _write_county(settings, cases, seed)
        with watch.stage("airflow_database", "waiting for Airflow's own database"):
            airflow.finish_migration(settings, migration)
        known = pipeline.batch_ids(hub)
        progress = Progress(watch, airflow.log_file(settings))
        slugs = department_slugs(settings.departments)
        progress.follow(runner.run([(f"ingest__{slug}", {}) for slug in slugs]))
        with watch.stage("later", "departments change what was read already"):
            changed = _deliver_later(settings)
        again: Plan = [(f"ingest__{slug}", {}) for slug in changed]
        progress.follow(
            runner.run([*again, ("supervise", {"as_of": AS_OF, "full": True}), ("quality", {})])
        )
        progress.follow(runner.finish())
    with watch.stage("verify", "comparing with the generator's truth"):
        document = json.loads((settings.home / "demo" / "truth.json").read_text("utf-8"))
        verdict = verify(hub, document)
    summary = pipeline.demo_summary(hub, known)
    summary |= {
        "truth_matched": verdict.matched and not progress.failed,
        "cases": cases,
        "seed": seed,
        "as_of": AS_OF,
        "differences": {
            "missed": verdict.missed, "invented": verdict.invented, "rows": verdict.rows,
            "failed_dags": progress.failed,
        },
        "compared": {"violations": verdict.violations, "rows": verdict.rows_compared},
        "seconds": watch.seconds | {"total": round(time.perf_counter() - started, 2)},
        "peak_mb": max(progress.memory, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip
    path = settings.home / "demo" / "summary.json"
    path.write_text(json.dumps(summary, ensure_ascii=False, indent=2, default=str), "utf-8")
    _report(hub, summary, path, as_json)
    return bool(summary["truth_matched"])


def _report(hub: Hub, summary: dict[str, Any], path: Path, as_json: bool) -> None:
    from hub.cli.demo.show import show
    from hub.cli.printing import emit_json

    emit_json(summary) if as_json else show(hub, summary, path)


def _make_room(settings: Settings, cases: int, seed: int) -> None:
    """Another county in this HUB_HOME is cleared away first; anything that is not a demo is left alone."""
    marker = settings.home / "demo" / "county.json"
    if settings.warehouse_url:
        raise SpecError(
            "the demo only runs on the embedded server",
            file=settings.home,
            remedy="unset HUB_WAREHOUSE_URL",
        )
    if marker.exists() and json.loads(marker.read_text()) != _county(cases, seed):
        pipeline.clear_installation(settings, EXCHANGE_DATABASE)


def refuse_real_data(hub: Hub) -> None:
    """An installation that holds batches and no demo county is somebody's: the demo must not write into it."""
    if pipeline.batch_ids(hub) and not (hub.settings.home / "demo" / "county.json").exists():
        raise SpecError(
            "this installation holds data that are not the demo's",
            file=hub.settings.home,
            remedy="run the demo with another HUB_HOME",
        )


def _county(cases: int, seed: int) -> dict[str, Any]:
    from hub.core.fingerprints import version_of

    code = sorted((CONTENT_ROOT / "demo").rglob("*.py"))
    return {
        "cases": cases,
        "seed": seed,
        "generator": version_of(*(path.read_bytes() for path in code)),
    }


def _write_county(settings: Settings, cases: int, seed: int) -> None:
    marker = settings.home / "demo" / "county.json"
    if marker.exists():
        return
    url = warehouse.database_url(settings, EXCHANGE_DATABASE)
    process = subprocess.run(
        [
            sys.executable, "-m", "demo", "--cases", str(cases), "--seed", str(seed),
            "--home", str(settings.home), "--exchange-url", url,
        ],
        cwd=CONTENT_ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if process.returncode != 0:
        raise HubError("the county could not be written", where=process.stderr[-2000:])
    marker.write_text(json.dumps(_county(cases, seed)))


def _deliver_later(settings: Settings) -> list[str]:
    """The second delivery: what departments change at the source once everything has been read. Nothing the next time."""
    from demo.writers import deliver_later

    return deliver_later(settings.home, warehouse.database_url(settings, EXCHANGE_DATABASE))


class Progress:
    """What the child says while its DAGs run: those that failed, and its peak memory in the end."""

    def __init__(self, watch: Watch, log: Path) -> None:
        self.watch, self.log = watch, log
        self.failed: list[str] = []
        self.memory = self.rows = 0

    def follow(self, events: Iterator[dict[str, Any]]) -> None:
        """Follow one plan to its end. Raises HubError when the child died."""
        with self.watch.console.status("starting Airflow") as status:
            for event in events:
                self._take(event, status)

    def _take(self, event: dict[str, Any], status: Any) -> None:
        match event:
            case {"event": "airflow", "seconds": seconds}:
                self.watch.add("airflow_start", seconds, "starting Airflow")
            case {"event": "step", "stage": stage, "department": slug, "rows": more}:
                self.rows += more if stage == "extract" else 0
                status.update(f"{slug}: {stage} ({self.rows:,} rows read so far)")
            case {"event": "dag", "state": "running", "dag": dag}:
                status.update(f"{dag}: running")
            case {"event": "dag", "dag": dag, "state": state, "seconds": seconds}:
                self.watch.add(dag, seconds, f"{dag}: {state}")
                self.failed += [dag] if state != "success" else []
            case {"event": "memory", "peak_mb": peak}:
                self.memory = peak
            case {"event": "exit", "code": code} if code and not self.failed:
                raise HubError(
                    f"Airflow's process ended with {code}",
                    where=str(self.log), remedy="read the log's end",
                )  # fmt: skip
