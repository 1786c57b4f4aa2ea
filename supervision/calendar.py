"""The legal calendar: which days were working days, when offices were open, and how much of both has passed.

Source: the State Council's yearly notices on public holidays and make-up days, as collected by `chinesecalendar`
(2004 to the last year announced). Years without a notice are provisional: Monday to Friday. Office hours stand in
`office_hours.yml`. Local closures, make-up days and half days stand in `calendar_overrides.csv` and win over all.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

import polars as pl
from chinese_calendar import is_workday
from chinese_calendar.constants import holidays
from pydantic import Field

from hub.core.errors import SpecError
from hub.core.fingerprints import version_of
from hub.core.specs import Spec, SpecFile, read_csv, read_yaml

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2035, 12, 31)
OVERRIDES = Path(__file__).parent / "calendar_overrides.csv"
OVERRIDE_COLUMNS = ("date", "part", "is_workday", "reason", "source")
OFFICE_HOURS = Path(__file__).parent / "office_hours.yml"
DAY, MORNING, AFTERNOON = "day", "morning", "afternoon"
PARTS = (DAY, MORNING, AFTERNOON)

ANNOUNCED, PROVISIONAL = "announced", "provisional"
NOTICE = "国务院办公厅节假日安排通知"
WEEKDAY = "按星期推定，未见通知"

Hours = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]


class OfficePeriod(Spec):
    """The office hours of every whole working day from a day on; a half that is left out is closed."""

    valid_from: date
    morning: Hours | None = None
    afternoon: Hours | None = None
    source: str = Field(min_length=1)


class OfficeHours(Spec):
    """The content of `office_hours.yml`."""

    periods: tuple[OfficePeriod, ...] = Field(min_length=1)


@cache
def calendar_frame(overrides: Path = OVERRIDES, office_hours: Path = OFFICE_HOURS) -> pl.DataFrame:
    """Every day from FIRST_DAY to LAST_DAY, in order, in the shape of reference.calendar_day.

    Columns: date, is_workday, work_index (working days from FIRST_DAY up to and including the day), status
    (announced or provisional), source, morning_from, morning_to, afternoon_from, afternoon_to (minutes since local
    midnight; null where that half is closed), minute_index (minutes of office hours from FIRST_DAY up to and
    including the day), standard_minutes (of a whole day under the hours then in force). Raises SpecError.
    """
    return (
        _legal_days(_overrides(overrides))
        .join_asof(_periods(office_hours), left_on="date", right_on="valid_from")
        .with_columns(standard_minutes=_minutes())
        .with_columns(
            pl.when(pl.col(f"{half}_open")).then(pl.col(f"{half}_{end}")).alias(f"{half}_{end}")
            for half in (MORNING, AFTERNOON)
            for end in ("from", "to")
        )
        .select(
            "date",
            "is_workday",
            pl.col("is_workday").cast(pl.Int64).cum_sum().alias("work_index"),
            "status",
            "source",
            "morning_from",
            "morning_to",
            "afternoon_from",
            "afternoon_to",
            _minutes().cum_sum().alias("minute_index"),
            "standard_minutes",
        )
    )


@cache
def calendar_version(overrides: Path = OVERRIDES, office_hours: Path = OFFICE_HOURS) -> str:
    """Content version of the calendar: changes when any day or hour does."""
    return version_of(calendar_frame(overrides, office_hours).write_csv())


def _legal_days(overrides: pl.DataFrame) -> pl.DataFrame:
    """date, is_workday, status, source, and whether each half is open.

    A half day changes minutes only. A working day with a closed half stays one: no notice made it a holiday, and
    there was time to act; a day off with an open half stays one: a service nobody had to offer shortens no limit.
    """
    for part in PARTS:
        overrides = overrides.with_columns(
            pl.when(pl.col("part") == part).then("is_workday").alias(part)
        )
    decided = overrides.group_by("date").agg(
        pl.col(*PARTS).drop_nulls().first(),
        own_source=pl.col("source").sort_by(pl.col("part") != DAY).first(),
    )
    year = pl.col("date").dt.year()
    announced = year.is_between(min(holidays).year, max(holidays).year)
    notice = pl.when(announced).then(pl.lit(NOTICE)).otherwise(pl.lit(WEEKDAY))
    known = announced | pl.col(DAY).is_not_null()
    return (
        pl.date_range(FIRST_DAY, LAST_DAY, eager=True).alias("date").to_frame()
        .join(_announced_days(), on="date", how="left", maintain_order="left")
        .join(decided, on="date", how="left", maintain_order="left")
        .with_columns(
            is_workday=pl.coalesce(DAY, "is_workday", pl.col("date").dt.weekday() <= 5),
            status=pl.when(known).then(pl.lit(ANNOUNCED)).otherwise(pl.lit(PROVISIONAL)),
            source=pl.coalesce("own_source", notice),
        )
        .with_columns(pl.coalesce(half, "is_workday").alias(f"{half}_open") for half in PARTS[1:])
    )  # fmt: skip


def _minutes() -> pl.Expr:
    morning = pl.col("morning_to") - pl.col("morning_from")
    afternoon = pl.col("afternoon_to") - pl.col("afternoon_from")
    return morning.fill_null(0) + afternoon.fill_null(0)


def _announced_days() -> pl.DataFrame:
    first, last = date(min(holidays).year, 1, 1), date(max(holidays).year, 12, 31)
    days = pl.date_range(first, last, eager=True).alias("date")
    working = [is_workday(day) for day in days]
    return pl.DataFrame({"date": days, "is_workday": pl.Series(working, dtype=pl.Boolean)})


def _periods(path: Path) -> pl.DataFrame:
    """valid_from, and both halves in minutes since midnight, in order of time."""
    file = read_yaml(path)
    rows, before = [], date.min
    for at, period in enumerate(file.parse(OfficeHours).periods):
        if period.valid_from <= before:
            raise file.error("periods are not in order of time", ("periods", at, "valid_from"))
        morning, afternoon = (_half(file, at, half, period) for half in (MORNING, AFTERNOON))
        if morning[0] is None and afternoon[0] is None:
            raise file.error("a period without any hours", ("periods", at))
        if None not in (*morning, *afternoon) and morning[1] > afternoon[0]:  # type: ignore[operator]
            raise file.error(
                "the afternoon begins before the morning ends", ("periods", at, AFTERNOON)
            )
        before = period.valid_from
        rows.append((before, *morning, *afternoon))
    if rows[0][0] > FIRST_DAY:
        raise file.error(
            f"no office hours from {FIRST_DAY} on", ("periods", 0, "valid_from"),
            f"let the first period begin on {FIRST_DAY}",
        )  # fmt: skip
    names = ("morning_from", "morning_to", "afternoon_from", "afternoon_to")
    return pl.DataFrame(
        rows, schema={"valid_from": pl.Date, **dict.fromkeys(names, pl.Int64)}, orient="row"
    )


def _half(
    file: SpecFile, at: int, half: str, period: OfficePeriod
) -> tuple[int, int] | tuple[None, None]:
    hours: str | None = getattr(period, half)
    if hours is None:
        return None, None
    start, end = (60 * int(time[:2]) + int(time[3:]) for time in hours.split("-"))
    if start >= end:
        raise file.error(f"{half} ends before it begins", ("periods", at, half))
    return start, end


def _overrides(path: Path) -> pl.DataFrame:
    """date, part, is_workday, source; each part of a day once."""
    rows: dict[tuple[date, str], tuple[date, str, bool, str]] = {}
    for row in read_csv(path, OVERRIDE_COLUMNS):
        day, part, line = _day(row, path), row["part"], int(row["line"])
        if row["is_workday"] not in {"true", "false"} or not row["source"] or part not in PARTS:
            raise SpecError(
                "is_workday is not true or false, part is none of day, morning, afternoon, or source is empty",
                file=path, line=line, remedy="name the notice that closes or opens the day",
            )  # fmt: skip
        if (day, part) in rows:
            raise SpecError(
                "a date stands twice", file=path, line=line,
                remedy="keep one line for each date and part",
            )  # fmt: skip
        rows[day, part] = (day, part, row["is_workday"] == "true", row["source"])
        halves = [rows.get((day, half)) for half in (MORNING, AFTERNOON)]
        if all(halves) and halves[0][2] == halves[1][2]:  # type: ignore[index]
            raise SpecError(
                "both halves of a day say the same", file=path, line=line,
                remedy="write one line for the day: whether it counts is then said, not guessed",
            )  # fmt: skip
    schema = {"date": pl.Date, "part": pl.String, "is_workday": pl.Boolean, "source": pl.String}
    return pl.DataFrame(list(rows.values()), schema=schema, orient="row")


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
