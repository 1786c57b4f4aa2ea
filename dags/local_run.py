"""Run DAGs of this folder one after another in this process, through `dag.test()`: no scheduler, no workers.

    python -m dags.local_run '[["ingest__housing", {}], ["supervise", {"as_of": "2012-12-31T23:59:59"}]]'

With '-' plans are read from standard input, one a line, after Airflow has been imported: start early, tell it later,
look between two plans. Writes one line of JSON per event to the file descriptor in HUB_EVENTS_FD (default: standard error):
{"event": "airflow", "seconds"}, {"event": "step", …}, {"event": "dag", "dag", "state", "seconds", "error"},
{"event": "plan", "succeeded"} after each plan.
Needs a migrated metadata database; exits with 1 when a DAG failed.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import sys
import time
from typing import IO, Any

STARTED = time.perf_counter()


class StepEvents(logging.Handler):
    """Passes progress records on as events."""

    def __init__(self, out: IO[str]) -> None:
        super().__init__()
        self.out = out

    def emit(self, record: logging.LogRecord) -> None:
        if step := getattr(record, "step", None):
            say(self.out, "step", **step)


def say(out: IO[str], event: str, **facts: Any) -> None:
    """One event, one line."""
    out.write(json.dumps({"event": event} | facts, ensure_ascii=False) + "\n")
    out.flush()


def run_all(plan: str, out: IO[str]) -> bool:
    """Run each (DAG id, configuration) of the plans in turn; True when all succeeded."""
    from dags import ingest, quality, supervise

    dags = {dag_id: dag for dag_id, dag in vars(ingest).items() if dag_id.startswith("ingest__")}
    dags |= {"supervise": supervise.dag, "quality": quality.dag}
    watch_progress(out)
    say(out, "airflow", seconds=round(time.perf_counter() - STARTED, 2))
    succeeded = True
    for line in sys.stdin if plan == "-" else [plan]:
        succeeded &= run_plan(json.loads(line), dags, out)
        say(out, "plan", succeeded=succeeded)
    say(out, "memory", peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    return succeeded


def run_plan(plan: list[tuple[str, dict[str, Any]]], dags: dict[str, Any], out: IO[str]) -> bool:
    """Run the DAGs of one plan; True when all succeeded."""
    succeeded = True
    for dag_id, conf in plan:
        started = time.perf_counter()
        say(out, "dag", dag=dag_id, state="running")
        run = dags[dag_id].test(run_conf=conf)
        state = str(run.state.value if hasattr(run.state, "value") else run.state)
        succeeded &= state == "success"
        say(out, "dag", dag=dag_id, state=state, seconds=round(time.perf_counter() - started, 2))
    return succeeded


def watch_progress(out: IO[str]) -> None:
    """Attach our handler to the progress log."""
    from hub.core.progress import LOGGER

    LOGGER.setLevel(logging.INFO)
    LOGGER.addHandler(StepEvents(out))


if __name__ == "__main__":
    descriptor = int(os.environ.get("HUB_EVENTS_FD", "2"))
    with os.fdopen(descriptor, "w", encoding="utf-8", closefd=False) as events:
        sys.exit(0 if run_all(sys.argv[1], events) else 1)
