"""The fields of a data contract: what a department sends, field by field, and what lands of it, column by column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from hub.core.codelists import codelists
from hub.core.entities import CASE, ENTITIES, Column, Entity, Kind
from hub.core.settings import TIME_ZONE
from mappings import Mapping
from mappings.checks import CASE_NO, owned_columns
from mappings.conversions import (
    CONVERSIONS,
    FALSE_FORMS,
    TRUE_FORMS,
    Conversion,
    default_conversion,
)
from mappings.crosswalks import NOTHING, Line
from mappings.rejects import MESSAGES
from mappings.spec import POWERS, DatasetSpec, Expression
from quality.contract_words import ContractWords, both
from quality.schemas import Rule, entity_rules, key_rule

Document = dict[str, Any]

ENGINE = "county-data-hub"
_LOGICAL: dict[Kind, Document] = {
    Kind.TEXT: {"logicalType": "string"},
    Kind.TIMESTAMP: {
        "logicalType": "timestamp",
        "logicalTypeOptions": {"timezone": False, "defaultTimezone": TIME_ZONE},
    },
    Kind.DATE: {"logicalType": "date"},
    Kind.MONEY: {"logicalType": "number"},
    Kind.NUMBER: {"logicalType": "number"},
    Kind.INTEGER: {"logicalType": "integer"},
    Kind.BOOLEAN: {"logicalType": "boolean"},
    Kind.UUID: {"logicalType": "string", "logicalTypeOptions": {"format": "uuid"}},
}
_PHYSICAL: dict[Kind, str] = {
    Kind.TEXT: "text", Kind.TIMESTAMP: "timestamptz", Kind.DATE: "date", Kind.MONEY: "numeric(16,2)",
    Kind.NUMBER: "numeric(18,4)", Kind.INTEGER: "bigint", Kind.BOOLEAN: "boolean", Kind.UUID: "uuid",
}  # fmt: skip


@dataclass(slots=True)
class Use:
    """What becomes of one source field."""

    columns: list[tuple[Entity, Column]] = field(default_factory=list)
    kinds: list[Kind] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    required: bool = False
    role: str = ""


def delivered(mapping: Mapping, spec: DatasetSpec, words: ContractWords) -> list[Document]:
    """One property per source field that the mapping reads, in the order of its first use."""
    uses = _uses(spec)
    return [_sent(mapping, spec, words, name, uses[name]) for name in spec.fields]


def landed(spec: DatasetSpec, words: ContractWords) -> Iterator[Document]:
    """One object per canonical entity that the dataset writes, with the checks that the gate will apply."""
    for name, entity in ENTITIES.items():
        if owned := owned_columns(spec, name):
            rules = entity_rules(entity, owned, codelists())
            yield {
                "name": f"core.{name}",
                "logicalType": "object",
                "physicalType": "table",
                "physicalName": f"core.{name}",
                "businessName": entity.zh,
                "description": f"{entity.zh} {entity.en}：{both(words.landed)}",
                "dataGranularityDescription": ", ".join(entity.key),
                "properties": [
                    _column(spec, entity, column, rules, words)
                    for column in entity.columns
                    if column.name in owned
                ],
                "quality": [_check(words, entity.name, key_rule(entity), entity.key)],
            }


def mapping_check(words: ContractWords, reason: str, name: str) -> Document:
    """A refusal of the mapping as a quality rule."""
    return {
        "name": f"{reason}:{name}",
        "description": MESSAGES[reason],
        **_as_standard(words, reason, {"stage": "mapping", "field": name, "reason": reason}),
        "severity": "error",
    }


def _uses(spec: DatasetSpec) -> dict[str, Use]:
    uses = {name: Use() for name in spec.fields}
    for row in spec.rows:
        entity = ENTITIES[row.entity]
        for name, expression in row.columns.items():
            if name in entity.names:
                _note(uses, entity, entity.column(name), expression, row.when is None)
    if spec.applicant is not None:
        if spec.applicant.kind is not None:
            _note(uses, CASE, CASE.column("applicant_kind"), spec.applicant.kind, False)
        for name, role in spec.applicant.roles.items():
            uses[name].role = role
            uses[name].reasons += ["bad_identity", "identity_digits_lost"] if role == "identity" else []  # fmt: skip
    for name in {*spec.head.key, *filter(None, [spec.head.case_no])}:
        uses[name].required = True
        uses[name].reasons.insert(0, "missing_key")
    if spec.head.case_no is not None:
        uses[spec.head.case_no].columns.append((CASE, CASE.column(CASE_NO)))
    if spec.head.version is not None:
        uses[spec.head.version].kinds.append(Kind.INTEGER)
        uses[spec.head.version].reasons.append("bad_number")
    return uses


def _note(
    uses: dict[str, Use], entity: Entity, column: Column, expression: Expression, always: bool
) -> None:
    conversion = _conversion(expression, column)
    table = POWERS if expression.crosswalk else expression.codelist
    for name in expression.value_fields or expression.fields:
        use = uses[name]
        use.columns.append((entity, column))
        use.required |= always and column.required
        if table:
            use.tables.append(table)
            use.reasons.append("unmapped_power" if table == POWERS else "unmapped_code")
        elif conversion:
            use.kinds.append(conversion.kind)
            use.reasons += [conversion.reason] if conversion.reason else []


def _conversion(expression: Expression, column: Column) -> Conversion | None:
    """The named conversion that reads the field's value; none where a code is looked up or only presence counts."""
    looked_up = expression.crosswalk or expression.codelist or expression.contains
    if looked_up or expression.field is None:
        return None
    return CONVERSIONS[expression.as_ or default_conversion(column)]


