"""The closed vocabulary of `mapping.yml`, as models.

A file is parsed part by part, so that every problem is reported with its own line, not only the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)

from hub.core.entities import ENTITIES
from hub.core.errors import SpecError
from hub.core.specs import Spec, SpecFile

POWERS = "powers"
"""The crosswalk of `powers.csv`."""

ConversionName = Literal[
    "text", "halfwidth", "code", "timestamp", "date", "money", "number", "integer", "boolean", "free_text",
    "stand_in",
]  # fmt: skip
Path = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)


class Expression(Spec):
    """Where the value of one canonical column comes from. A plain name is short for `{field: name}`.

    Exactly one of `field`, `const`, `join`, `present`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    field: StrictStr | None = None
    """Source field."""
    as_: ConversionName | None = Field(default=None, alias="as")
    """Conversion; by default the target column's kind and name decide."""
    codelist: StrictStr | None = None
    """Translate through the lines of this code list in `codes.csv`."""
    crosswalk: Literal["powers"] | None = None
    """Translate through `powers.csv`."""
    name: StrictStr | None = None
    """Source field with the item's name, for records without a code."""
    on: StrictStr | None = None
    """Source field with the date that picks the line of the crosswalk; without it the last line counts."""
    contains: StrictStr | None = None
    """True if the field's text contains this, null if it is blank."""
    unless: StrictStr | None = None
    """Source field: where it holds the same, the value is blank (an end that repeats the start says "not ended")."""
    const: StrictStr | StrictBool | StrictInt | None = None
    join: tuple[StrictStr, ...] | None = Field(default=None, min_length=2)
    """Source fields whose texts are joined; blank ones are left out."""
    sep: StrictStr = " "
    present: StrictStr | None = None
    """True if the source field is not blank."""

    @model_validator(mode="before")
    @classmethod
    def _plain_name(cls, given: Any) -> Any:
        if isinstance(given, str):
            return {"field": given}
        if not isinstance(given, Mapping):
            raise ValueError(f"is neither a field name nor an expression: {given!r}")
        return given

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        given = self.model_fields_set
        forms = [form for form in ("field", "const", "join", "present") if form in given]
        if len(forms) != 1 or getattr(self, forms[0]) is None:
            raise ValueError("needs exactly one of field, const, join, present")
        allowed = {
            "field": {"field", "as_", "codelist", "crosswalk", "name", "on", "contains", "unless"},
            "join": {"join", "sep", "as_"},
        }.get(forms[0], {forms[0]})
        if extra := given - allowed:
            named = ", ".join(sorted(name.rstrip("_") for name in extra))
            raise ValueError(f"{named} cannot stand beside {forms[0]}")
        ways = given & {"as_", "codelist", "crosswalk", "contains"}
        if len(ways) > 1:
            raise ValueError("only one of as, codelist, crosswalk, contains can be given")
        if "unless" in given and ways - {"as_"}:
            raise ValueError("unless stands beside field and as only")
        if "name" in given and self.crosswalk is None:
            raise ValueError("name needs crosswalk: powers")
        if "on" in given and self.crosswalk is None and self.codelist is None:
            raise ValueError("on needs a crosswalk or a codelist")
        return self

    @property
    def fields(self) -> tuple[str, ...]:
        """All source fields it reads."""
        single = (self.field, self.name, self.on, self.present, self.unless)
        return (*(name for name in single if name is not None), *(self.join or ()))

    @property
    def value_fields(self) -> tuple[str, ...]:
        """The source fields whose values reach the canonical column."""
        if self.contains is not None or self.field is None:
            return self.join or ()
        return (self.field,)


