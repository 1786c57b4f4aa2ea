"""Elapsed time between moments less clock stops, vectorised. `working/clock*.sql` give the same answers inside the warehouse.

Days and months count local dates: the day of the start does not count unless `count_start_day` is 1, the day of the
end does. A clock stop takes out the days after its own start up to and including its end, inside the clock's window.
Hours and minutes count seconds of office hours from moment to moment, and stops take out theirs exactly; with
`round_up` working days are counted so too, and what is left over is one day more. Overlapping stops are united. Months
are calendar months, started ones count whole, and stopped days move the end back before months are counted.
docs/legal-time.md gives the reasons.
"""

from __future__ import annotations

import polars as pl

WORKING_DAY, CALENDAR_DAY, MONTH, HOUR, MINUTE = (
    "working_day", "calendar_day", "month", "hour", "minute",
)  # fmt: skip
UNITS = (WORKING_DAY, CALENDAR_DAY, MONTH, HOUR, MINUTE)
DAY_SCALE, INDEX_SCALE, SECOND_SCALE = "day", "index", "second"
HALVES = ("morning", "afternoon")


def elapsed(clocks: pl.DataFrame, stops: pl.DataFrame, calendar: pl.DataFrame) -> pl.DataFrame:
    """Elapsed time of each clock.

    clocks: case_id, started_at, ended_at (local Datetime), unit (one of UNITS), count_start_day, round_up (0 or 1).
    stops: case_id, started_at, ended_at (null = still open). calendar: as `calendar_frame`. Returns case_id and elapsed
    (Float64, in the clock's unit: whole days and months, hours and minutes with four decimals; null when the unit is
    another, a moment is missing or outside the calendar, or the end lies before the start), in the order of clocks.
    """
    placed = _placed(clocks, calendar)
    taken = _taken(unite(placed, stops), placed, calendar)
    spent = pl.max_horizontal(pl.col("end") - pl.col("base"), 0) - pl.col("taken").fill_null(0)
    return placed.join(taken, on="case_id", how="left", maintain_order="left").select(
        "case_id", elapsed=_in_unit(spent)
    )


def unite(clocks: pl.DataFrame, stops: pl.DataFrame) -> pl.DataFrame:
    """The stops of each clock as disjoint spans: case_id, started_at, ended_at.

    An open stop ends with the clock. Stops that overlap or touch are one; those that end before they start, or do not
    meet the clock's days, are left out. Shapes as in `elapsed`.
    """
    until = pl.coalesce("ended_at", "clock_ended_at")
    spans = (
        stops.join(
            clocks.select(
                "case_id", clock_started_at="started_at", clock_ended_at="ended_at"
            ), on="case_id",
        )
        .filter(
            pl.col("started_at") <= until,
            pl.col("started_at") <= pl.col("clock_ended_at"),
            until.dt.date() >= pl.col("clock_started_at").dt.date(),
        )
        .select("case_id", "started_at", ended_at=until)
        .sort("case_id", "started_at", "ended_at")
    )  # fmt: skip
    reached = pl.col("ended_at").cum_max().shift(1).over("case_id")
    apart = (pl.col("started_at") > reached).fill_null(False)
    return (
        spans.with_columns(span=apart.cast(pl.Int32).cum_sum().over("case_id"))
        .group_by("case_id", "span")
        .agg(pl.col("started_at").min(), pl.col("ended_at").max())
        .drop("span")
    )


def office_seconds(frame: pl.DataFrame, column: str, calendar: pl.DataFrame) -> pl.DataFrame:
    """Where the moments of a column stand in the calendar.

    Adds `<column>_day` (days since 1970), `_index` (working days), `_works`, `_second` (seconds of office hours up to the
    moment), `_closing` (up to the end of its day) and `_standard` (of a whole day); null outside the calendar.
    """
    moment = pl.col(column)
    second = (
        moment.dt.hour().cast(pl.Int64) * 3600
        + moment.dt.minute().cast(pl.Int64) * 60
        + moment.dt.second().cast(pl.Int64)
    )
    left = [
        pl.max_horizontal(
            pl.col(f"{half}_to") * 60
            - pl.max_horizontal(second, pl.col(f"{half}_from") * 60),
            0,
        ).fill_null(0)
        for half in HALVES
    ]  # fmt: skip
    days = calendar.select(
        "date", "work_index", "is_workday", "standard_minutes", "minute_index",
        *(f"{half}_{end}" for half in HALVES for end in ("from", "to")),
    )  # fmt: skip
    closing = pl.col("minute_index") * 60
    return (
        frame.with_columns(date=moment.dt.date())
        .join(days, on="date", how="left", maintain_order="left")
        .with_columns(
            pl.col("date").cast(pl.Int32).cast(pl.Int64).alias(f"{column}_day"),
            pl.col("work_index").alias(f"{column}_index"),
            pl.col("is_workday").cast(pl.Int64).alias(f"{column}_works"),
            (closing - left[0] - left[1]).alias(f"{column}_second"),
            closing.alias(f"{column}_closing"),
            (pl.col("standard_minutes") * 60).alias(f"{column}_standard"),
        )
        .drop(days.columns)
    )


