"""A full supervision run whose rules are judged on Apache Spark; the warehouse keeps the findings as ever.

Out: what the rules read, as Parquet at the run's own snapshot. There: the same working tables and rules, translated.
Back: counts and the subjects that violate or have a finding, into the tables of the run, where merging goes on.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import psycopg
from sqlalchemy import Connection, text

import supervision
from hub.core.errors import RuleError
from hub.pipeline.exporting import export
from hub.pipeline.installation import Hub
from hub.pipeline.supervise import supervise
from supervision import parameters, preparation
from supervision.rulebook import Rule
from supervision.spark.judging import RUN_TABLES, judged, make_working
from supervision.spark.reading import sources
from supervision.spark.session import open_session
from supervision.spark.tables import Tables, what_failed
from warehouse.copying import copy_frame
from warehouse.objects import FolderStore

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

WHERE_WORKERS_READ = "HUB_SPARK_OBJECTS"
"""The object store as Spark's workers reach it (`file:///mnt/hub`, `s3a://bucket/prefix`), where that differs."""


def supervise_on_spark(
    hub: Hub, master: str, as_of: datetime | None = None
) -> supervision.RunSummary:
    """`supervise` over every case, judged on that master (`local[2]`, `spark://host:7077`).

    Raises what `supervise` raises, and SpecError when pyspark is missing or the store cannot be named to workers.
    """
    session = open_session(master)
    try:
        return judge_on(hub, session, as_of)
    finally:
        session.stop()


def judge_on(
    hub: Hub, session: SparkSession, as_of: datetime | None = None
) -> supervision.RunSummary:
    """The same on a session that stays open. What was exported is removed, however the run ends."""
    run = _SparkRun(hub, Tables(session), f"spark/{uuid.uuid4()}")
    try:
        return supervise(
            hub, as_of, True, supervision.Engine(run.gather, run.judge, run.take_findings)
        )
    finally:
        hub.store.delete_prefix(run.prefix)


class _SparkRun:
    """What lasts from `gather` to the last `judge`: the session's views and where their rows lie."""

    def __init__(self, hub: Hub, tables: Tables, prefix: str) -> None:
        self.hub, self.tables, self.prefix = hub, tables, prefix
        self.base = f"{_base(hub)}/{prefix}"

    def gather(
        self, connection: Connection, overrides: Sequence[parameters.Override]
    ) -> list[parameters.Place]:
        rules = [rule for rule in supervision.load_rules() if rule.status == "active"]
        for made in export(connection, self.hub.store, sources(connection, rules), self.prefix):
            self._read(made.name)
        connection.execute(text(_STAGING))
        for name in ("run", "reporting"):
            self._take(connection, name)
        self.tables.add("scope", self.tables.spark.sql("select case_id from core_case"))
        make_working(self.tables, _OF_PLACES, self._keep)
        where = self._places()
        parameters.resolve(
            connection, "clock_parameter", parameters.CLOCK, parameters.clock_parameters(), overrides, where,
        )  # fmt: skip
        self._take(connection, "clock_parameter")
        others = [name for name in preparation.WORKING if name not in _OF_PLACES]
        make_working(self.tables, others, self._keep)
        return where

    def take_findings(self, connection: Connection) -> None:
        preparation.take_findings(connection)
        self._take(connection, "open_finding")

    def judge(self, connection: Connection, rule: Rule) -> None:
        from pyspark.errors import PySparkException

        self._take(connection, "parameter")
        try:
            frame = judged(self.tables, rule).persist()
            counts = frame.groupBy("department", "outcome", "reason").count().toArrow()
            frame.createOrReplaceTempView("judged")
            rows = self.tables.spark.sql(_KEPT.format(rule.id)).toArrow()
            frame.unpersist()
        except PySparkException as failure:
            raise RuleError(what_failed(failure), where=rule.id) from None
        try:
            copy_frame(connection, "spark_count", pl.DataFrame(counts))
            copy_frame(connection, "spark_judged", pl.DataFrame(rows))
            preparation.run_script(connection, _TAKE_OVER)
        except psycopg.Error as failure:
            raise RuleError(str(failure.diag.message_primary), where=rule.id) from None

    def _places(self) -> list[parameters.Place]:
        found = self.tables.select(parameters.PLACES, "supervision/parameters.py").collect()
        return [parameters.Place(*row) for row in found]

    def _take(self, connection: Connection, name: str) -> None:
        """A table of the run that PostgreSQL made, as a view."""
        source = next(each for each in RUN_TABLES if each.name == name)
        rows = connection.execute(text(source.select)).all()
        self.tables.add(name, self.tables.spark.createDataFrame(source.table(rows)))

    def _keep(self, name: str, frame: Any) -> Any:
        """A working table's rows, written once where every worker reads them."""
        frame.write.parquet(f"{self.base}/{name}")
        return self.tables.spark.read.parquet(f"{self.base}/{name}")

    def _read(self, name: str) -> None:
        self.tables.add(name, self.tables.spark.read.parquet(f"{self.base}/{name}"))


_OF_PLACES = ("case_version", "case_place")
"""Made before parameters are resolved, which differ by place."""
_STAGING = """
    create temp table spark_count (department text, outcome text, reason text, count bigint) on commit drop;
    create temp table spark_judged (
        subject text, case_id text, department text, power_code text, outcome text, limit_value text, limit_unit text,
        elapsed text, due_on date, reason text, facts text
    ) on commit drop;
"""
_KEPT = """
    select * from judged
    where outcome = 'violation' or subject in (select subject from open_finding where rule_id = '{}')
"""
# In the words of judge.sql, whose second half this is.
_TAKE_OVER = """
    insert into judgement_count (department, outcome, reason, subjects)
    select department, outcome, reason, count from spark_count;
    insert into judgement (
        subject, case_id, department, power_code, outcome, facts, limit_value, limit_unit, elapsed, due_on, reason
    )
    select
        subject, case_id::uuid, department, power_code, outcome, facts::jsonb, trim_scale(limit_value::numeric),
        limit_unit, trim_scale(elapsed::numeric), due_on, reason
    from spark_judged;
    delete from spark_count;
    delete from spark_judged;
"""


def _base(hub: Hub) -> str:
    if named := os.environ.get(WHERE_WORKERS_READ):
        return named.rstrip("/")
    if isinstance(hub.store, FolderStore):
        return hub.store.root.resolve().as_uri()
    return f"s3a://{hub.settings.objects.removeprefix('s3://').rstrip('/')}"
