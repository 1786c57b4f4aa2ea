"""PostgreSQL and Spark over the same county: seconds of both and whether the findings are equal to the hash.

    .venv-spark/bin/python -m benchmarks.rules.engines --cases 200000 --spark-master spark://127.0.0.1:7077

Both begin without findings and judge every case twice; the second time counts: in the first findings are opened, which is
the same work for both.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.rules import county
from benchmarks.rules.installation import installation
from hub.pipeline import Hub
from hub.pipeline.spark import judge_on
from hub.pipeline.supervise import supervise
from supervision import RunSummary
from supervision.spark.session import open_session


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--spark-master", default="local[2]")
    parser.add_argument("--kept", type=Path, help="an installation to fill once and use again")
    parser.add_argument(
        "--folder", type=Path, help="where else to make one, for as long as it lasts"
    )
    given = parser.parse_args()
    with installation(given.cases, given.kept, given.folder) as (hub, _):
        print(json.dumps({"cases": given.cases, **compared(hub, given.spark_master)}))  # noqa: T201


def compared(hub: Hub, master: str) -> dict[str, object]:
    """Seconds of both engines, of which Spark's start, and whether they agree."""
    supervise(hub, county.AS_OF, full=True)
    here, postgresql = _timed(lambda: supervise(hub, county.AS_OF, full=True))
    county.forget(hub.engine)
    began = time.perf_counter()
    session = open_session(master)
    started = time.perf_counter() - began
    try:
        first, first_s = _timed(lambda: judge_on(hub, session, county.AS_OF))
        there, spark = _timed(lambda: judge_on(hub, session, county.AS_OF))
    finally:
        session.stop()
    hashes = {here.findings_hash, first.findings_hash, there.findings_hash}
    return {
        "postgresql_s": round(postgresql, 1),
        "spark_start_s": round(started, 1),
        "spark_first_s": round(first_s, 1),
        "spark_s": round(spark, 1),
        "findings": here.open_findings,
        "equal": len(hashes) == 1 and there.state == "complete",
    }


def _timed(run: Callable[[], RunSummary]) -> tuple[RunSummary, float]:
    began = time.perf_counter()
    return run(), time.perf_counter() - began


if __name__ == "__main__":
    main()
