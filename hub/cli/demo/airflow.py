"""Airflow for one process: its own home under HUB_HOME, its metadata in the embedded server, no scheduler."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import warehouse
from hub.core.errors import HubError
from hub.core.settings import CONTENT_ROOT, Settings


def environment(settings: Settings) -> dict[str, str]:
    """The environment of an Airflow that calls nobody and listens nowhere."""
    home = settings.home / "airflow"
    home.mkdir(parents=True, exist_ok=True)
    url = warehouse.database_url(settings, "airflow")
    return os.environ | {
        "HUB_HOME": str(settings.home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(CONTENT_ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url.replace("+psycopg://", "+psycopg2://"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "GX_ANALYTICS_ENABLED": "False",
        "PYTHONPATH": os.pathsep.join(
            part for part in (str(CONTENT_ROOT), os.environ.get("PYTHONPATH")) if part
        ),
        "PYTHONWARNINGS": "ignore",
    }


def log_file(settings: Settings) -> Path:
    """Where everything that Airflow says goes."""
    return settings.home / "airflow" / "demo.log"


def start_migration(settings: Settings) -> subprocess.Popen[bytes] | None:
    """Start `airflow db migrate` in the background, once per HUB_HOME and Airflow version."""
    from importlib.metadata import version

    marker = settings.home / "airflow" / "migrated"
    if marker.exists() and marker.read_text() == version("apache-airflow"):
        return None
    env = environment(settings)
    log = log_file(settings).open("ab")
    return subprocess.Popen(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
    )  # fmt: skip


def finish_migration(settings: Settings, process: subprocess.Popen[bytes] | None) -> None:
    """Wait for the migration. Raises HubError with the log's address when it failed."""
    from importlib.metadata import version

    if process is None:
        return
    if process.wait() != 0:
        raise HubError(
            "airflow db migrate failed", where=str(log_file(settings)), remedy="read the log's end"
        )
    (settings.home / "airflow" / "migrated").write_text(version("apache-airflow"))


@dataclass
class Runner:
    """A child process that has Airflow imported, or is importing it, and waits for its plan."""

    process: subprocess.Popen[bytes]
    events: IO[str]

    def run(self, plan: list[tuple[str, dict[str, Any]]]) -> Iterator[dict[str, Any]]:
        """Run the DAGs of `plan` and yield the child's events as they come, up to the end of the plan.

        A child that dies meanwhile says so with {"event": "exit", "code"}.
        """
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(plan).encode() + b"\n")
            self.process.stdin.flush()
        for line in self.events:
            event = json.loads(line)
            yield event
            if event["event"] == "plan":
                return
        yield {"event": "exit", "code": self.process.wait()}

    def finish(self) -> Iterator[dict[str, Any]]:
        """There is no further plan: the child's last events, and {"event": "exit", "code"}."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        for line in self.events:
            yield json.loads(line)
        yield {"event": "exit", "code": self.process.wait()}


@contextmanager
def runner(settings: Settings) -> Iterator[Runner]:
    """Start the child; it ends with the block, whatever happens in it."""
    readable, writable = os.pipe()
    with log_file(settings).open("ab") as log, os.fdopen(readable, encoding="utf-8") as events:
        process = subprocess.Popen(
            [sys.executable, "-m", "dags.local_run", "-"],
            env=environment(settings) | {"HUB_EVENTS_FD": str(writable)},
            pass_fds=(writable,), stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=CONTENT_ROOT,
        )  # fmt: skip
        os.close(writable)
        try:
            yield Runner(process, events)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
