"""The legal calendar: which days were working days, and how many have passed.

Source: the State Council's yearly notices on public holidays and make-up days, as collected by `chinesecalendar`
(2004 to the last year announced). Years without a notice are provisional: Monday to Friday. Local closures and
corrections stand in `calendar_overrides.csv` and win over both.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import polars as pl
from chinese_calendar import is_workday
from chinese_calendar.constants import holidays

from hub.core.errors import SpecError
from hub.core.fingerprints import version_of
from hub.core.specs import read_csv

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2035, 12, 31)
OVERRIDES = Path(__file__).parent / "calendar_overrides.csv"
OVERRIDE_COLUMNS = ("date", "is_workday", "reason", "source")

ANNOUNCED, PROVISIONAL = "announced", "provisional"
NOTICE = "国务院办公厅节假日安排通知"
WEEKDAY = "按星期推定，未见通知"


@cache
def calendar_frame(overrides: Path = OVERRIDES) -> pl.DataFrame:
    """Every day from FIRST_DAY to LAST_DAY, in order, in the shape of reference.calendar_day.

    Columns: date, is_workday, work_index (working days from FIRST_DAY up to and including the day), status
    (announced or provisional), source. Raises SpecError when the override file is wrong.
    """
    day = pl.date_range(FIRST_DAY, LAST_DAY, eager=True).alias("date")
    year = pl.col("date").dt.year()
    announced = year.is_between(min(holidays).year, max(holidays).year)
    return (
        day.to_frame()
        .join(_announced_days(), on="date", how="left")
        .join(_overrides(overrides), on="date", how="left", suffix="_override")
        .select(
            "date",
            pl.coalesce(
                "is_workday_override", "is_workday", pl.col("date").dt.weekday() <= 5
            ).alias("is_workday"),
            pl.when(announced | pl.col("is_workday_override").is_not_null())
            .then(pl.lit(ANNOUNCED)).otherwise(pl.lit(PROVISIONAL)).alias("status"),
            pl.coalesce(
                "source", pl.when(announced).then(pl.lit(NOTICE)).otherwise(pl.lit(WEEKDAY))
            ).alias("source"),
        )
        .select(
            "date",
            "is_workday",
            pl.col("is_workday").cast(pl.Int64).cum_sum().alias("work_index"),
            "status",
            "source",
            pl.when("is_workday").then(510).alias("morning_from"),
            pl.when("is_workday").then(720).alias("morning_to"),
            pl.when("is_workday").then(870).alias("afternoon_from"),
            pl.when("is_workday").then(1050).alias("afternoon_to"),
            (pl.col("is_workday").cast(pl.Int64).cum_sum() * 390).alias("minute_index"),
            pl.lit(390).alias("standard_minutes"),
        )
    )  # fmt: skip


@cache
def calendar_version(overrides: Path = OVERRIDES) -> str:
    """Content version of the calendar: changes when any day does."""
    return version_of(calendar_frame(overrides).write_csv())


def _announced_days() -> pl.DataFrame:
    first, last = date(min(holidays).year, 1, 1), date(max(holidays).year, 12, 31)
    days = pl.date_range(first, last, eager=True).alias("date")
    working = [is_workday(day) for day in days]
    return pl.DataFrame({"date": days, "is_workday": pl.Series(working, dtype=pl.Boolean)})


def _overrides(path: Path) -> pl.DataFrame:
    rows = []
    for row in read_csv(path, OVERRIDE_COLUMNS):
        if row["is_workday"] not in {"true", "false"} or not row["source"]:
            raise SpecError(
                "is_workday is not true or false, or source is empty",
                file=path, line=int(row["line"]), remedy="name the notice that closes or opens the day",
            )  # fmt: skip
        rows.append((_day(row, path), row["is_workday"] == "true", row["source"]))
    schema = {"date": pl.Date, "is_workday": pl.Boolean, "source": pl.String}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    if frame["date"].is_duplicated().any():
        raise SpecError("a date stands twice", file=path, remedy="keep one line for each date")
    return frame


def _day(row: dict[str, str], path: Path) -> date:
    try:
        day = date.fromisoformat(row["date"])
    except ValueError:
        day = date.min
    if not FIRST_DAY <= day <= LAST_DAY:
        raise SpecError(
            f"'{row['date']}' is no date of the calendar", file=path, line=int(row["line"]),
            remedy=f"write YYYY-MM-DD between {FIRST_DAY} and {LAST_DAY}",
        )  # fmt: skip
    return day
