"""How fast a table gets from a department's PostgreSQL into the warehouse, beside other ways: `make bench-ingest`.

Each size is one run: the same rows, the same server, one contender after the other, each in a process of its own.
Writes docs/benchmarks.md and ends in one line of JSON per size.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import report, source
from benchmarks.measuring import Measured, measure
from benchmarks.server import Bench

SIZES = (1_000_000, 10_000_000)
CHANGED = 1_000
PANDAS_ROWS = 200_000
DLT_ROWS = 1_000_000
"""At most so many rows for those: the rest would take hours and their rates do not grow with the table."""
FASTEST_DLT = ("connectorx", "csv")
"""The fastest of dlt's relational back ends and of the file formats that its PostgreSQL loader takes, as measured."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES)
    parser.add_argument(
        "--folder", type=Path, help="where the servers' data lie; on disk, not in memory"
    )
    parser.add_argument("--report", type=Path, help="write the page here instead of printing it")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hub-bench-", dir=arguments.folder) as folder:
        Path(folder).chmod(0o755)  # the server's account must reach it
        bench = Bench.at(Path(folder))
        try:
            runs = {rows: run(bench, rows) for rows in arguments.rows}
        finally:
            bench.discard()
    page = report.page(runs, CHANGED)
    if arguments.report:
        report.write(arguments.report, page)
    else:
        say(page)
    for rows, results in runs.items():
        say(json.dumps(report.summary(rows, results)))


def run(bench: Bench, rows: int) -> dict[str, Measured]:
    """All contenders on that many rows; name → what was measured."""
    folder = bench.settings.home
    say(f"{rows:,} rows: making the source")
    source.make(bench.database("source"), rows)
    table = "permits" if rows <= DLT_ROWS else source.sample(bench.database("source"), DLT_ROWS)
    contenders: dict[str, Callable[[], Measured]] = {
        "copy": lambda: measure("copy_to_copy", folder),
        "first": lambda: measure("ours", folder, "first"),
        "again": lambda: measure("ours", folder, "again"),
        "changes": lambda: _changes(bench),
        "dlt_fastest": lambda: measure("dlt_tables", folder, table, *FASTEST_DLT),
        "dlt_default": lambda: measure("dlt_tables", folder, table, "sqlalchemy", "default"),
        "pandas": lambda: measure("pandas_frames", folder, str(min(rows, PANDAS_ROWS))),
    }
    results = {}
    for name, contender in contenders.items():
        results[name] = found = contender()
        say(
            f"  {name}: {found.rate:,.0f} rows/s, {found.seconds:.1f} s, {found.peak_mb:.0f} MB {found.said}"
        )
    return results


def _changes(bench: Bench) -> Measured:
    query_seconds = source.change(bench.database("source"), CHANGED)
    found = measure("ours", bench.settings.home, "changes")
    assert found.said["landed"] == CHANGED, found.said
    found.said["query_seconds"] = query_seconds
    return found


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
