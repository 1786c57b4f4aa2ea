"""The closed vocabulary of `expectations/*.yml` and of a department's `quality.yml`, as models.

A check of rows looks at every row by itself; a fact is one number of a department (of a month, a batch, a dataset)
beside what is bearable. docs/quality.md explains each word.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from hub.core.specs import Spec

Severity = Literal["critical", "warning", "info"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$", max_length=60)]


class _Described(Spec):
    """What every expectation says to people. Its full id is `<suite>.<id>`."""

    id: Name
    zh: str
    en: str
    severity: Severity = "critical"


class _OfRows(_Described):
    mostly: float = Field(default=1.0, gt=0, le=1)
    """The share of judged rows that must pass; a department may have its own."""


class Filled(_OfRows):
    """The column is not empty."""

    expect: Literal["filled"]
    column: str


class Unique(_OfRows):
    """No two rows of a department have the same values there; rows without them are not judged."""

    expect: Literal["unique"]
    columns: tuple[str, ...] = Field(min_length=1)


class Codes(_OfRows):
    """The value is one of a code list, or of the codes named."""

    expect: Literal["codes"]
    column: str
    codelist: str | None = None
    codes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.codelist) == bool(self.codes):
            raise ValueError("either 'codelist' or 'codes'")
        return self


class Between(_OfRows):
    """The value lies between the two, both included."""

    expect: Literal["between"]
    column: str
    min: Any = None
    max: Any = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("'min', 'max' or both")
        return self


class Matches(_OfRows):
    """The text matches PostgreSQL's regular expression."""

    expect: Literal["matches"]
    column: str
    regex: str


class Order(_OfRows):
    """The second time is not before the first; rows that lack one are not judged."""

    expect: Literal["order"]
    columns: tuple[str, str]


class Holds(_OfRows):
    """An SQL condition over the row `r` and the suite's joins; null: nothing to judge."""

    expect: Literal["holds"]
    columns: tuple[str, ...] = ()
    sql: str


class _OfMonths(_Described):
    month: str | None = None
    """The time of the row `r` by which it counts, where it is another than the suite's."""


class Share(_OfMonths):
    """The share of rows for which `sql` holds, in the last whole month, beside the months before."""

    expect: Literal["share"]
    columns: tuple[str, ...] = ()
    sql: str
    within: float = Field(default=0.15, gt=0)
    """By how much it may differ from the mean of the months before, if these differ less among themselves."""


class Mean(_OfMonths):
    """The mean of the number `sql` in the last whole month beside the months before; `within` is relative."""

    expect: Literal["mean"]
    columns: tuple[str, ...] = ()
    sql: str
    within: float = Field(default=0.5, gt=0)


class Distribution(_OfMonths):
    """How a coded column is distributed in the last whole month, beside the months before (half the sum of differences)."""

    expect: Literal["distribution"]
    column: str
    within: float = Field(default=0.3, gt=0, le=1)


class Volume(_OfMonths):
    """Rows of the last whole month as a multiple of the mean of the months before."""

    expect: Literal["volume"]
    at_least: float | None = Field(default=None, gt=0)
    at_most: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("either 'at_least' or 'at_most'")
        return self


class Fact(_Described):
    """An SQL query that gives `department`, `subject`, `observed`, and `allowed` unless a number is named here.

    `{scope}` stands for the relation of the departments that are looked at (one column, `department`).
    """

    expect: Literal["fact"]
    columns: tuple[str, ...] = ()
    sql: str
    holds: Literal["at_most", "at_least"] = "at_most"
    allowed: float | None = None


OfRows = Filled | Unique | Codes | Between | Matches | Order | Holds
OfMonths = Share | Mean | Distribution | Volume
OfFacts = OfMonths | Fact
Check = Annotated[OfRows | OfFacts, Field(discriminator="expect")]


class Extension(Spec):
    """One file of `expectations/`: what an entity's definition does not say by itself."""

    entity: str
    joins: tuple[str, ...] = ()
    """Joins of the row `r` that keep its number of rows; conditions may use them."""
    month: str | None = None
    """The time of the row `r` by which it belongs to a month; what looks at months needs it."""
    expectations: tuple[Check, ...] = ()


class OwnCheck(Spec):
    """An expectation that one department adds."""

    entity: str
    check: Check


class Threshold(Spec):
    """What one department is allowed: a share of rows that must pass, or the number beside which a fact is held."""

    mostly: float | None = Field(default=None, gt=0, le=1)
    allowed: float | None = None
    reason: str = Field(min_length=4)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.mostly is None) == (self.allowed is None):
            raise ValueError("either 'mostly' or 'allowed'")
        return self


class QualityFile(Spec):
    """`departments/<slug>/quality.yml`."""

    thresholds: dict[str, Threshold] = Field(default_factory=dict)
    off: dict[str, Annotated[str, Field(min_length=4)]] = Field(default_factory=dict)
    """Expectation id → why it is not judged for this department."""
    expectations: tuple[OwnCheck, ...] = ()
