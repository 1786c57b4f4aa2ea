"""How fast the rules are, beside the same checks by hand and beside PM4Py: `make bench-rules`.

One county, one server, one contender after the other. Writes its part of docs/benchmarks.md and ends in a line of JSON.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Engine

from benchmarks.rules import county, hand_written, ours, report
from benchmarks.rules.installation import installation
from hub.core.settings import CONTENT_ROOT
from supervision import RunSummary

CASES, CHANGED, PM4PY_CASES, SPARK_CASES = 1_000_000, 10_000, 100_000, 200_000
TIMES = 3
"""What takes seconds is measured so often; the median counts."""
SPARK_PYTHON = CONTENT_ROOT / ".venv-spark" / "bin" / "python"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--kept", type=Path, help="an installation that keeps the county")
    parser.add_argument(
        "--folder", type=Path, help="where the server's data lie; on disk, not in memory"
    )
    parser.add_argument("--report", type=Path, help="write the page here instead of printing it")
    parser.add_argument(
        "--spark",
        metavar="MASTER",
        help="compare with Spark too, on a county of up to 200,000 cases",
    )
    arguments = parser.parse_args()
    with installation(arguments.cases, arguments.kept, arguments.folder) as (hub, versions):
        found = measure(hub.engine, versions, arguments.cases, hub.settings.home)
    found["spark"] = _spark(arguments.spark, arguments.cases) if arguments.spark else None
    page = report.page(found)
    if arguments.report:
        report.write(arguments.report, page)
    else:
        say(page)
    say(json.dumps(report.summary(found)))


def measure(engine: Engine, versions: dict[str, str], cases: int, folder: Path) -> dict[str, Any]:
    """Everything that is compared, by name. Raises AssertionError when engine and hand do not find the same."""
    found: dict[str, Any] = {"cases": cases, "events": county.events(engine)}
    say(f"{cases:,} cases, {found['events']:,} events")
    first = ours.run(engine, versions, full=True)
    assert first.state == "complete", first
    say(f"  first run: {first.seconds:.1f} s, {first.open_findings:,} findings")
    found["hand_s"], by_hand = hand_written.run(engine)
    say(f"  by hand: {sum(found['hand_s'].values()):.1f} s")
    engines = ours.violations(engine)
    assert {name: engines.get(name, 0) for name in by_hand} == by_hand, _differing(engines, by_hand)
    county.settle(engine)
    again = ours.run(engine, versions, full=True)
    say(f"  full run again: {again.seconds:.1f} s")
    versions = versions | {"department": "another"}  # as when a department's folder has changed
    county.settle(engine)
    kept = ours.run(engine, versions, full=False)
    assert kept.kind == "full" and kept.findings_hash == again.findings_hash, kept
    say(f"  full run on what is kept: {kept.seconds:.1f} s")
    changed = sorted((_changed(engine, versions, cases) for _ in range(TIMES)), key=_seconds)
    incremental = changed[TIMES // 2]
    some = min(PM4PY_CASES, cases)
    county.settle(engine)
    flows, replayed = _by_turns(engine, versions, some, folder)
    flow_anew = ours.flow_seconds(engine, versions, anew=True)
    say(f"  flow checks of all cases: {flows} s, from core {flow_anew:.2f} s")
    say(f"  PM4Py: {replayed}")
    return found | {
        "first": first,
        "again": again,
        "kept": kept,
        "changed": incremental,
        "flow_s": flows[TIMES // 2],
        "flow_anew_s": flow_anew,
        "flow_cases": cases,
        "pm4py": replayed[TIMES // 2],
    }


def _by_turns(
    engine: Engine, versions: dict[str, str], some: int, folder: Path
) -> tuple[list[float], list[dict[str, Any]]]:
    """Ours of all cases and PM4Py's of some, in turn, as the speed of a machine changes within minutes; the fastest first."""
    both = [
        (ours.flow_seconds(engine, versions, anew=False), _pm4py(engine, some, folder))
        for _ in range(TIMES)
    ]
    return sorted(mine for mine, _ in both), sorted((theirs for _, theirs in both), key=_replay)


def _changed(engine: Engine, versions: dict[str, str], cases: int) -> RunSummary:
    """An incremental run after other cases were reported anew."""
    county.change(engine, min(CHANGED, cases // 100))
    county.settle(engine)
    changed = ours.run(engine, versions, full=False)
    assert changed.kind == "incremental", changed.why_full
    say(
        f"  after {CHANGED:,} changes: {changed.seconds:.1f} s, {changed.cases_in_scope:,} in scope"
    )
    return changed


def _seconds(run: RunSummary) -> float:
    return run.seconds


def _replay(measured: dict[str, Any]) -> float:
    return float(measured["replay_s"] + measured["profile_s"])


def _differing(a: dict[str, int], b: dict[str, int]) -> dict[str, tuple[int, int]]:
    return {name: (a.get(name, 0), b[name]) for name in b if a.get(name, 0) != b[name]}


def _pm4py(engine: Engine, cases: int, folder: Path) -> dict[str, Any]:
    """Each power's cases against the net of those of them that keep to its flow, in a process of its own."""
    log, model = folder / "log.parquet", folder / "model.parquet"
    with engine.connect() as connection:
        events = pl.read_database(
            f"""
            select e.case_id::text as case, e.step_code as step, e.started_at as started, c.power_code as power,
                c.source_case_no as number
            from (select * from core."case" order by raw_row limit {int(cases)}) c
            join core.event e on e.case_id = c.case_id and e.deleted_at is null
            where c.power_code is not null
            order by e.case_id, e.started_at, e.event_no
            """,  # noqa: S608 (a number)
            connection,
        )
        wrong = pl.read_database(
            "select distinct case_id::text as case from supervision.finding where rule_id like 'procedure.step_%'",
            connection,
        )
    events.write_parquet(log)
    events.join(wrong, on="case", how="anti").write_parquet(model)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.rules.pm4py_log", str(log), str(model)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _spark(master: str, cases: int) -> dict[str, Any]:
    """What `benchmarks.rules.engines` says, in the environment that has pyspark."""
    some = min(SPARK_CASES, cases)
    done = subprocess.run(
        [str(SPARK_PYTHON), "-m", "benchmarks.rules.engines", "--cases", str(some), "--spark-master", master],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    compared = dict(json.loads(done.stdout.splitlines()[-1]))
    say(f"  Spark: {compared}")
    return compared


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
