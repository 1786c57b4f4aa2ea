"""dlt from the source to PostgreSQL, with a back end and a loader's file format of its choice."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import dlt
import psycopg
from dlt.sources.sql_database import sql_table
from psycopg import sql

from benchmarks.measuring import tell
from benchmarks.server import Bench


def main(folder: str, table_name: str, backend: str, file_format: str) -> None:
    bench = Bench.at(Path(folder))
    bench.fresh("dlt")
    bench.database("dlt")
    driver = "postgresql" if backend == "connectorx" else "postgresql+psycopg2"
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=folder) as work:
        pipeline = dlt.pipeline(
            "permits", pipelines_dir=work, dataset_name="permits",
            destination=dlt.destinations.postgres(credentials=bench.loopback("dlt")),
        )  # fmt: skip
        table = sql_table(
            credentials=bench.loopback("source", driver), table=table_name, backend=backend, chunk_size=50_000
        )  # fmt: skip
        chosen: Any = {} if file_format == "default" else {"loader_file_format": file_format}
        pipeline.run(table, write_disposition="append", **chosen)
    seconds = time.perf_counter() - started
    with psycopg.connect(bench.database("dlt")) as connection:
        rows = connection.execute(
            sql.SQL("select count(*) from permits.{}").format(sql.Identifier(table_name))
        ).fetchone()
    assert rows is not None
    tell(rows[0], seconds)


if __name__ == "__main__":
    main(*sys.argv[1:])