def months_started(start: pl.Expr, end: pl.Expr, count_start_day: pl.Expr) -> pl.Expr:
    """The least n such that a limit of n months from start ends on end or later (see `month_limit`)."""
    apart = (
        (end.dt.year() - start.dt.year()) * 12 + end.dt.month().cast(pl.Int32) - start.dt.month()
    )
    within = month_limit(start, apart, count_start_day) >= end
    return (apart + pl.when(within).then(0).otherwise(1)).cast(pl.Int64)


def month_limit(start: pl.Expr, months: pl.Expr, count_start_day: pl.Expr) -> pl.Expr:
    """The last day of a limit in calendar months.

    The day of the same number, or the one before it where the start day counts; a month without that day ends the
    limit on its own last day.
    """
    same = start.dt.offset_by(pl.format("{}mo", months))
    before = pl.when(same.dt.day() == start.dt.day()).then(count_start_day).otherwise(0)
    return same.dt.offset_by(pl.format("-{}d", before))


def _placed(clocks: pl.DataFrame, calendar: pl.DataFrame) -> pl.DataFrame:
    """The clocks with their scale, and where they start to count (`base`) and end (`end`) on it."""
    unit, start_day = pl.col("unit"), pl.col("count_start_day")
    exact = unit.is_in([HOUR, MINUTE])
    scale = (
        pl.when(exact | ((unit == WORKING_DAY) & (pl.col("round_up") == 1))).then(pl.lit(SECOND_SCALE))
        .when(unit == WORKING_DAY).then(pl.lit(INDEX_SCALE))
        .when(unit.is_in([CALENDAR_DAY, MONTH])).then(pl.lit(DAY_SCALE))
    )  # fmt: skip
    located = office_seconds(office_seconds(clocks, "started_at", calendar), "ended_at", calendar)
    return located.with_columns(scale=scale).with_columns(
        base=pl.when(pl.col("scale") == DAY_SCALE).then(pl.col("started_at_day") - start_day)
        .when(pl.col("scale") == INDEX_SCALE)
        .then(pl.col("started_at_index") - start_day * pl.col("started_at_works"))
        .when(exact | (start_day == 1)).then("started_at_second")
        .otherwise("started_at_closing"),
        end=_on_scale("ended_at"),
    )  # fmt: skip


def _on_scale(column: str) -> pl.Expr:
    scale = pl.col("scale")
    return (
        pl.when(scale == DAY_SCALE).then(f"{column}_day")
        .when(scale == INDEX_SCALE).then(f"{column}_index")
        .when(scale == SECOND_SCALE).then(f"{column}_second")
    )  # fmt: skip


def _taken(spans: pl.DataFrame, placed: pl.DataFrame, calendar: pl.DataFrame) -> pl.DataFrame:
    """case_id, taken: what the spans take out of the clock, on its scale."""
    located = office_seconds(office_seconds(spans, "started_at", calendar), "ended_at", calendar)
    start = pl.max_horizontal(_on_scale("started_at"), "base")
    end = pl.min_horizontal(_on_scale("ended_at"), "end")
    return (
        located.join(placed.select("case_id", "scale", "base", "end"), on="case_id")
        .group_by("case_id")
        .agg(taken=pl.max_horizontal(end - start, 0).sum())
    )


def _in_unit(spent: pl.Expr) -> pl.Expr:
    unit = pl.col("unit")
    start, end = pl.col("started_at").dt.date(), pl.col("ended_at").dt.date()
    exact = unit.is_in([HOUR, MINUTE])
    backwards = (end < start) | (exact & (pl.col("ended_at") < pl.col("started_at")))
    outside = pl.col("started_at_index").is_null() | pl.col("ended_at_index").is_null()
    counted_to = start.dt.offset_by(pl.format("{}d", spent - pl.col("count_start_day")))
    days = pl.col("started_at_standard")
    return (
        pl.when(backwards | outside).then(None)
        .when(unit == MONTH).then(months_started(start, counted_to, pl.col("count_start_day")))
        .when(unit == HOUR).then((spent / 3600).round(4))
        .when(unit == MINUTE).then((spent / 60).round(4))
        .when(pl.col("scale") == SECOND_SCALE).then((spent + days - 1) // days)
        .when(unit.is_in([WORKING_DAY, CALENDAR_DAY])).then(spent)
        .cast(pl.Float64)
    )  # fmt: skip
