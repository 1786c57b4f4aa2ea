"""What can be wrong with a mapping that parses: names that do not exist, values that nobody gives, two owners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from hub.core.batches import RESERVED, SRC
from hub.core.entities import ENTITIES, Column, Entity, Kind
from hub.core.errors import SpecError
from hub.core.specs import SpecFile
from mappings.conversions import CONVERSIONS, STAND_IN
from mappings.crosswalks import OPEN_CODELISTS, Crosswalks
from mappings.spec import POWERS, DatasetSpec, EntityRow, Expression, Path

Canonical = Mapping[str, Mapping[str, tuple[str, str]]]

CASE_ID, CASE_NO = "case_id", "source_case_no"
APPLICANT_COLUMNS = (
    "applicant_kind",
    "applicant_token",
    "applicant_masked",
    "applicant_identity_state",
)
_FILLED_BY_ENGINE = (CASE_ID, CASE_NO, *APPLICANT_COLUMNS[1:])
_CONST_TYPES: dict[Kind, type] = {Kind.TEXT: str, Kind.INTEGER: int, Kind.BOOLEAN: bool}
_CODELIST_OF = {"step_code": "step", "material_code": "material", "fee_code": "fee"}


def dataset_problems(
    file: SpecFile, spec: DatasetSpec, crosswalks: Crosswalks, canonical: Canonical
) -> Iterator[SpecError]:
    """Every problem of one dataset, with its line."""
    yield from _field_problems(file, spec)
    yield from _case_problems(file, spec)
    for row in spec.rows:
        entity = ENTITIES[row.entity]
        yield from _column_problems(file, entity, row, spec)
        for name, expression in row.columns.items():
            if name in entity.names:
                at = (*row.at, name)
                column = entity.column(name)
                yield from _kind_problems(file, column, expression, at)
                yield from _code_problems(file, column, expression, at, crosswalks, canonical)
    kind = spec.applicant.kind if spec.applicant else None
    if kind is not None:
        at, column = (*spec.at, "applicant", "kind"), ENTITIES["case"].column("applicant_kind")
        yield from _kind_problems(file, column, kind, at)
        yield from _code_problems(file, column, kind, at, crosswalks, canonical)
    yield from _key_problems(file, spec)


def ownership_problems(file: SpecFile, specs: list[DatasetSpec]) -> Iterator[SpecError]:
    """A column has one owner: otherwise the result would depend on which dataset arrives last."""
    for earlier, later in combinations(specs, 2):
        for name in ENTITIES:
            ours, theirs = owned_columns(earlier, name), owned_columns(later, name)
            shared = [
                column
                for column in theirs
                if column in ours and column not in (*ENTITIES[name].key, CASE_NO)
            ]
            if shared and not _never_meet(earlier, later, name):
                yield file.error(
                    f"{name}.{shared[0]} is also written by dataset '{earlier.name}'",
                    _place(later, name, shared[0]),
                    "let one dataset own it",
                )


def owned_columns(spec: DatasetSpec, entity: str) -> tuple[str, ...]:
    """The columns of an entity that a dataset writes, key included, in the entity's order."""
    given = {column for row in spec.rows if row.entity == entity for column in row.columns}
    if entity == "case" and spec.applicant is not None:
        given |= {"applicant_token", "applicant_identity_state"}
        given |= {"applicant_kind"} if spec.applicant.kind is not None else set()
        given |= {"applicant_masked"} if spec.applicant.name is not None else set()
    if not given:
        return ()
    if CASE_ID in ENTITIES[entity].names:
        given.add(CASE_ID)
    if entity == "case":
        given.add(CASE_NO)
    return tuple(name for name in ENTITIES[entity].names if name in given)


