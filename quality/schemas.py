"""pandera schemas, derived from the canonical entities.

A schema holds only the columns that a dataset owns. Each of its checks carries its reason code, so that a failure
can be told to the department in the words of the reason list, and notes that it ran: a check that nobody ran is
never a check that passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pandera.polars as pa
import polars as pl
from pandera.api.polars.types import PolarsData

from hub.core.batches import RECORDS_SCHEMA, SRC
from hub.core.codelists import FOLDER
from hub.core.entities import ENTITIES, Column, Entity, Kind
from hub.core.errors import SpecError
from hub.core.settings import TIME_ZONE

Codelists = Mapping[str, Mapping[str, tuple[str, str]]]
"""List name → code → (Chinese, English), as `hub.core.codelists.codelists` gives it."""

RECORD = "record"
RECORD_KEY = "record_key"

EARLIEST = date(1949, 10, 1)
"""No act of a county of the People's Republic is older than it."""
LATEST = date(2100, 12, 31)

_NUL = "\x00"


@dataclass(frozen=True, slots=True)
class Rule:
    """One check of one column. `passes` is true, false, or null where there is nothing to judge."""

    reason: str
    column: str
    passes: pl.Expr
    message: str
    judges_missing: bool = False
    """Whether an absent value is judged too."""

    @property
    def id(self) -> tuple[str, str]:
        """Reason and column: no two rules of a frame share them."""
        return self.reason, self.column

    def evaluated(self, frame: pl.DataFrame) -> int:
        """How many rows of the frame the rule has something to say about."""
        return frame.height - (0 if self.judges_missing else frame[self.column].null_count())


def entity_rules(entity: Entity, owned: Iterable[str], codelists: Codelists) -> list[Rule]:
    """The rules of the columns that the dataset owns, in the entity's order; its key is always among them.

    Raises SpecError when a column names a code list that does not exist.
    """
    demanded = {*owned, *_key(entity)}
    return [
        rule
        for column in entity.columns
        if column.name in demanded
        for rule in _column_rules(entity, column, codelists)
    ]


def record_rules() -> list[Rule]:
    """What every source record must have before any of its entities is looked at."""
    present = pl.col(RECORD_KEY).fill_null("") != ""
    return [
        Rule(
            "missing_key",
            RECORD_KEY,
            present,
            "来源记录没有主键 (the record has no key)：在来源补录",
            True,
        ),
        _no_nul(RECORD_KEY, "来源记录键 (record key)"),
        *(
            Rule("required_missing", name, pl.col(name).is_not_null(), f"{name} is empty", True)
            for name in ("source_version", "deleted")
        ),
    ]


def key_rule(entity: Entity) -> Rule:
    """One entity row per key: the record that came first keeps it.

    The same record may come several times (repeated rows, resent versions): that is no duplicate. The same key
    twice within one source row is, because nobody could say which of the two to keep. Expects the frame sorted by
    `_src`, with `record_key`.
    """
    key = _key(entity)
    first_record = pl.col(RECORD_KEY).first().over(key)
    once_per_row = pl.struct(SRC, *key).is_first_distinct()
    suspicious = pl.struct(key).is_duplicated() if len(key) > 1 else pl.col(key[0]).is_duplicated()
    return Rule(
        "duplicate_key",
        key[-1],
        suspicious.not_() | (pl.col(RECORD_KEY).eq_missing(first_record) & once_per_row),
        f"{entity.zh}主键（{'、'.join(key)}）在本批中已被另一条记录占用 "
        f"(an earlier record of this batch has the same key)：在来源核对编号",
        judges_missing=True,
    )


def schema(
    name: str, types: Mapping[str, pl.DataType], rules: Iterable[Rule], ran: set[tuple[str, str]]
) -> pa.DataFrameSchema:
    """A strict schema of `types` with those rules; each rule adds (reason, column) to `ran` when pandera runs it."""
    checks: dict[str, list[pa.Check]] = {column: [] for column in types}
    for rule in rules:
        checks.setdefault(rule.column, []).append(_check(rule, ran))
    return pa.DataFrameSchema(
        {
            column: pa.Column(types.get(column), own, nullable=True, required=True)
            for column, own in checks.items()
        },
        name=name,
        strict=True,
    )


