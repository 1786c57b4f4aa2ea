"""`make crash`: kills over all sources, in parallel. Prints what was done; the last line is JSON.

`KILLS=20 make crash` for a short one. Exits with 1 when anything is lost, doubled, missed, or not certified.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.core.settings import CONTENT_ROOT, Settings
from tests.conformance.late_commits import LateCommits, simulate
from tests.crash.campaign import KINDS, Campaign
from tests.crash.proof import Verdict
from warehouse import server as embedded
from warehouse.access import create_database, create_engine_without_pool
from warehouse.migrate import migrate

SETTLING = 0.75
"""Share of the time in which runs are killed; the rest is for settling and for the verdict."""


@dataclass(frozen=True)
class Outcome:
    """What one source's campaign came to."""

    kind: str
    kills: Counter[str]
    runs: int
    completed: int
    rows: int
    unexpected: list[str]
    verdict: Verdict


@contextmanager
def server() -> Iterator[tuple[Settings, str, Path]]:
    """An embedded PostgreSQL for warehouses and sources, with a migrated template, and a folder; removed at the end."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="hub-crash-", dir=memory if memory.is_dir() else None, ignore_cleanup_errors=True
    ) as name:
        home = Path(name)
        home.chmod(0o755)
        settings = Settings(home, None, str(home / "objects"), CONTENT_ROOT / "departments")
        try:
            base = embedded.ensure(settings, durable=False)
            engine = create_engine_without_pool(create_database(base, "crash_template"))
            migrate(engine)
            engine.dispose()
            yield settings, base, home
        finally:
            embedded.discard(settings)


def conduct(kinds: Sequence[str], kills: int, seed: int, seconds: float) -> list[Outcome]:
    """A campaign for each kind of source, side by side, from the first kill to the verdict."""
    each = -(-kills // len(kinds))
    with server() as (settings, base, home), ExitStack() as closing:
        campaigns = []
        for kind in kinds:
            campaigns.append(Campaign(kind, home / kind, settings, base, seed))
            closing.callback(campaigns[-1].close)
        deadline = time.monotonic() + seconds * SETTLING
        with ThreadPoolExecutor(len(kinds)) as pool:
            list(pool.map(lambda one: one.disturb(each, deadline), campaigns))
            list(pool.map(Campaign.settle, campaigns))
        return [_outcome(one) for one in campaigns]


def _outcome(one: Campaign) -> Outcome:
    cases = len(one.source.truth.last)
    return Outcome(
        one.kind, one.kills, one.runs, one.completed, cases, one.unexpected, one.verdict()
    )


def late_commits() -> LateCommits:
    """Rows that readers miss whose writers commit late."""
    with server() as (_, base, home):
        return simulate(create_database(base, "late").replace("+psycopg", ""), home)


def tell(outcome: Outcome) -> None:
    """What happened, for people."""
    print(  # noqa: T201
        f"{outcome.kind}: {sum(outcome.kills.values())} kills in {outcome.runs} runs, {outcome.completed} ended by themselves, "
        f"{outcome.rows} cases; {outcome.verdict}"
    )
    for point, count in sorted(outcome.kills.items()):
        print(f"    {point:<22}{count:>4}")  # noqa: T201
    for said in outcome.unexpected:
        print(f"    unexpected: {said}")  # noqa: T201


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--seed", type=int, default=360_121)
    options.add_argument("--seconds", type=float, default=660)
    options.add_argument("--sources", nargs="*", default=KINDS)
    given = options.parse_args()
    outcomes, late = conduct(given.sources, given.kills, given.seed, given.seconds), late_commits()
    for outcome in outcomes:
        tell(outcome)
    summary = {
        "kills": sum(sum(o.kills.values()) for o in outcomes),
        "lost": sum(o.verdict.lost for o in outcomes),
        "doubled": sum(o.verdict.doubled for o in outcomes),
        "late_writers": late.late_writers,
        "missed": late.missed,
    }
    print(f"late commits: {late}")  # noqa: T201
    print(json.dumps(summary))  # noqa: T201
    good = all(o.verdict.good and not o.unexpected for o in outcomes)
    return 0 if good and summary["kills"] >= given.kills and not late.missed else 1


if __name__ == "__main__":
    sys.exit(main())
