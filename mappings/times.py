"""Dates and times as Chinese office systems write them, read as instants.

Local time is Asia/Shanghai. The list of forms is closed: whatever is not on it is no date, and is rejected rather
than guessed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl

from hub.core.settings import TIME_ZONE
from mappings.forms import as_text, half_width

SENTINELS = (date(1753, 1, 1), date(1900, 1, 1), date(9999, 12, 31))
"""Dates by which SQL Server, Excel and Oracle programs say "no value"."""

EXCEL_SERIALS = (20_000, 60_000)
"""Plain numbers in this range (1954 to 2064) are Excel's days since 1899-12-30."""

_LAST_YEAR_OF_20YY = 49
_LAST_DAYS = dict(enumerate((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), start=1))
_EXCEL_START = int(datetime(1899, 12, 30, tzinfo=UTC).timestamp()) * 1_000_000

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
    """The forms that people type. In small steps: as one expression, planning it would take longer than the work."""
    text = pl.col("text")
    frame = texts.alias("text").to_frame().select(half_width(text))
    written = frame.select(text.str.extract_groups(_WRITTEN)).unnest("text")
    compact = frame.select(text.str.extract_groups(_COMPACT)).unnest("text")
    days = frame.select(
        pl.when(text.str.contains(_SERIAL)).then(text).cast(pl.Float64, strict=False)
    )
    steps = (_from_written(written), _assembled(compact.cast(pl.Int32)), _from_serial(days))
    return pl.DataFrame(steps).select(pl.coalesce(pl.all())).to_series()


def _from_written(groups: pl.DataFrame) -> pl.Series:
    """The naive local time of the groups of _WRITTEN."""
    text = groups.select(
        pl.coalesce("y", "Y").alias("y"),
        pl.coalesce("m", "M").alias("m"),
        pl.coalesce("d", "D").alias("d"),
        *(pl.col(name).fill_null("0") for name in "his"),
        pl.coalesce("half", "glued", "after").str.to_lowercase().alias("half"),
    )
    short = pl.Series("short", text["y"].str.len_bytes() == 2)
    parts = text.cast(dict.fromkeys("ymdhis", pl.Int32)).with_columns(short)
    parts = parts.with_columns(_full_year().alias("y"), _full_hour().alias("h"))
    local = _assembled(parts)
    if groups["f"].null_count() < groups.height:
        micros = groups["f"].fill_null("").str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64)
        local = local + micros.cast(pl.Duration("us"))
    if groups["zone"].null_count() < groups.height:
        local = pl.select(_shifted(pl.lit(local), pl.lit(groups["zone"]))).to_series()
    return local.alias("written")


def _assembled(parts: pl.DataFrame) -> pl.Series:
    """Naive times of the integer columns y, m, d, h, i, s; null where they do not exist (2012-02-30, 25:00)."""
    year = pl.col("y")
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    last = pl.col("m").replace_strict(_LAST_DAYS, default=0, return_dtype=pl.Int32)
    checked = parts.with_columns(last=last + (leap & (pl.col("m") == 2)).cast(pl.Int32))
    exists = (
        (year >= 1)
        & pl.col("d").is_between(1, pl.col("last"))
        & (pl.col("h") <= 23)
        & (pl.col("i") <= 59)
        & (pl.col("s") <= 59)
    )
    # A null year keeps pl.datetime from raising at parts that do not exist.
    sound = checked.with_columns(pl.when(exists).then(year).alias("y"))
    return sound.select(pl.datetime("y", "m", "d", "h", "i", "s")).to_series().alias("assembled")


def _from_serial(days: pl.DataFrame) -> pl.Series:
    count = pl.col("text")
    seconds = pl.when(count.is_between(*EXCEL_SERIALS)).then((count * 86_400).round(0))
    micros = days.select(seconds.cast(pl.Int64) * 1_000_000 + _EXCEL_START).to_series()
    return micros.cast(pl.Datetime("us")).alias("serial")


def _full_year() -> pl.Expr:
    year = pl.col("y")
    century = pl.when(year <= _LAST_YEAR_OF_20YY).then(2000).otherwise(1900)
    return pl.when("short").then(year + century).otherwise(year)


def _full_hour() -> pl.Expr:
    """Hour 0 to 23. 下午2 and 下午14 are both 14; 上午12 is 0; 上午13 does not exist."""
    half, hour = pl.col("half"), pl.col("h")
    return (
        pl.when(half.is_null()).then(hour)
        .when(half.is_in(["下午", "pm"])).then(pl.when(hour < 12).then(hour + 12).otherwise(hour))
        .when(hour < 12).then(hour)
        .when(hour == 12).then(0)
        .otherwise(99)
    )  # fmt: skip


def _shifted(local: pl.Expr, zone: pl.Expr) -> pl.Expr:
    """A time that names its offset (as XML's dateTime may), as local time."""
    digits = zone.str.replace_all(r"[^0-9]", "")
    hours, minutes = (digits.str.slice(at, 2).cast(pl.Int32, strict=False) for at in (0, 2))
    offset = hours * 60 + minutes
    signed = pl.when(zone.str.starts_with("-")).then(-offset).otherwise(offset)
    utc = local - pl.duration(minutes=pl.when(zone == "Z").then(0).otherwise(signed))
    here = (
        utc.dt.replace_time_zone("UTC").dt.convert_time_zone(TIME_ZONE).dt.replace_time_zone(None)
    )
    return pl.when(zone.is_null()).then(local).otherwise(here)
