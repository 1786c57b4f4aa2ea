"""The forms of values: the shape in which a text is written, and what it could be by its form alone."""

from __future__ import annotations

import re
from itertools import groupby

import polars as pl

from hub.core.privacy import PHONE_PATTERN
from mappings.conversions import FALSE_FORMS, TRUE_FORMS
from mappings.forms import half_width
from mappings.identity import VALID, examine
from mappings.times import local_time

TIME, INTEGER, NUMBER, MONEY, BOOLEAN, IDENTITY, PHONE, TEXT, EMPTY, BYTES = KINDS = (
    "time", "integer", "number", "money", "boolean", "identity", "phone", "text", "empty", "bytes",
)  # fmt: skip

_DATE = r"^\s*(?:[0-9]{2}|[0-9]{4})\s*[-/.年]\s*[0-9]{1,2}\s*[-/.月]|^(?:19|20)[0-9]{6}(?:\D|$|[0-9]{6}$)"
"""How a date begins: plain numbers of other lengths, which could be Excel's days, are numbers here."""
_MONEY = r"^[¥￥]|元$|\.[0-9]{2}$"
_INTEGER = r"^[+-]?[0-9]{1,18}$"
_NUMBER = r"^[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?$"
_AMOUNT = r"^[¥￥]?\s*[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]{1,2})?\s*元?$"
_IDENTITY = r"^[0-9]{15}$|^[0-9A-Z]{17}[0-9A-Z]$|^[0-9A-Z]{8}-[0-9X]$"
_LEAST_PHONES, _LEAST_IDENTITIES, _LEAST_TIMES, _LEAST_NUMBERS = 0.7, 0.5, 0.5, 0.8
_LEAST_MONEY = 0.5
_SHAPES = (("[0-9]", "9"), ("[０-９]", "９"), ("[A-Za-z]", "A"), (r"\p{Han}", "字"), (r"\s", "·"))
_RUN = 5
_LONG = 24


def shape(text: pl.Expr) -> pl.Expr:
    """Each text with 9 for a digit, A for a letter, 字 for a Chinese character, · for a blank."""
    for pattern, sign in _SHAPES:
        text = text.str.replace_all(pattern, sign)
    return text


def shown_shape(written: str) -> str:
    """A shape as people read it: runs of five and more are counted, what is left of a long one is cut."""
    runs = [(sign, len(list(run))) for sign, run in groupby(written)]
    text = "".join(
        f"{sign}{{{count}}}" if count >= _RUN and sign in "9９A字" else sign * count
        for sign, count in runs
    )
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


def fitting(distinct: pl.DataFrame) -> dict[str, int]:
    """How many rows fit each kind. `distinct`: value (prepared text), rows.

    What costs (check digits, calendars) is asked only of values that look so.
    """
    plain = distinct.with_columns(half_width(pl.col("value").str.to_uppercase()))
    value = pl.col("value")
    looked = plain.with_columns(
        value.str.contains(_INTEGER).alias(INTEGER),
        value.str.contains(_NUMBER).alias(NUMBER),
        (value.str.contains(_AMOUNT) & value.str.contains(_MONEY)).alias(MONEY),
        value.is_in([*TRUE_FORMS, *FALSE_FORMS]).alias(BOOLEAN),
        value.str.contains(rf"^(?:{PHONE_PATTERN})$").alias(PHONE),
        looks_dated=value.str.contains(_DATE),
        looks_identity=value.str.contains(_IDENTITY),
    )
    kinds = (INTEGER, NUMBER, MONEY, BOOLEAN, PHONE)
    sums = looked.select(pl.col("rows").filter(pl.col(kind)).sum().alias(kind) for kind in kinds)
    fits = {kind: int(rows) for kind, rows in sums.row(0, named=True).items()}
    dated = looked.filter("looks_dated")
    numbered = looked.filter("looks_identity")
    return fits | {TIME: _dates(dated), IDENTITY: _identities(numbered)}


def _dates(looked: pl.DataFrame) -> int:
    if looked.is_empty():
        return 0
    read = local_time(pl.col("value"), pl.String()).is_not_null()
    return int(looked.filter(read)["rows"].sum())


def _identities(looked: pl.DataFrame) -> int:
    if looked.is_empty():
        return 0
    kinds = pl.Series([None] * looked.height, dtype=pl.String)
    return int(looked.filter(examine(looked["value"], kinds)["state"] == VALID)["rows"].sum())


def kind_of(fits: dict[str, int], filled: int, distinct: int) -> tuple[str, int]:
    """What a field holds, and in how many of its `filled` rows it does."""
    if filled == 0:
        return EMPTY, 0
    least = (
        (IDENTITY, _LEAST_IDENTITIES), (PHONE, _LEAST_PHONES), (TIME, _LEAST_TIMES),
    )  # fmt: skip
    for kind, share in least:
        if fits[kind] >= share * filled:
            return kind, fits[kind]
    if fits[BOOLEAN] == filled and (distinct == 2 or not fits[INTEGER]):
        return BOOLEAN, filled
    if fits[MONEY] >= _LEAST_MONEY * filled:
        return MONEY, max(fits[MONEY], fits[NUMBER])
    for kind in (INTEGER, NUMBER):
        if fits[kind] >= _LEAST_NUMBERS * filled:
            return kind, fits[kind]
    return TEXT, filled


SURNAMES = re.compile(
    "^(?:欧阳|上官|司马|诸葛|[王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟"
    "谭陆汪范金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤涂])[\u4e00-\u9fff]{1,2}$"
)
"""A word that could be a person's name."""
