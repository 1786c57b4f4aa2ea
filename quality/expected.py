"""An expectation ready to be judged twice: by Great Expectations, and as SQL that names every failing row.

Both look at the same working table, so their counts must agree; an expectation whose counts do not is not evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from hub.core.settings import TIME_ZONE
from quality.history import monthly_sql
from quality.schemas import Codelists, codes
from quality.vocabulary import (
    Between,
    Codes,
    Distribution,
    Fact,
    Filled,
    Holds,
    Matches,
    Mean,
    OfFacts,
    OfRows,
    Order,
    Severity,
    Share,
    Unique,
    Volume,
)

ROW_KEY = "row_key"
_PAIR = "expect_column_pair_values_a_to_be_greater_than_b"
_IN_SET = "expect_column_values_to_be_in_set"


@dataclass(frozen=True, slots=True)
class Judgement:
    """How rows are judged: in Great Expectations' words, and as SQL conditions over the working table.

    `derived`: working column → SQL over the row `r`, for what is no column of the entity.
    """

    type: str
    kwargs: dict[str, Any]
    judged: str
    fails: str
    derived: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Expected:
    """One expectation of a suite. Exactly one of `rows` and `fact` says how it is judged.

    `departments`: whom it is for; empty: for everybody.
    """

    id: str
    zh: str
    en: str
    severity: Severity
    columns: tuple[str, ...]
    mostly: float = 1.0
    rows: Judgement | None = None
    fact: str = ""
    """SQL: `department`, `subject`, `observed`, `allowed`; {rows} and {scope} stand for working tables."""
    holds: str = "at_most"
    derived: dict[str, str] = field(default_factory=dict)
    departments: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    """Columns of the entity that the working table must have for it."""

    @property
    def type(self) -> str:
        """Great Expectations' name of it."""
        return self.rows.type if self.rows else "unexpected_rows_expectation"


def of_rows(suite: str, check: OfRows, codelists: Codelists) -> Expected:
    """A check of rows. Raises SpecError when it names a code list that does not exist."""
    judgement = _JUDGEMENTS[type(check)](check, codelists)
    named = (judgement.kwargs.get(name) for name in ("column", "column_A", "column_B"))
    reads = tuple(name for name in named if name and name not in (ROW_KEY, *judgement.derived))
    return Expected(
        f"{suite}.{check.id}", check.zh, check.en, check.severity, columns_of(check),
        mostly=check.mostly, rows=judgement, derived=judgement.derived, reads=reads,
    )  # fmt: skip


def of_facts(suite: str, check: OfFacts) -> Expected:
    """A fact about a department."""
    common = f"{suite}.{check.id}", check.zh, check.en, check.severity, columns_of(check)
    if isinstance(check, Fact):
        sql = check.sql.strip().rstrip(";")
        if check.allowed is not None:
            sql = f"select department, subject, observed, {check.allowed} as allowed from (\n{sql}\n) f"  # noqa: S608
        return Expected(*common, fact=sql, holds=check.holds)
    column = _working_name(check.id)
    derived: dict[str, str] = {}
    if isinstance(check, Share | Mean):
        number = f"case when {check.sql} then 1.0 when not ({check.sql}) then 0.0 end"
        derived[column] = number if isinstance(check, Share) else f"({check.sql})::float8"
    if check.month:
        derived[f"{column}_month"] = month_of(check.month)
    at_least = isinstance(check, Volume) and check.at_least is not None
    return Expected(
        *common, fact=monthly_sql(check, column), holds="at_least" if at_least else "at_most", derived=derived,
        reads=(check.column,) if isinstance(check, Distribution) else (),
    )  # fmt: skip


def columns_of(check: OfRows | OfFacts) -> tuple[str, ...]:
    """The canonical columns that it looks at."""
    single = getattr(check, "column", None)
    return (single,) if single else tuple(getattr(check, "columns", ()))


def month_of(at: str) -> str:
    """SQL of the local month of a time, as the date of its first day."""
    return f"date_trunc('month', ({at}) at time zone '{TIME_ZONE}')::date"


def literal(value: Any) -> str:
    """A value of our own content as an SQL literal."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        return f"timestamptz '{value.isoformat()}'"
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    return "'" + str(value).replace("'", "''") + "'"


def _working_name(name: str) -> str:
    return name.replace(".", "_")


def _filled(check: Filled, _: Codelists) -> Judgement:
    fails = f'"{check.column}" is null'
    return Judgement("expect_column_values_to_not_be_null", {"column": check.column}, "true", fails)


def _unique(check: Unique, _: Codelists) -> Judgement:
    if check.columns == (ROW_KEY,):
        name, derived = ROW_KEY, {}
    else:
        name = _working_name(check.id)
        values = ", ".join(f'r."{column}"::text' for column in check.columns)
        filled = " and ".join(f'r."{column}" is not null' for column in check.columns)
        derived = {name: f"case when {filled} then concat_ws('/', r.department, {values}) end"}
    twice = f'"{name}" in (select "{name}" from {{rows}} group by 1 having count(*) > 1)'  # noqa: S608
    return Judgement(
        "expect_column_values_to_be_unique", {"column": name}, f'"{name}" is not null', twice, derived
    )  # fmt: skip


def _codes(check: Codes, codelists: Codelists) -> Judgement:
    known = sorted(codes(check.codelist, codelists) if check.codelist else check.codes)
    listed = ", ".join(literal(code) for code in known)
    fails = f'"{check.column}" not in ({listed})'
    kwargs = {"column": check.column, "value_set": known}
    return Judgement(_IN_SET, kwargs, f'"{check.column}" is not null', fails)


def _between(check: Between, _: Codelists) -> Judgement:
    bounds = {"min_value": check.min, "max_value": check.max}
    given = {name: value for name, value in bounds.items() if value is not None}
    signs = {"min_value": "<", "max_value": ">"}
    outside = (f'"{check.column}" {signs[name]} {literal(value)}' for name, value in given.items())
    return Judgement(
        "expect_column_values_to_be_between", {"column": check.column, **given},
        f'"{check.column}" is not null', f"({' or '.join(outside)})",
    )  # fmt: skip


def _matches(check: Matches, _: Codelists) -> Judgement:
    return Judgement(
        "expect_column_values_to_match_regex", {"column": check.column, "regex": check.regex},
        f'"{check.column}" is not null', f'"{check.column}" !~ {literal(check.regex)}',
    )  # fmt: skip


def _order(check: Order, _: Codelists) -> Judgement:
    first, second = check.columns
    kwargs = {
        "column_A": second, "column_B": first, "or_equal": True,
        "ignore_row_if": "either_value_is_missing",
    }  # fmt: skip
    both = f'"{first}" is not null and "{second}" is not null'
    return Judgement(_PAIR, kwargs, both, f'"{second}" < "{first}"')


def _holds(check: Holds, _: Codelists) -> Judgement:
    name = _working_name(check.id)
    return Judgement(
        _IN_SET, {"column": name, "value_set": [True]}, f'"{name}" is not null', f'not "{name}"',
        {name: f"({check.sql.strip()})"},
    )  # fmt: skip


_JUDGEMENTS: Mapping[type[Any], Callable[[Any, Codelists], Judgement]] = {
    Filled: _filled, Unique: _unique, Codes: _codes, Between: _between, Matches: _matches,
    Order: _order, Holds: _holds,
}  # fmt: skip
