"""Dates and times as Chinese office systems write them, read as instants.

Local time is Asia/Shanghai. The list of forms is closed: whatever is not on it is no date, and is rejected rather
than guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from hub.core.settings import TIME_ZONE
from mappings.forms import as_text, half_width

SENTINELS = (date(1753, 1, 1), date(1900, 1, 1), date(9999, 12, 31))
"""Dates by which SQL Server, Excel and Oracle programs say "no value"."""

EXCEL_SERIALS = (20_000, 60_000)
"""Plain numbers in this range (1954 to 2064) are Excel's days since 1899-12-30."""

_LAST_YEAR_OF_20YY = 49

_HALF = "上午|下午|[Aa][Mm]|[Pp][Mm]"
_WRITTEN = rf"""(?x)^
    (?: (?P<y>[0-9]{{4}}|[0-9]{{2}}) \s*[-/.年]\s* (?P<m>[0-9]{{1,2}}) \s*[-/.月]\s* (?P<d>[0-9]{{1,2}})
      | (?P<Y>[0-9]{{4}}) (?P<M>[0-9]{{2}}) (?P<D>[0-9]{{2}}) )
    (?: \s*日
      | (?: (?: \s*日\s* | T | \s+ ) (?P<half>{_HALF})? | (?P<glued>{_HALF}) ) \s*
        (?P<h>[0-9]{{1,2}}) \s*[:时点]\s* (?P<i>[0-9]{{1,2}})
        (?: \s*[:分]\s* (?P<s>[0-9]{{1,2}}) (?:\.(?P<f>[0-9]{{1,9}}))? )?
        \s*[分秒]? \s*(?P<after>[AaPp][Mm])?
        (?P<zone>Z|[+-][0-9]{{2}}:?[0-9]{{2}})?
    )?$"""
_COMPACT = (
    r"^(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})"
    r"[T\s]?(?P<h>[0-9]{2})(?P<i>[0-9]{2})(?P<s>[0-9]{2})$"
)
_SERIAL = r"^[0-9]{5}(?:\.[0-9]+)?$"

_REGULAR = (
    (r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2} [0-9]{1,2}:[0-9]{2}:[0-5][0-9]$", "%Y-%m-%d %H:%M:%S"),
    (r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$", "%Y-%m-%d"),
    (r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9]$", "%Y-%m-%dT%H:%M:%S"),
    (r"^[0-9]{12}[0-5][0-9]$", "%Y%m%d%H%M%S"),
)
"""Forms that Polars' own parser reads several times faster than a regular expression: what programs write."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """The components of a time, as integer expressions; null where the form was not met."""

    year: pl.Expr
    month: pl.Expr
    day: pl.Expr
    hour: pl.Expr
    minute: pl.Expr
    second: pl.Expr

    def when_valid(self) -> pl.Expr:
        """The naive time; null where it does not exist (2012-02-30, 25:00)."""
        exists = (
            (self.year >= 1)
            & self.month.is_between(1, 12)
            & self.day.is_between(1, _days_in_month(self.year, self.month))
            & (self.hour <= 23)
            & (self.minute <= 59)
            & (self.second <= 59)
        )
        year = pl.when(exists).then(self.year)  # a null year keeps pl.datetime from raising
        return pl.datetime(year, self.month, self.day, self.hour, self.minute, self.second)


def local_time(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The naive local time (microseconds) of a text or native value; null where it is none."""
    if isinstance(dtype, pl.Datetime):
        local = value.dt.convert_time_zone(TIME_ZONE) if dtype.time_zone else value
        return local.dt.replace_time_zone(None).cast(pl.Datetime("us"))
    if dtype == pl.Date:
        return value.cast(pl.Datetime("us"))
    return as_text(value, dtype).map_batches(
        _read_texts, return_dtype=pl.Datetime("us"), is_elementwise=True
    )


def instant(local: pl.Expr) -> pl.Expr:
    """UTC instant of a naive local time; null for the sentinels.

    In the hour that a clock change repeats (China, 1986 to 1991) the earlier instant counts; in the hour that it
    skips, standard time goes on.
    """
    value = pl.when(~is_sentinel(local)).then(local)
    regular = value.dt.replace_time_zone(TIME_ZONE, ambiguous="earliest", non_existent="null")
    skipped = value.dt.offset_by("-8h").dt.replace_time_zone("UTC")
    return pl.coalesce(regular.dt.convert_time_zone("UTC"), skipped)


def calendar_date(local: pl.Expr) -> pl.Expr:
    """The date of a naive local time; null for the sentinels."""
    return pl.when(~is_sentinel(local)).then(local.dt.date())


def is_sentinel(local: pl.Expr) -> pl.Expr:
    """Whether a naive local time means "no value"; null for null."""
    return local.dt.date().is_in(SENTINELS)


def _read_texts(texts: pl.Series) -> pl.Series:
    """Regular forms at once; the rest, which people typed, by its distinct values."""
    frame = texts.alias("text").to_frame()
    read = frame.select(
        pl.coalesce(
            [
                pl.when(pl.col("text").str.contains(shape))
                .then(pl.col("text"))
                .str.to_datetime(form, time_unit="us", strict=False)
                for shape, form in _REGULAR
            ]
        )
    ).to_series()
    read = read.zip_with((read.dt.year() >= 1).fill_null(False), read.clear(read.len()))
    rest = texts.filter(texts.is_not_null() & read.is_null()).unique()
    if rest.is_empty():
        return read
    typed = rest.alias("text").to_frame().with_columns(typed=_read_typed(rest))
    joined = frame.join(typed, on="text", how="left", maintain_order="left")
    return read.zip_with(read.is_not_null(), joined["typed"])


def _read_typed(texts: pl.Series) -> pl.Series:
    frame = texts.alias("text").to_frame().select(half_width(pl.col("text")))
    groups = frame.select(pl.col("text").str.extract_groups(_WRITTEN)).unnest("text")
    compact = frame.select(pl.col("text").str.extract_groups(_COMPACT)).unnest("text")
    return pl.select(
        pl.coalesce(
            groups.select(_written()).to_series(),
            compact.select(_compact()).to_series(),
            frame.select(_serial(pl.col("text"))).to_series(),
        )
    ).to_series()


def _written() -> pl.Expr:
    def part(*names: str) -> pl.Expr:
        return pl.coalesce(names)

    parts = _Parts(
        year=_full_year(part("y", "Y")),
        month=_number(part("m", "M")),
        day=_number(part("d", "D")),
        hour=_full_hour(_number(part("h")).fill_null(0), part("half", "glued", "after")),
        minute=_number(part("i")).fill_null(0),
        second=_number(part("s")).fill_null(0),
    )
    fraction = part("f").str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64, strict=False)
    local = parts.when_valid() + pl.duration(microseconds=fraction.fill_null(0))
    return _shifted(local, part("zone"))


