"""How the run's own tables travel to Spark; no Spark is needed to see it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from supervision.spark.judging import RUN_TABLES


@pytest.mark.parametrize("ignored", ["", "1"])
def test_the_runs_time_arrives_as_the_same_instant_whatever_pyspark_tells_arrow(
    ignored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYARROW_IGNORE_TIMEZONE", ignored)
    run = next(table for table in RUN_TABLES if table.name == "run")
    at = datetime(2013, 12, 31, 18, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    made = run.table([(at, date(2013, 12, 31), None, "7d2c3a10-0000-8000-a000-000000000000")])
    assert made["as_of"].to_pylist() == [datetime(2013, 12, 31, 10, 0, tzinfo=UTC)]
    assert run.table([]).num_rows == 0
