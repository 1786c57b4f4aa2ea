"""Ours: from the source to core, with raw object, mapping, gate, history, certificate: `hub.pipeline`."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import text

import warehouse
from benchmarks.measuring import tell
from benchmarks.server import CONNECTION, Bench
from hub import pipeline
from hub.core.batches import Certificate
from hub.pipeline import Hub

DEPARTMENT = DATASET = "permits"


def main(folder: str, what: str) -> None:
    """`what`: first (into an empty warehouse), again (all rows, unchanged), changes (what changed since)."""
    bench = Bench.at(Path(folder))
    os.environ[f"HUB_CONNECTION_{CONNECTION.upper()}"] = bench.database("source")
    if what == "first":
        bench.fresh("hub")
    hub = pipeline.open_hub(bench.settings)
    warehouse.migrate(hub.engine)
    started, before = time.perf_counter(), _spent(hub)
    if what == "again":
        certificates = pipeline.backfill(hub, DEPARTMENT, DATASET, None, None)
    else:
        certificates = pipeline.run(hub, DEPARTMENT)
    seconds = time.perf_counter() - started
    _check(certificates)
    stages = {stage: round(s - before.get(stage, 0.0), 2) for stage, s in _spent(hub).items()}
    fates = {
        fate: sum(getattr(c, fate) for c in certificates)
        for fate in ("landed", "unchanged", "superseded", "quarantined")
    }
    rows = sum(certificate.read for certificate in certificates)
    tell(rows, seconds, stages=stages, **fates)


def _check(certificates: Sequence[Certificate]) -> None:
    """A measurement of something that is not true is none."""
    for certificate in certificates:
        assert certificate.checksum_read == certificate.checksum_landed
        assert certificate.quarantined == 0


def _spent(hub: Hub) -> dict[str, float]:
    """Seconds per stage over all batches, as the ledger has them."""
    total: Counter[str] = Counter()
    with hub.engine.connect() as connection:
        for (seconds,) in connection.execute(text("select seconds from ops.batch")):
            total.update(seconds)
    return dict(total)


if __name__ == "__main__":
    main(*sys.argv[1:])
