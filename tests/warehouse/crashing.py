"""A small department whose reading can be killed at any point and begun again. Run as a module, it is the process
that gets killed: `python -m tests.warehouse.crashing <warehouse url>`.
"""

from __future__ import annotations

import sys

from sqlalchemy import Engine

from hub.core.batches import Landing
from tests.warehouse.builders import DEPARTMENT, Bad, Row, case_row, event, landing, started
from warehouse import ledger
from warehouse.access import connect
from warehouse.landing import land

PARTY = ("t1", "person", b"id", None, b"name")

SOURCE: list[Row | Bad] = [
    case_row("A", title="a", events=[event("A", 1), event("A", 2)]),
    case_row("B", title="b", events=[event("B", 1)]),
    Bad(key="X"),
    case_row("A", version=1, title="changed", events=[event("A", 1)]),
    case_row("C", title="c"),
    case_row("B", version=1, deleted=True),
    Bad("unmapped_power", key="Y"),
    case_row("D", events=[event("D", 1)]),
    case_row("D", version=1, title="d", events=[event("D", 1)]),
]
BATCH = 3


def read_and_land(engine: Engine, batches: int | None = None) -> int:
    """Read from the cursor on, in batches, and land them: what the pipeline does, without the stages between."""
    done = 0
    with engine.begin() as connection:
        ledger.abandon_open(connection, DEPARTMENT)
    with engine.connect() as connection:
        cursor = ledger.read_cursor(connection, DEPARTMENT, "cases") or {"position": 0}
    for start in range(cursor["position"], len(SOURCE), BATCH):
        if done == batches:
            break
        land(engine, started(engine, _batch(start)))
        done += 1
    return done


def _batch(start: int) -> Landing:
    end = min(start + BATCH, len(SOURCE))
    return landing(
        SOURCE[start:end],
        cursor={"position": end},
        raw_object=f"raw/{start}",
        parties=[PARTY],
        unmapped=[("powers", "99", "某事项", 1)],
    )


if __name__ == "__main__":
    read_and_land(connect(sys.argv[1]))
