"""Elapsed time between dates less clock stops, vectorised. `clock.sql` gives the same answers inside the warehouse.

The day of the start is not counted (the period begins on the following day); the day of the end is. A clock stop
takes out the days after its own start up to and including its end, inside the clock's window; overlapping stops are
united. In working days only working days are counted and taken out. Months are calendar months, started months
count whole, and stopped calendar days move the end back before months are counted.
"""

from __future__ import annotations

import polars as pl

WORKING_DAY, CALENDAR_DAY, MONTH = "working_day", "calendar_day", "month"
UNITS = (WORKING_DAY, CALENDAR_DAY, MONTH)
ONE_DAY = pl.duration(days=1)


def elapsed(clocks: pl.DataFrame, stops: pl.DataFrame, calendar: pl.DataFrame) -> pl.DataFrame:
    """Elapsed time of each clock.

    clocks: case_id, start_on, end_on (dates), unit (one of UNITS). stops: case_id, started_on, ended_on (null =
    still open). calendar: date, work_index. Returns case_id, elapsed (Int64, in the clock's unit; null when the
    unit is another, a date is missing or outside the calendar, or the end lies before the start) and
    stopped (calendar days taken out), in the order of clocks.
    """
    index = calendar.select("date", "work_index")
    united = unite(clocks, stops).join(_at(index, "last_on"), on="last_on", how="left")
    before = united.select("case_id", "first_on", before_on=pl.col("first_on") - ONE_DAY)
    taken = (
        united.join(before, on=["case_id", "first_on"])
        .join(_at(index, "before_on"), on="before_on", how="left")
        .group_by("case_id")
        .agg(
            stopped=(pl.col("last_on") - pl.col("before_on")).dt.total_days().sum(),
            stopped_work=(pl.col("work_index_last_on") - pl.col("work_index_before_on")).sum(),
        )
    )
    return (
        clocks.join(_at(index, "start_on"), on="start_on", how="left", maintain_order="left")
        .join(_at(index, "end_on"), on="end_on", how="left", maintain_order="left")
        .join(taken, on="case_id", how="left", maintain_order="left")
        .with_columns(pl.col("stopped", "stopped_work").fill_null(0))
        .select("case_id", _elapsed_in_unit(), "stopped")
    )


def unite(clocks: pl.DataFrame, stops: pl.DataFrame) -> pl.DataFrame:
    """The stopped days of each clock as disjoint spans: case_id, first_on, last_on (both inclusive).

    Stops that end before they start take nothing out. Shapes as in `elapsed`.
    """
    spans = (
        stops.join(clocks.select("case_id", "start_on", "end_on"), on="case_id")
        .select(
            "case_id",
            first_on=pl.max_horizontal("started_on", "start_on") + ONE_DAY,
            last_on=pl.min_horizontal(pl.coalesce("ended_on", "end_on"), "end_on"),
        )
        .filter(pl.col("first_on") <= pl.col("last_on"))
        .sort("case_id", "first_on", "last_on")
    )
    reached = pl.col("last_on").cum_max().shift(1).over("case_id")
    apart = (pl.col("first_on") > reached + ONE_DAY).fill_null(True)
    return (
        spans.with_columns(span=apart.cast(pl.Int32).cum_sum().over("case_id"))
        .group_by("case_id", "span")
        .agg(pl.col("first_on").min(), pl.col("last_on").max())
        .drop("span")
    )


def months_started(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """The least n such that start + n calendar months ≥ end; a month without that day ends on its last day."""
    apart = (
        (end.dt.year() - start.dt.year()) * 12 + end.dt.month().cast(pl.Int32) - start.dt.month()
    )
    within = start.dt.offset_by(pl.format("{}mo", apart)) >= end
    return (apart + pl.when(within).then(0).otherwise(1)).cast(pl.Int64)


def _elapsed_in_unit() -> pl.Expr:
    start, end = pl.col("start_on"), pl.col("end_on")
    work = pl.col("work_index_end_on") - pl.col("work_index_start_on") - pl.col("stopped_work")
    counted_end = end - pl.duration(days=pl.col("stopped"))
    unit = pl.col("unit")
    inside = pl.col("work_index_end_on").is_not_null() & pl.col("work_index_start_on").is_not_null()
    return (
        pl.when((end < start) | inside.not_()).then(None)
        .when(unit == WORKING_DAY).then(work)
        .when(unit == CALENDAR_DAY).then((counted_end - start).dt.total_days())
        .when(unit == MONTH).then(months_started(start, counted_end))
        .cast(pl.Int64).alias("elapsed")
    )  # fmt: skip


def _at(index: pl.DataFrame, column: str) -> pl.DataFrame:
    return index.select(
        pl.col("date").alias(column), pl.col("work_index").alias(f"work_index_{column}")
    )
