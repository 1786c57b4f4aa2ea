"""A run in a process of its own that ends itself with SIGKILL, after a query and before the batch is handed over.

Started with a job (JSON) on its standard input. What it has landed stands in a file, a line for each batch.
"""

from __future__ import annotations

import json
import os
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


@dataclass(frozen=True)
class Killed:
    """What a killed run had landed."""

    ended_by: int
    ids: set[int]
    cursor: Cursor | None


def read_until_killed(source: Source, chunk: int, queries: int) -> Killed:
    """Read a source in batches of `chunk` rows until a query has been answered so many times."""
    landed = source.folder / "landed.jsonl"
    landed.touch()
    job = {
        "departments": str(source.folder / "departments"), "url": source.url, "landed": str(landed),
        "constants": source.chunk_constants, "chunk": chunk, "queries": queries,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "tests.conformance.killing"], input=json.dumps(job), cwd=ROOT,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode < 0, done.stderr[-2000:]
    lines = [json.loads(line) for line in landed.read_text("utf-8").splitlines()]
    ids = {ident for line in lines for ident in line["ids"]}
    return Killed(-done.returncode, ids, lines[-1]["cursor"] if lines else None)


def _killing(took: Any, queries: int) -> Any:
    left = queries

    def counted(rows: int, size: int = 0) -> None:
        nonlocal left
        took(rows, size)
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return counted


def main() -> None:
    job = json.load(sys.stdin)

    import connectors
    from connectors import pace
    from hub.core.specs import read_department
    from tests.conformance.kit import DATASET, Taken

    for name in job["constants"]:
        module, _, constant = name.rpartition(".")
        setattr(import_module(module), constant, job["chunk"])
    connector = connectors.open(
        read_department(Path(job["departments"]), "test_bureau"), job["url"]
    )
    pace.Pace.took = lambda self, rows, size=0: counted(rows, size)  # type: ignore[method-assign]
    counted = _killing(lambda rows, size: None, job["queries"])
    with Path(job["landed"]).open("a", encoding="utf-8") as landed:
        for batch in connector.read(DATASET, None):
            taken = Taken()
            taken.land(connector, batch)
            landed.write(json.dumps({"ids": sorted(taken.ids), "cursor": taken.cursor}) + "\n")
            landed.flush()


if __name__ == "__main__":
    main()