def _field_problems(file: SpecFile, spec: DatasetSpec) -> Iterator[SpecError]:
    used = dict(spec.field_uses())
    older = {name for names in spec.older_names.values() for name in names}
    for field, at in used.items():
        if field in spec.head.ignore:
            yield file.error(f"field {field} is used and ignored", at, "take it out of ignore")
        if field in older:
            yield file.error(
                f"field {field} is an older name", at, "use the newer name: rename joins both"
            )
        if field in (*RESERVED, SRC):
            yield file.error(f"{field} is no field of the department", at)
    for field in spec.older_names:
        if field not in used:
            yield file.error(f"renamed field {field} is not used", (*spec.at, "rename"))
    for name in sorted(older & set(spec.head.ignore)):
        yield file.error(f"older name {name} is ignored", (*spec.at, "ignore"))
    yield from _privacy_problems(file, spec)


def _privacy_problems(file: SpecFile, spec: DatasetSpec) -> Iterator[SpecError]:
    """The applicant's clear values reach the restricted schema only."""
    secret = spec.applicant.roles if spec.applicant else {}
    uses = [(field, (*spec.at, "key")) for field in (*spec.head.key, spec.head.case_no)]
    for row in spec.rows:
        for column, expression in row.columns.items():
            shown = (*expression.value_fields, expression.name)
            uses += [(field, (*row.at, column)) for field in shown]
    for field, at in uses:
        if field in secret:
            yield file.error(
                f"field {field} is the applicant's {secret[field]}", at,
                "it may stand under applicant, present and contains only",
            )  # fmt: skip


def _case_problems(file: SpecFile, spec: DatasetSpec) -> Iterator[SpecError]:
    head, entities = spec.head, [row.entity for row in spec.rows]
    if not entities and spec.applicant is None:
        yield file.error(f"dataset '{spec.name}' maps nothing", spec.at, "name an entity")
    of_cases = [name for name in entities if CASE_ID in ENTITIES[name].names]
    if head.case_no is None and (of_cases or spec.applicant is not None):
        what = of_cases[0] if of_cases else "applicant"
        yield file.error(f"{what} needs case_no", spec.at, "name the field with the case number")
    if head.case_no is not None and head.case_no not in head.key:
        for what in ("case", "applicant"):
            if what in entities or (what == "applicant" and spec.applicant is not None):
                yield file.error(
                    f"case_no {head.case_no} is not part of the key", (*spec.at, "case_no"),
                    f"without that only child entities can be mapped, not {what}",
                )  # fmt: skip


def _column_problems(
    file: SpecFile, entity: Entity, row: EntityRow, spec: DatasetSpec
) -> Iterator[SpecError]:
    for name in row.columns:
        at = (*row.at, name)
        if name not in entity.names:
            known = ", ".join(n for n in entity.names if n not in _FILLED_BY_ENGINE)
            yield file.error(f"{entity.name} has no column '{name}'", at, f"columns: {known}")
        elif name in _FILLED_BY_ENGINE:
            yield file.error(f"{name} cannot be mapped", at, "case_no and applicant: give it")
        elif name == "applicant_kind" and spec.applicant and spec.applicant.kind:
            yield file.error("applicant_kind is given twice", at, "leave it to applicant: kind")
    for column in entity.columns:
        if column.required and column.name not in (*row.columns, CASE_ID, CASE_NO):
            yield file.error(f"{entity.name} needs {column.name}", row.at, f"{column.en}: map it")


def _kind_problems(
    file: SpecFile, column: Column, expression: Expression, at: Path
) -> Iterator[SpecError]:
    if expression.const is not None:
        wanted = _CONST_TYPES.get(column.kind)
        if wanted is None:
            yield file.error(f"{column.name} ({column.kind}) cannot be a constant", at)
        elif type(expression.const) is not wanted:
            yield file.error(
                f"{column.name} is {column.kind}, {expression.const!r} is not", at,
                "put text in quotes, and nothing else",
            )  # fmt: skip
        return
    if expression.as_ is not None:
        kind = CONVERSIONS[expression.as_].kind
    elif expression.codelist is not None or expression.crosswalk is not None:
        kind = Kind.TEXT
    elif expression.present is not None or expression.contains is not None:
        kind = Kind.BOOLEAN
    else:
        return
    if kind is not column.kind:
        yield file.error(f"{column.name} takes {column.kind}, the expression gives {kind}", at)