def _compact() -> pl.Expr:
    return _Parts(*(_number(pl.col(name)) for name in "ymdhis")).when_valid()


def _serial(text: pl.Expr) -> pl.Expr:
    low, high = EXCEL_SERIALS
    days = pl.when(text.str.contains(_SERIAL)).then(text).cast(pl.Float64, strict=False)
    seconds = (pl.when(days.is_between(low, high)).then(days) * 86_400).round(0).cast(pl.Int64)
    return pl.lit(date(1899, 12, 30)).cast(pl.Datetime("us")) + pl.duration(seconds=seconds)


def _number(digits: pl.Expr) -> pl.Expr:
    return digits.cast(pl.Int32, strict=False)


def _full_year(digits: pl.Expr) -> pl.Expr:
    year = _number(digits)
    century = pl.when(year <= _LAST_YEAR_OF_20YY).then(2000).otherwise(1900)
    return pl.when(digits.str.len_bytes() == 2).then(year + century).otherwise(year)


def _full_hour(hour: pl.Expr, half: pl.Expr) -> pl.Expr:
    """Hour 0 to 23. 下午2 and 下午14 are both 14; 上午12 is 0; 上午13 does not exist."""
    afternoon = half.str.to_lowercase().is_in(["下午", "pm"])
    return (
        pl.when(half.is_null()).then(hour)
        .when(afternoon).then(pl.when(hour < 12).then(hour + 12).otherwise(hour))
        .when(hour < 12).then(hour)
        .when(hour == 12).then(0)
        .otherwise(99)
    )  # fmt: skip


def _days_in_month(year: pl.Expr, month: pl.Expr) -> pl.Expr:
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    return (
        pl.when(month == 2).then(pl.when(leap).then(29).otherwise(28))
        .when(month.is_in([4, 6, 9, 11])).then(30)
        .otherwise(31)
    )  # fmt: skip


def _shifted(local: pl.Expr, zone: pl.Expr) -> pl.Expr:
    """A time that names its offset (as XML's dateTime may), as local time."""
    digits = zone.str.replace_all(r"[^0-9]", "")
    minutes = _number(digits.str.slice(0, 2)) * 60 + _number(digits.str.slice(2, 2))
    signed = pl.when(zone.str.starts_with("-")).then(-minutes).otherwise(minutes)
    utc = local - pl.duration(minutes=pl.when(zone == "Z").then(0).otherwise(signed))
    here = (
        utc.dt.replace_time_zone("UTC").dt.convert_time_zone(TIME_ZONE).dt.replace_time_zone(None)
    )
    return pl.when(zone.is_null()).then(local).otherwise(here)
