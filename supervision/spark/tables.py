"""The tables of one run in Spark: temporary views, whose types are what the translation goes by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from hub.core.errors import RuleError
from supervision.spark.translation import Recursion, translate

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ROUNDS = 1000
"""A recursion over catalogue rows that has not ended after so many steps is an error of the rule."""


class Tables:
    """Views by name, and the types of their columns."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        self.schema: dict[str, dict[str, exp.DataType]] = {}

    def add(self, name: str, frame: DataFrame) -> None:
        """Make or replace a view."""
        frame.createOrReplaceTempView(name)
        self.schema[name] = {
            field.name: exp.DataType.build(field.dataType.simpleString(), dialect="spark")
            for field in frame.schema
        }

    def select(self, sql: str, where: str) -> DataFrame:
        """What a SELECT in PostgreSQL's dialect gives. Raises RuleError, `where` naming its file."""
        from pyspark.errors import PySparkException

        translation = translate(sql, self.schema, where)
        try:
            for recursion in translation.recursions:
                self._repeat(recursion)
            return self.spark.sql(translation.select)
        except PySparkException as failure:
            raise RuleError(f"Spark refuses it: {what_failed(failure)}", where=where) from None

    def _repeat(self, recursion: Recursion) -> None:
        """Rows found last lead to new ones until there are none: the fixed point of UNION."""
        columns = list(recursion.columns)
        new = self.spark.sql(recursion.base).toDF(*columns).distinct().localCheckpoint()
        found = new
        for _ in range(ROUNDS):
            new.createOrReplaceTempView(recursion.name)
            reached = self.spark.sql(recursion.step).toDF(*columns)
            new = reached.distinct().exceptAll(found).localCheckpoint()
            if new.isEmpty():
                found.createOrReplaceTempView(recursion.name)
                return
            found = found.unionAll(new).localCheckpoint()
        raise RuleError("a recursion does not end", where=recursion.name)


def what_failed(failure: Exception) -> str:
    """Spark's error without values of rows: its condition and the first line."""
    condition = getattr(failure, "getCondition", lambda: None)() or type(failure).__name__
    first = str(failure).strip().splitlines()[0]
    return f"{condition}: {first[:300]}"