def _sent(
    mapping: Mapping, spec: DatasetSpec, words: ContractWords, name: str, use: Use
) -> Document:
    kind = next(iter(use.kinds), Kind.TEXT)
    property_: Document = {
        "name": name,
        "physicalName": name,
        "businessName": "、".join(dict.fromkeys(column.zh for _, column in use.columns)) or None,
        "description": _meaning(use, words),
        **_LOGICAL[kind],
        "required": use.required,
        **_key(spec.head.key, name),
        "unique": spec.head.key == (name,),
        "classification": getattr(words.classifications, use.role or "other"),
        "tags": [f"applicant-{use.role}"] if use.role else None,
        "synonyms": [
            {"synonym": older, "description": both(words.renamed), "status": "deprecated"}
            for older in spec.older_names.get(name, ())
        ],
        "enum": list(_values(mapping, words, use.tables)),
        "quality": [mapping_check(words, reason, name) for reason in dict.fromkeys(use.reasons)],
        "customProperties": [*_targets(use), *_forms(kind)],
    }
    return _without_empty(property_)


def _meaning(use: Use, words: ContractWords) -> str:
    told = dict.fromkeys(f"{entity.zh}·{c.zh} {entity.en}: {c.en}" for entity, c in use.columns)
    return "；".join(told) or (
        f"申请人 applicant: {use.role}" if use.role else both(words.transport)
    )


def _key(key: tuple[str, ...], name: str) -> Document:
    if name not in key:
        return {}
    return {"primaryKey": True, "primaryKeyPosition": key.index(name) + 1}


def _targets(use: Use) -> Iterator[Document]:
    columns = list(dict.fromkeys(f"{entity.name}.{column.name}" for entity, column in use.columns))
    if columns:
        yield {"property": "canonicalColumns", "value": columns}


def _forms(kind: Kind) -> Iterator[Document]:
    if kind is Kind.BOOLEAN:
        yield {"property": "acceptedForms", "value": [*TRUE_FORMS, *FALSE_FORMS]}


def _values(mapping: Mapping, words: ContractWords, tables: Iterable[str]) -> Iterator[Document]:
    """The codes that the crosswalks know, each with what it means and when; a field may be looked up in several."""
    known: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for table in dict.fromkeys(tables):
        for line in mapping.crosswalks.lines.get(table, ()):
            if line.source_code:
                known.setdefault(line.source_code, []).append(_line(table, line, words))
                names.setdefault(line.source_code, line.source_name)
    for code, meanings in known.items():
        label = {"label": names[code]} if names[code] else {}
        yield {"value": code, **label, "description": "；".join(meanings)}


def _line(table: str, line: Line, words: ContractWords) -> str:
    zh, en = codelists().get(table, {}).get(line.code, ("", ""))
    said = both(words.nothing) if line.code == NOTHING else f"{line.code} {zh} {en}".rstrip()
    days = f"（{line.valid_from or ''}～{line.valid_to or ''}）" if line.valid_from or line.valid_to else ""  # fmt: skip
    return f"{table} → {said}{days}"


def _column(
    spec: DatasetSpec, entity: Entity, column: Column, rules: list[Rule], words: ContractWords
) -> Document:
    given = [
        name
        for row in spec.rows
        if row.entity == entity.name and column.name in row.columns
        for name in row.columns[column.name].fields
    ]
    codes = codelists()[column.codelist] if column.codelist else {}
    return _without_empty({
        "name": column.name,
        "physicalName": column.name,
        "businessName": column.zh,
        "description": f"{column.zh} {column.en}",
        **_LOGICAL[column.kind],
        "physicalType": _PHYSICAL[column.kind],
        "required": column.required,
        **_key(entity.key, column.name),
        "classification": words.classifications.other,
        "transformSourceObjects": list(dict.fromkeys(f"{spec.name}.{name}" for name in given)),
        "enum": [{"value": code, "label": zh, "description": en} for code, (zh, en) in codes.items()],
        "quality": [
            _check(words, entity.name, rule, (column.name,), list(codes))
            for rule in rules
            if rule.column == column.name
        ],
    })  # fmt: skip


def _check(
    words: ContractWords, entity: str, rule: Rule, columns: Iterable[str], codes: Iterable[str] = ()
) -> Document:
    """A check of the gate as a quality rule."""
    where = {"stage": "gate", "entity": entity, "columns": list(columns), "reason": rule.reason}
    return {
        "name": f"{rule.reason}:{entity}.{rule.column}",
        "description": rule.message,
        **_as_standard(words, rule.reason, where, codes),
        "severity": "error",
    }


def _as_standard(
    words: ContractWords, reason: str, where: Document, codes: Iterable[str] = ()
) -> Document:
    """By the standard's own metric where it has one: no row may fail; else as a check of ours."""
    check = words.checks[reason]
    if check.metric is None:
        said: Document = {"type": "custom", "engine": ENGINE, "implementation": where}
        return {"dimension": check.dimension, **said}
    arguments: Document = {"validValues": list(codes)} if codes else {}
    if check.metric == "duplicateValues":
        arguments["properties"] = where["columns"]
    return _without_empty({
        "dimension": check.dimension, "type": "library", "metric": check.metric, "arguments": arguments,
        "mustBe": 0, "unit": "rows",
    })  # fmt: skip


def _without_empty(document: Document) -> Document:
    """Without keys that say nothing; false and 0 say something."""
    return {key: value for key, value in document.items() if value not in (None, [], {}, "")}