def _code_problems(
    file: SpecFile,
    column: Column,
    expression: Expression,
    at: Path,
    crosswalks: Crosswalks,
    canonical: Canonical,
) -> Iterator[SpecError]:
    if expression.crosswalk is not None and not crosswalks.begun(POWERS):
        yield file.error("powers.csv has no lines", at, "add the department's item codes")
    belongs = column.codelist or _CODELIST_OF.get(column.name)
    if (name := expression.codelist) is not None:
        if name not in canonical and name not in OPEN_CODELISTS:
            known = ", ".join(sorted({*canonical, *OPEN_CODELISTS}))
            yield file.error(f"no code list '{name}'", at, f"known: {known}")
        elif belongs is not None and name != belongs:
            yield file.error(f"{column.name} takes codes of {belongs}, not {name}", at)
        elif not crosswalks.begun(name):
            yield file.error(f"codes.csv has no lines for {name}", at, "add the source's codes")
    codes = canonical.get(belongs) if belongs else None
    if isinstance(expression.const, str) and codes and expression.const not in codes:
        yield file.error(
            f"'{expression.const}' is not on {belongs}", at, f"on it: {', '.join(codes)}"
        )


def _key_problems(file: SpecFile, spec: DatasetSpec) -> Iterator[SpecError]:
    """Keys of entity rows come from constants or the record's key, and no record emits one key twice."""
    seen: dict[tuple[str, ...], list[EntityRow]] = {}
    for row in spec.rows:
        parts = [row.entity]
        for name in ENTITIES[row.entity].key:
            expression = row.columns.get(name)
            if expression is None:
                continue
            free = [field for field in expression.fields if field not in spec.head.key]
            if free or expression.on is not None:
                yield file.error(
                    f"{row.entity}.{name} comes from {', '.join(free) or 'a dated code'}, which is not in the key",
                    (*row.at, name),
                    "take a constant or a field of the key, or make the field part of the key",
                )
            parts.append(f"{name}={expression.model_dump(exclude_none=True)}")
        same = seen.setdefault(tuple(parts), [])
        if any(not (row.when and other.when and row.when.excludes(other.when)) for other in same):
            yield file.error(
                f"{row.entity}: a record would emit the same key twice", row.at,
                "give each row its own number, or when: {field, equals or differs} that exclude each other",
            )  # fmt: skip
        same.append(row)


def _never_meet(earlier: DatasetSpec, later: DatasetSpec, entity: str) -> bool:
    """Whether constants or stand-ins in both datasets' keys keep their rows of the entity apart."""
    ours, theirs = (_keys_of(spec, entity) for spec in (earlier, later))
    if STAND_IN in ours or STAND_IN in theirs:
        return {STAND_IN} in (ours, theirs) and not ours & theirs
    return None not in ours | theirs and not ours & theirs


def _keys_of(spec: DatasetSpec, entity: str) -> set[object]:
    """How the rows of the entity are told apart: tuples of constants, STAND_IN, None for the source's own values."""
    names = [name for name in ENTITIES[entity].key if name != CASE_ID]
    keys: set[object] = set()
    for row in spec.rows:
        if row.entity == entity:
            parts = [row.columns[name] for name in names if name in row.columns]
            constants = tuple(part.const for part in parts)
            if any(part.as_ == STAND_IN for part in parts):
                keys.add(STAND_IN)
            else:
                keys.add(None if None in constants or not parts else constants)
    return keys


def _place(spec: DatasetSpec, entity: str, column: str) -> Path:
    for row in spec.rows:
        if row.entity == entity and column in row.columns:
            return (*row.at, column)
    return (*spec.at, "applicant")
