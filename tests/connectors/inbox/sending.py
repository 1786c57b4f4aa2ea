"""The ways into a spool, and a run that empties it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import polars as pl

from connectors.inbox import InboxConnector, bodies
from connectors.inbox.bodies import Body
from connectors.inbox.receipts import Receipt, stamp
from connectors.inbox.spool import Spool


def push(
    spool: Spool, data: bytes | list[dict[str, Any]], format: str = "json", key: str = ""
) -> Receipt:
    """What the web application does with a body."""
    content = data if isinstance(data, bytes) else json.dumps(data).encode()
    body = Body(format)  # type: ignore[arg-type]
    with spool.upload() as upload:
        upload.write(content)
        upload.sync()
        rows = bodies.count(upload.path, body, spool.settings)
        return spool.accept(
            upload,
            lambda receipt_id, now: Receipt(
                receipt_id, spool.department, spool.dataset, stamp(now), body.format, None,
                rows, upload.size, upload.sha256, key,
            ),
        )  # fmt: skip


def drop(spool: Spool, name: str, data: bytes, age: float = 60) -> Path:
    """A file that was copied into the drop folder `age` seconds ago."""
    spool.prepare()
    path = spool.folder / "drop" / name
    path.write_bytes(data)
    moment = time.time() - age
    os.utime(path, (moment, moment))
    return path


def run(
    inbox: InboxConnector, fate: str = "landed", dataset: str = "cases"
) -> list[dict[str, Any]]:
    """Read everything, acknowledge it as landed with that fate, and return the rows."""
    rows: list[dict[str, Any]] = []
    for batch in inbox.read(dataset, None):
        rows += batch.table.to_pylist()
        inbox.acknowledge(dataset, batch.table, fates([fate] * batch.table.num_rows))
    return rows


def fates(names: list[str], reason: str | None = "bad_date") -> pl.DataFrame:
    """A landing's fates of consecutive rows."""
    return pl.DataFrame(
        {
            "_src": range(len(names)),
            "fate": names,
            "reason": [reason if name == "quarantined" else None for name in names],
        },
        schema={"_src": pl.Int64, "fate": pl.String, "reason": pl.String},
    )
