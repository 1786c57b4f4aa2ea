"""A Spark session as the rules need it: local dates are Shanghai's, an overflow or a bad cast is an error, nothing silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hub.core.errors import SpecError
from hub.core.settings import TIME_ZONE

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SETTINGS = {
    "spark.sql.session.timeZone": TIME_ZONE,
    "spark.sql.ansi.enabled": "true",
    "spark.sql.legacy.sizeOfNull": "false",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.adaptive.enabled": "true",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}


def open_session(master: str, settings: Mapping[str, str] | None = None) -> SparkSession:
    """A session on that master: `local[2]`, `spark://host:port`. Raises SpecError when pyspark is not installed."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise SpecError(
            "pyspark is not installed", file="environment",
            remedy="install the extra 'spark' (and Java 17), or leave out --engine spark",
        ) from None  # fmt: skip
    builder = SparkSession.builder.master(master).appName("hub supervise")
    for name, value in {**SETTINGS, **(settings or {})}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
