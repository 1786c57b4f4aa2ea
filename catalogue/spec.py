"""What a file in `catalogue/items` may say, and what the engine makes of it.

`PowerItem` and `DisclosureFile` are the shapes of the files; `Power` and `DisclosureItem` are resolved: every version is
complete, because a version states only what it changes and keeps the rest from the version before it.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from hub.core.specs import Spec

LimitUnit = Literal["working_day", "calendar_day", "hour", "minute", "month"]
CaseKind = Literal["instant", "promise", "joint", "reported"]
Level = Literal["national", "province", "city", "county", "town", "village"]
StepKind = Literal["acceptance", "work", "decision", "issue", "delivery"]
Nature = Literal["legal_organ", "authorised", "entrusted", "other"]

LIMIT = re.compile(r"^([0-9]+) (working_day|calendar_day|hour|minute|month)$")
CHAIN = r"^[a-z_]+( -> [a-z_]+)+$"
CENT = Decimal("0.01")
Money = Annotated[
    Decimal,
    Field(ge=0, max_digits=16, decimal_places=2),
    AfterValidator(lambda yuan: yuan.quantize(CENT)),
]
"""Yuan, always with two decimals."""


class Limit(Spec):
    """A span of time with its unit, written `20 working_day`; units are never converted silently."""

    value: int = Field(ge=1)
    unit: LimitUnit

    def __str__(self) -> str:
        return f"{self.value} {self.unit}"


def _limit(written: Any) -> Any:
    if isinstance(written, str):
        if not (found := LIMIT.match(written)):
            raise ValueError(f"'{written}' is no limit; write for example '20 working_day'")
        return {"value": int(found[1]), "unit": found[2]}
    return written


WrittenLimit = Annotated[
    Limit,
    BeforeValidator(_limit),
    WithJsonSchema({"type": "string", "pattern": LIMIT.pattern, "examples": ["20 working_day"]}),
]


class BodyText(Spec):
    """One holder of powers (办理主体) as written in `bodies.yml`."""

    code: str
    name: str = Field(min_length=1)
    nature: Nature


class Body(BodyText):
    """One holder of powers; its code is its region and its initials."""

    region: str
    initials: str


class StepWord(Spec):
    """One word of the step vocabulary (`steps.yml`)."""

    name: str
    kind: StepKind


class StepText(Spec):
    """One step as written in an item file; `name` replaces the vocabulary's name."""

    code: str
    name: str | None = None
    post: str
    authority: str
    limit: WrittenLimit | None = None
    mandatory: bool = True
    special: bool = False
    """Its time is not counted within the limit (行政许可法 §45: hearing, inspection, publicity by law …)."""


class Step(Spec):
    """One step (环节) of a flow, in order."""

    code: str
    name: str
    post: str
    authority: str
    limit: Limit | None
    kind: StepKind
    mandatory: bool
    special: bool


class Transition(Spec):
    """From one step to the next."""

    from_step: str
    to_step: str


class Material(Spec):
    """One paper that the applicant hands in."""

    code: str = Field(pattern=r"^(0[1-9]|[1-9][0-9])$")
    name: str
    required: bool = True
    copies: int = Field(default=1, ge=1)
    issuer: str


class Fee(Spec):
    """One charge, in yuan per unit."""

    code: str = Field(pattern=r"^F[1-9][0-9]?$")
    name: str
    standard_min: Money
    standard_max: Money
    unit: str
    basis: str
    reducible: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Fee:
        if self.standard_min > self.standard_max:
            raise ValueError("standard_min is above standard_max")
        return self


class RiskPoint(Spec):
    """One integrity risk (廉政风险点), tied to one step."""

    code: str = Field(pattern=r"^[A-Z]{2}_[A-Z]{2,3}_[0-9]{3}$")
    step: str
    name: str = Field(max_length=20)
    kind: Literal["duty", "process"]
    level: Literal["high", "medium", "low"]
    description: str
    prevention: str


class Discretion(Spec):
    """One circumstance of a penalty and its range (裁量基准), in yuan."""

    code: str
    description: str
    penalty_kind: str
    min_amount: Money | None = None
    max_amount: Money | None = None


class Statement(Spec):
    """Everything that one version of a power says."""

    name: str
    content: str
    basis: tuple[str, ...]
    conditions: str
    service_object: str
    statutory_limit: WrittenLimit
    promised_limit: WrittenLimit
    case_kind: CaseKind
    charges: bool
    supervision_channel: str
    on_platform: bool = True
    result_name: str | None = None
    """What the applicant receives (结果名称)."""
    consult_phone: str | None = None
    """Telephone for questions (咨询电话); complaints have their own."""
    steps: tuple[StepText, ...] = ()
    flow: tuple[Annotated[str, Field(pattern=CHAIN)], ...] = ()
    """Chains such as `accept -> review -> decide`; each arrow is a transition."""
    materials: tuple[Material, ...] = ()
    fees: tuple[Fee, ...] = ()
    discretion: tuple[Discretion, ...] = ()
    risk_points: tuple[RiskPoint, ...] = ()


class Period(Spec):
    """From when to when (last valid day, inclusive) a version holds, and what it changes from the one before."""

    effective_from: date
    effective_to: date | None = None
    why: str | None = None
    changes: dict[str, Any] = Field(default_factory=dict)


class PowerItem(Statement):
    """A power's file. Versions are numbered from 1 in file order."""

    code: str
    level: Level = "county"
    versions: tuple[Period, ...] = Field(min_length=1)


class DisclosureStatement(Spec):
    """Everything that one version of a disclosure item says."""

    name: str
    basis: tuple[str, ...]
    fields_required: tuple[str, ...]
    publish_within: WrittenLimit


class DisclosureFile(DisclosureStatement):
    """A disclosure item's file."""

    code: str
    versions: tuple[Period, ...] = Field(min_length=1)


class PowerVersion(Spec):
    """One version of a power, complete."""

    version: int
    effective_from: date
    effective_to: date | None
    why: str | None
    name: str
    content: str
    basis: tuple[str, ...]
    conditions: str
    service_object: str
    statutory_limit: Limit
    promised_limit: Limit
    case_kind: CaseKind
    charges: bool
    supervision_channel: str
    on_platform: bool
    result_name: str | None
    consult_phone: str | None
    steps: tuple[Step, ...]
    transitions: tuple[Transition, ...]
    materials: tuple[Material, ...]
    fees: tuple[Fee, ...]
    discretion: tuple[Discretion, ...]
    risk_points: tuple[RiskPoint, ...]


class Power(Spec):
    """One power or service (行政职权, 便民服务), with all its versions, oldest first."""

    code: str
    scheme: str
    type: str
    body: str
    level: Level
    versions: tuple[PowerVersion, ...]


class DisclosureVersion(Spec):
    """One version of a disclosure item, complete."""

    version: int
    effective_from: date
    effective_to: date | None
    why: str | None
    name: str
    basis: tuple[str, ...]
    fields_required: tuple[str, ...]
    publish_within: Limit


class DisclosureItem(Spec):
    """One kind of information that must be published (政府信息公开事项)."""

    code: str
    body: str
    versions: tuple[DisclosureVersion, ...]
