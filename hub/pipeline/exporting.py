"""What the rules read, as Parquet in the object store: tables of the warehouse at one snapshot, with a manifest.

An export lies under `spark/<run>/`: `<table>/<part>.parquet` and `manifest.json`. It holds what core holds (no identity in
clear), of each table only the columns that a rule mentions, and is removed with its run.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Connection, text

from supervision.spark.reading import Source
from warehouse.objects import ObjectStore

PART_ROWS = 500_000
"""Rows of one object: some tens of megabytes, which is what a worker reads at a time."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One table as it lies in the store."""

    name: str
    rows: int
    objects: tuple[str, ...]


def export(
    connection: Connection, store: ObjectStore, sources: Iterable[Source], prefix: str
) -> list[Exported]:
    """Write the tables as the connection's transaction sees what others committed, and a manifest after them.

    The transaction must be REPEATABLE READ: a second connection reads at its snapshot, through ADBC, in batches.
    Raises SourceUnavailable when the store does not take an object.
    """
    made = []
    with _at_snapshot(connection) as cursor:
        for source in sources:
            cursor.execute(source.select)
            made.append(
                _write(store, source, cursor.fetch_record_batch(), f"{prefix}/{source.name}")
            )
    manifest = {
        "tables": {each.name: {"rows": each.rows, "objects": list(each.objects)} for each in made},
        "columns": {source.name: dict(source.columns) for source in sources},
    }
    store.put(f"{prefix}/manifest.json", json.dumps(manifest, indent=1).encode())
    return made


@contextmanager
def _at_snapshot(connection: Connection) -> Iterator[Any]:
    import adbc_driver_postgresql.dbapi as adbc

    snapshot = str(connection.scalar(text("select pg_export_snapshot()")))
    url = connection.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with adbc.connect(url) as link, link.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read read only")
        cursor.execute(f"set transaction snapshot '{snapshot}'")
        yield cursor


def _write(
    store: ObjectStore, source: Source, batches: Iterable[pa.RecordBatch], prefix: str
) -> Exported:
    names: list[str] = []
    rows = waiting_rows = 0
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(source.typed(batch))
        waiting_rows += batch.num_rows
        rows += batch.num_rows
        if waiting_rows >= PART_ROWS:
            names.append(_put(store, source, waiting, f"{prefix}/{len(names):05}.parquet"))
            waiting, waiting_rows = [], 0
    if waiting or not names:
        names.append(_put(store, source, waiting, f"{prefix}/{len(names):05}.parquet"))
    return Exported(source.name, rows, tuple(names))


def _put(store: ObjectStore, source: Source, batches: list[pa.RecordBatch], name: str) -> str:
    held = io.BytesIO()
    table = pa.Table.from_batches(batches, schema=source.schema)
    pq.write_table(table, held, compression="zstd")
    store.put(name, held.getvalue())
    return name
