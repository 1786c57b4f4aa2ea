"""pandas.read_sql and DataFrame.to_sql, in chunks, over the first so many rows."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pandas as pd
from sqlalchemy import create_engine

from benchmarks.measuring import tell
from benchmarks.server import Bench

_CHUNK = 50_000


def main(folder: str, rows: str) -> None:
    bench = Bench.at(Path(folder))
    bench.fresh("pandas")
    bench.database("pandas")
    source, target = (
        create_engine(bench.loopback(name, "postgresql+psycopg")) for name in ("source", "pandas")
    )
    moved, started = 0, time.perf_counter()
    with source.connect().execution_options(stream_results=True) as connection:
        query = f"select * from permits where id <= {int(rows)}"  # noqa: S608 (a number)
        for frame in pd.read_sql(query, connection, chunksize=_CHUNK):
            frame.to_sql("permits", target, if_exists="append", index=False)
            moved += len(frame)
    tell(moved, time.perf_counter() - started)


if __name__ == "__main__":
    main(*sys.argv[1:])
