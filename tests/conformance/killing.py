"""A run in a process of its own that ends itself with SIGKILL, after a query and before its batch is handed over.

The module is also the program: it imports what connectors need, then forks for each job (a line of JSON) that
comes on its standard input, and answers with the child's exit status. What a run has landed stands in a file, a line
for each batch.
"""

from __future__ import annotations

import contextlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hub.core.batches import Cursor
    from tests.conformance.kit import Source

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "pyarrow",
    "polars",
    "sqlalchemy",
    "psycopg",
    "connectors",
    "connectors.pace",
    "tests.conformance.kit",
)


@dataclass(frozen=True)
class Killed:
    """What a killed run had landed."""

    ended_by: int
    ids: set[int]
    cursor: Cursor | None


class Runs:
    """Starts runs that are killed."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.conformance.killing"], cwd=ROOT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip

    def close(self) -> None:
        with self._process as process:
            assert process.stdin
            process.stdin.close()

    def read_until_killed(self, source: Source, chunk: int, queries: int) -> Killed:
        """Read a source in batches of `chunk` rows until queries have been answered so many times."""
        landed = source.folder / "landed.jsonl"
        landed.touch()
        job = {
            "method": source.method, "departments": str(source.folder / "departments"), "url": source.url, "landed": str(landed),
            "constants": source.chunk_constants, "chunk": chunk, "queries": queries,
            "environment": {k: v for k, v in os.environ.items() if k.startswith("HUB_")},
        }  # fmt: skip
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(job) + "\n")
        status = int(self._process.stdout.readline())
        lines = [json.loads(line) for line in landed.read_text("utf-8").splitlines()]
        ids = {ident for line in lines for ident in line["ids"]}
        ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        return Killed(ended_by, ids, lines[-1]["cursor"] if lines else None)


def _run(job: dict[str, Any]) -> None:
    import connectors
    from connectors.pace import Pace
    from hub.core.specs import read_department
    from tests.conformance.kit import DATASET, Taken

    for name in job["constants"]:
        module, _, constant = name.rpartition(".")
        setattr(import_module(module), constant, job["chunk"])
    left = job["queries"]

    def took(pace: Pace, rows: int, size: int = 0) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    Pace.took = took  # type: ignore[method-assign,assignment]
    department = read_department(Path(job["departments"]), "test_bureau")
    connector = connectors.open(department, job["url"])
    with Path(job["landed"]).open("a", encoding="utf-8") as landed:
        for batch in connector.read(DATASET, None):
            taken = Taken()
            taken.land(connector, batch)
            landed.write(json.dumps({"ids": sorted(taken.ids), "cursor": taken.cursor}) + "\n")
            landed.flush()


def _warm(method: str) -> None:
    """Import what runs of a method will need, so that each of them need not."""
    import_module("tests.conformance.kit")
    for name in ("pyarrow.compute", f"connectors.{method}", "connectors.sql"):
        package = import_module(name)
        for module in pkgutil.iter_modules(getattr(package, "__path__", ())):
            with contextlib.suppress(ImportError):  # what this machine lacks, runs here do not need
                import_module(f"{name}.{module.name}")


def main() -> None:
    for line in sys.stdin:
        job = json.loads(line)
        _warm(job["method"])
        child = os.fork()
        if child == 0:
            os.environ.update(job["environment"])
            try:
                _run(job)
            except BaseException:
                import traceback

                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(status, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