def owned_types(entity: Entity, owned: Iterable[str]) -> dict[str, pl.DataType]:
    """Column → Polars type of `_src`, the owned columns and the key."""
    demanded = {*owned, *_key(entity)}
    types = {name: kind for name, kind in entity.polars_schema.items() if name in demanded}
    return {SRC: pl.Int64(), **types}


def key_types(entity: Entity) -> dict[str, pl.DataType]:
    """Column → Polars type of the frame that `key_rule` judges."""
    types = entity.polars_schema
    return {
        SRC: pl.Int64(),
        RECORD_KEY: RECORDS_SCHEMA[RECORD_KEY],
        **{name: types[name] for name in _key(entity)},
    }


def described(codelists: Codelists) -> Iterator[str]:
    """Every entity, column and rule of the gate as text, with the code lists: what its version is made of."""
    for entity in ENTITIES.values():
        yield f"{entity.name}({','.join(entity.key)})"
        for column in entity.columns:
            yield f"{entity.name}.{column.name}:{column.kind}"
            for rule in _column_rules(entity, column, codelists):
                codes = sorted(codelists[column.codelist]) if column.codelist else ()
                yield f"{rule.reason} {rule.column} {','.join(codes)}"
    yield f"{EARLIEST}..{LATEST}"


def _key(entity: Entity) -> list[str]:
    return [name for name in entity.key if name in entity.names]


def _check(rule: Rule, ran: set[tuple[str, str]]) -> pa.Check:
    def judge(data: PolarsData) -> pl.LazyFrame:
        ran.add(rule.id)
        return data.lazyframe.select(rule.passes)

    return pa.Check(judge, name=rule.reason, error=rule.reason)


def _column_rules(entity: Entity, column: Column, codelists: Codelists) -> Iterator[Rule]:
    value, label = pl.col(column.name), f"{entity.zh}·{column.zh} ({entity.name}.{column.name})"
    if column.required:
        present = value.fill_null("") != "" if _is_text(column) else value.is_not_null()
        yield Rule(
            "required_missing",
            column.name,
            present,
            f"{label} 必填而为空 (required, empty)：在来源补录",
            True,
        )
    if column.codelist:
        yield Rule(
            "not_in_codelist", column.name, value.is_in(codes(column.codelist, codelists)),
            f"{label} 不在代码表 {column.codelist} 中 (not in the code list: correct codes.csv)",
        )  # fmt: skip
    elif _is_text(column):
        yield _no_nul(column.name, label)
    if column.kind in (Kind.TIMESTAMP, Kind.DATE):
        yield Rule(
            "implausible_time", column.name, _plausible(column),
            f"{label} 不在 {EARLIEST} 至 {LATEST} 之间 (not a plausible time)：在来源更正",
        )  # fmt: skip
    if column.kind is Kind.MONEY:
        yield Rule(
            "negative_amount", column.name, value >= 0, f"{label} 为负数 (below zero)：在来源更正"
        )


def _no_nul(column: str, label: str) -> Rule:
    return Rule(
        "illegal_bytes", column, pl.col(column).str.contains(_NUL, literal=True).not_(),
        f"{label} 含有空字符 (holds a NUL character, which PostgreSQL cannot keep)：在来源更正",
    )  # fmt: skip


def _is_text(column: Column) -> bool:
    return column.kind is Kind.TEXT


def _plausible(column: Column) -> pl.Expr:
    value = pl.col(column.name)
    if column.kind is Kind.DATE:
        return value.is_between(EARLIEST, LATEST)
    zone = ZoneInfo(TIME_ZONE)
    first = datetime.combine(EARLIEST, time.min, zone).astimezone(UTC)
    last = datetime.combine(LATEST, time.max, zone).astimezone(UTC)
    return value.is_between(first, last)


def codes(name: str, codelists: Codelists) -> list[str]:
    if name not in codelists:
        raise SpecError(
            f"there is no code list '{name}'",
            file=FOLDER / f"{name}.csv",
            remedy="add it with the columns code,zh,en",
        )
    return list(codelists[name])