class When(Spec):
    """Emit the row only where the field is not blank, has one of these values, or has none of these."""

    field: StrictStr
    equals: tuple[StrictStr, ...] | None = Field(default=None, min_length=1)
    differs: tuple[StrictStr, ...] | None = Field(default=None, min_length=1)
    """Also true where the field is blank: `equals` and `differs` with the same values leave no row out."""

    @model_validator(mode="before")
    @classmethod
    def _plain_name(cls, given: Any) -> Any:
        return {"field": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        if self.equals is not None and self.differs is not None:
            raise ValueError("only one of equals, differs can be given")
        return self

    def excludes(self, other: When) -> bool:
        """Whether no record can fulfil both."""
        if self.field != other.field:
            return False
        if self.equals is not None and other.equals is not None:
            return not set(self.equals) & set(other.equals)
        values, barred = self.equals or other.equals, self.differs or other.differs
        return values is not None and barred is not None and set(values) <= set(barred)


class Rename(Spec):
    """A column that changed its name: the older names are read as the newer."""

    field: StrictStr
    was: tuple[StrictStr, ...] = Field(min_length=1)
    since: date | None = None


class Applicant(Spec):
    """Who applied. Gives the case's applicant columns, and one party row for the restricted schema."""

    kind: Expression | None = None
    identity: StrictStr | None = None
    phone: StrictStr | None = None
    name: StrictStr | None = None

    @property
    def roles(self) -> dict[str, str]:
        """Source field → identity, phone or name."""
        given = {self.identity: "identity", self.phone: "phone", self.name: "name"}
        return {field: role for field, role in given.items() if field is not None}


class Head(Spec):
    """What a dataset says of itself beside its entities."""

    key: tuple[StrictStr, ...] = Field(min_length=1)
    """Source fields that identify a record."""
    version: StrictStr | None = None
    """Integer field that grows when a record is sent again."""
    case_no: StrictStr | None = None
    rename: tuple[Rename, ...] = ()
    ignore: tuple[StrictStr, ...] = ()
    blank: tuple[StrictStr, ...] = ()
    """Texts that mean "no value", besides empty text."""


@dataclass(frozen=True, slots=True)
class EntityRow:
    """One row of one entity that every record of the dataset emits, or those that fulfil `when`."""

    entity: str
    at: Path
    """Where it stands in `mapping.yml`."""
    columns: dict[str, Expression]
    when: When | None = None


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """One dataset of `mapping.yml`."""

    name: str
    at: Path
    head: Head
    applicant: Applicant | None
    rows: tuple[EntityRow, ...]

    def field_uses(self) -> Iterator[tuple[str, Path]]:
        """Every source field it reads, and where."""
        head = self.head
        for place, fields in (
            ("key", head.key),
            ("version", (head.version,)),
            ("case_no", (head.case_no,)),
        ):
            yield from ((field, (*self.at, place)) for field in fields if field is not None)
        if self.applicant is not None:
            at: Path = (*self.at, "applicant")
            kind = self.applicant.kind
            yield from ((field, at) for field in self.applicant.roles)
            yield from ((field, (*at, "kind")) for field in (kind.fields if kind else ()))
        for row in self.rows:
            if row.when is not None:
                yield row.when.field, (*row.at, "when")
            for column, expression in row.columns.items():
                yield from ((field, (*row.at, column)) for field in expression.fields)

    @property
    def fields(self) -> tuple[str, ...]:
        """Every source field it reads, once, in order of first use."""
        return tuple(dict.fromkeys(field for field, _ in self.field_uses()))

    @property
    def older_names(self) -> dict[str, tuple[str, ...]]:
        """Field → names under which it may still arrive."""
        return {rename.field: rename.was for rename in self.head.rename}


def parse_datasets(file: SpecFile) -> tuple[dict[str, DatasetSpec], list[SpecError]]:
    """All datasets of `mapping.yml` that could be read, and every problem met on the way."""
    problems: list[SpecError] = []
    top = file.data if isinstance(file.data, dict) else {}
    problems += [
        file.error(f"unknown key '{key}'", (str(key),), "only datasets: stands at the top")
        for key in top
        if key != "datasets"
    ]
    datasets = top.get("datasets")
    if not isinstance(datasets, dict) or not datasets:
        return {}, [
            *problems,
            file.error("has no datasets", ("datasets",), "describe at least one"),
        ]
    specs = {}
    for name, given in datasets.items():
        at = ("datasets", str(name))
        if not isinstance(given, dict):
            problems.append(file.error(f"dataset '{name}' is empty", at))
        elif (spec := _dataset(file, str(name), given, at, problems)) is not None:
            specs[str(name)] = spec
    return specs, problems


def _dataset(
    file: SpecFile, name: str, given: dict[str, Any], at: Path, problems: list[SpecError]
) -> DatasetSpec | None:
    rows: list[EntityRow] = []
    for entity in [key for key in given if key in ENTITIES]:
        rows += _entity_rows(file, entity, given[entity], (*at, entity), problems)
    rest = {key: part for key, part in given.items() if key not in ENTITIES}
    applicant = None
    if "applicant" in rest:
        applicant = _parsed(file, Applicant, rest.pop("applicant"), (*at, "applicant"), problems)
    head = _parsed(file, Head, rest, at, problems)
    return DatasetSpec(name, at, head, applicant, tuple(rows)) if head else None


def _entity_rows(
    file: SpecFile, entity: str, given: Any, at: Path, problems: list[SpecError]
) -> Iterator[EntityRow]:
    single = not isinstance(given, list)
    if given == []:
        problems.append(file.error(f"{entity}: no rows", at, "map at least one, or leave it out"))
    for position, item in enumerate([given] if single else given):
        here: Path = at if single else (*at, position)
        if not isinstance(item, dict) or not item:
            problems.append(file.error(f"{entity}: no columns", here, "map column: FIELD"))
            continue
        columns = {
            str(column): expression
            for column, part in item.items()
            if column != "when"
            and (expression := _parsed(file, Expression, part, (*here, str(column)), problems))
        }
        when = None
        if "when" in item:
            when = _parsed(file, When, item["when"], (*here, "when"), problems)
        yield EntityRow(entity, here, columns, when)


def _parsed(
    file: SpecFile, model: type[M], given: Any, at: Path, problems: list[SpecError]
) -> M | None:
    try:
        return model.model_validate(given)
    except ValidationError as failure:
        problems += [_problem(file, error, at) for error in failure.errors()]
        return None


def _problem(file: SpecFile, error: Any, at: Path) -> SpecError:
    inner: Sequence[str | int] = error["loc"]
    name = ".".join(str(step) for step in (*at[1:], *inner))
    if error["type"] == "extra_forbidden":
        what, remedy = f"{name} is not in the vocabulary", f"entities are {', '.join(ENTITIES)}"
        return file.error(what, (*at, *inner), remedy if len(at) == 2 else "")
    what = str(error["msg"]).removeprefix("Value error, ")
    return file.error(f"{name}: {what}", (*at, *inner))
