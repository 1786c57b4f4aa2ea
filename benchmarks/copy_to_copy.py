"""The limit: COPY out of the source, COPY into an equal table, both binary, bytes passed on as they come."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import psycopg

from benchmarks.measuring import tell
from benchmarks.server import Bench
from benchmarks.source import TABLE_SQL


def main(folder: str) -> None:
    bench = Bench.at(Path(folder))
    bench.fresh("copied")
    with (
        psycopg.connect(bench.database("source")) as source,
        psycopg.connect(bench.database("copied")) as target,
    ):
        target.execute(TABLE_SQL)
        started = time.perf_counter()
        with (
            source.cursor().copy("copy permits to stdout (format binary)") as out,
            target.cursor().copy("copy permits from stdin (format binary)") as into,
        ):
            for part in out:
                into.write(part)
        target.commit()
        seconds = time.perf_counter() - started
        rows = target.execute("select count(*) from permits").fetchone()
    assert rows is not None
    tell(rows[0], seconds)


if __name__ == "__main__":
    main(*sys.argv[1:])
