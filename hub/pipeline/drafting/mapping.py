"""A first mapping.yml: the likely columns filled in, every other field listed under ignore with what was seen of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.core.entities import ENTITIES, Column
from hub.core.specs import UNDECIDED
from hub.pipeline.check import NEEDED
from hub.pipeline.drafting.dataset import Found
from hub.pipeline.drafting.writing import commented, flow, line
from mappings.profiling import column_of, is_unique
from mappings.profiling.assigning import BESIDE_A_CASE

_STEP = "step"


def mapping_text(slug: str, read: Sequence[Found], powers: frozenset[str]) -> str:
    """The whole file. `powers`: unified codes, by which a field is known that holds them already."""
    lines = [
        "# 由 hub new department 依字段名和抽样内容写成：每行注明依据和分数 (100 最可靠)，逐行核对。",
        "# 未用的字段列在 ignore 下；用到某个字段时，把它从 ignore 中移出。",
        "datasets:",
    ]
    for found in read:
        lines += _dataset(found, powers)
    return "\n".join(lines) + "\n"


def entity_columns(found: Found, powers: frozenset[str]) -> dict[str, list[tuple[str, Any, str]]]:
    """Entity → (column, expression, field that it is said of), for the entity of the dataset and those beside it."""
    parts: dict[str, list[tuple[str, Any, str]]] = {}
    entity = found.entity or "case"
    parts[entity] = _own(found, entity, powers)
    if entity == "case":
        for name in BESIDE_A_CASE:
            if part := _beside(found, name):
                parts[name] = part
    return parts


def coded_fields(found: Found, powers: frozenset[str]) -> list[tuple[str, str]]:
    """(code list, field) for every field that the mapping translates through codes.csv."""
    coded = [
        (expression["codelist"], expression["field"])
        for part in entity_columns(found, powers).values()
        for _, expression, _ in part
        if isinstance(expression, dict) and "codelist" in expression
    ]
    if kind := found.field("applicant.kind"):
        coded.append(("applicant_kind", kind))
    return list(dict.fromkeys(coded))


def item_fields(found: Found, powers: frozenset[str]) -> tuple[str, str | None] | None:
    """The fields of item code and name that powers.csv translates; None where it is not needed."""
    for part in entity_columns(found, powers).values():
        for _, expression, _ in part:
            if isinstance(expression, dict) and "crosswalk" in expression:
                return expression["field"], expression.get("name")
    return None


def _dataset(found: Found, powers: frozenset[str]) -> list[str]:
    parts = entity_columns(found, powers)
    lines = ["", f"  {found.name}:"]
    key = found.key() or (UNDECIDED,)
    case_no = found.field("record.case_no")
    lines.append(line(4, "key", key, _key_remark(found)))
    if version := found.field("record.version"):
        lines.append(line(4, "version", version, f"数据版本，重报时增大；{found.said(version)}"))
    if found.entity != "disclosure":
        why = found.why(case_no) if case_no else "没有字段像办件编号"
        lines.append(line(4, "case_no", case_no or UNDECIDED, why))
    lines += _applicant(found)
    for entity, part in parts.items():
        lines += _entity(found, entity, part, single=entity == (found.entity or "case"))
    used = _used(found, key, parts)
    return [*lines[: _after_head(lines)], *_ignored(found, used), *lines[_after_head(lines) :]]


def _key_remark(found: Found) -> str:
    key = found.key()
    if not key:
        return "抽样中没有唯一的字段"
    if is_unique(found.profile, *key):
        return "一条记录的标识；抽样中唯一且不空"
    blank = max(found.profile.rows - found.profile.fields[name].filled for name in key)
    return f"一条记录的标识；抽样中有空 {blank} 行，或有重复：空者进隔离区，重复者后到为准"


def _after_head(lines: list[str]) -> int:
    """Where ignore stands: after key, version and case_no."""
    heads = ("    key:", "    version:", "    case_no:")
    return max(at for at, text in enumerate(lines) if text.startswith(heads)) + 1


def _applicant(found: Found) -> list[str]:
    if found.entity not in (None, "case"):
        return []
    roles = {
        role: found.field(f"applicant.{role}") for role in ("kind", "identity", "phone", "name")
    }
    given = {role: field for role, field in roles.items() if field}
    if not given:
        return []
    lines = [commented("    applicant:", "身份信息只进受限区；只有这里可以写")]
    for role, field in given.items():
        value: Any = {"field": field, "codelist": "applicant_kind"} if role == "kind" else field
        lines.append(line(6, role, value, f"{found.why(field)}；{found.said(field)}"))
    return lines


def _entity(found: Found, entity: str, part: list[tuple[str, Any, str]], single: bool) -> list[str]:
    zh = ENTITIES[entity].zh
    if not single:
        lines = [commented(f"    {entity}:", f"{zh}：本行最多一条")]
        first, rest = part[0], part[1:]
        lines.append(f"      - {line(0, first[0], first[1])}")
        return lines + [line(8, name, value, _said(found, field)) for name, value, field in rest]
    lines = [commented(f"    {entity}:", zh)]
    lines += [line(6, name, value, _said(found, field)) for name, value, field in part]
    mapped = {name for name, _, _ in part}
    open_ = [
        c.name
        for c in ENTITIES[entity].columns
        if c.name not in mapped and c.name not in _BY_ENGINE
    ]
    if open_:
        lines.append(f"      # 没有来源字段的标准列 (no field for)：{'、'.join(open_)}")
    return lines


_BY_ENGINE = (
    "case_id", "source_case_no", "applicant_kind", "applicant_token", "applicant_masked", "applicant_identity_state",
)  # fmt: skip


def _said(found: Found, field: str) -> str:
    if field not in found.profile.fields:
        return field
    return f"{found.why(field)}；{found.said(field)}".lstrip("；")


def _own(found: Found, entity: str, powers: frozenset[str]) -> list[tuple[str, Any, str]]:
    """The columns of the dataset's own entity, in the order in which the entity has them."""
    columns = []
    for column in ENTITIES[entity].columns:
        if column.name in _BY_ENGINE:
            continue
        given = _column(found, entity, column, powers)
        if given is not None:
            columns.append((column.name, *given))
        elif (entity == "case" and column.name in NEEDED) or column.required:
            columns.append((column.name, UNDECIDED, f"{column.zh}：必需，未找到字段"))
    return columns


def _column(
    found: Found, entity: str, column: Column, powers: frozenset[str]
) -> tuple[Any, str] | None:
    """The expression of one column and the field that speaks for it."""
    field = found.field(f"{entity}.{column.name}")
    if entity == "case" and column.name == "power_code":
        return _power(found, "case.source_item_code", "case.item_name", "case.applied_at", powers)
    if entity == "disclosure" and column.name == "item_code":
        return _power(found, "disclosure.item_code", None, "disclosure.produced_at", powers)
    if column.name == "step_code":
        field = field or found.field("event.step_name")
        return ({"field": field, "codelist": _STEP}, field) if field else None
    if column.name == ENTITIES[entity].key[-1] and entity not in ("case", "disclosure", "material"):
        return _number(found, field)
    if field is None:
        return None
    expression: Any = {"field": field, "codelist": column.codelist} if column.codelist else field
    return expression, field


def _power(
    found: Found, code: str, name: str | None, on: str, powers: frozenset[str]
) -> tuple[Any, str] | None:
    field, named = found.field(code), found.field(name) if name else None
    if field is None and named is None:
        return None
    if (
        field is not None
        and (values := found.profile.fields[field].values)
        and set(values) & powers
    ):
        return {"field": field, "as": "code"}, field
    # A record without a code is looked up by its name.
    expression = {"field": field or named, "crosswalk": "powers"}
    if field is not None and named is not None:
        expression["name"] = named
    if (dated := found.field(on)) is not None:
        expression["on"] = dated
    return expression, field or named or ""


def _number(found: Found, field: str | None) -> tuple[Any, str] | None:
    """The number of a child row must be part of the key."""
    key = found.key()
    if field in key:
        return field, field or ""
    others = [name for name in key if name != found.field("record.case_no")]
    if not others:
        return None
    if found.profile.fields[others[0]].kind == "integer":
        return others[0], others[0]
    return {"field": others[0], "as": "stand_in"}, others[0]


def _beside(found: Found, entity: str) -> list[tuple[str, Any, str]]:
    """A fee, special procedure, … that stands in the row of its case; empty if what it needs is not there."""
    given = {
        column.name: found.field(f"{entity}.{column.name}")
        for column in ENTITIES[entity].columns
        if column.name not in ENTITIES[entity].key
    }
    present = {name: field for name, field in given.items() if field}
    required = [
        c.name
        for c in ENTITIES[entity].columns
        if c.required and c.name not in ENTITIES[entity].key
    ] or ["amount"]
    if not all(name in present for name in required):
        return []
    number = ENTITIES[entity].key[-1]
    main = next(name for name in ("amount", "started_at", "notified_at") if name in present)
    rows: list[tuple[str, Any, str]] = [
        ("when", present[main], ""), (number, {"const": 1}, "每件最多一条时为 1"),
    ]  # fmt: skip
    for name, field in present.items():
        column = column_of(f"{entity}.{name}")
        listed = column.codelist if column else None
        rows.append((name, {"field": field, "codelist": listed} if listed else field, field))
    if "limit_value" in present and "limit_unit" not in present:
        rows.append(
            (
                "limit_unit",
                {"const": UNDECIDED},
                "时限单位：working_day、calendar_day、hour、minute、month",
            )
        )
    return rows


def _used(
    found: Found, key: Sequence[str], parts: dict[str, list[tuple[str, Any, str]]]
) -> set[str]:
    used = {*key, *filter(None, (found.field("record.case_no"), found.field("record.version")))}
    if found.entity in (None, "case"):
        roles = ("kind", "identity", "phone", "name")
        used |= {field for role in roles if (field := found.field(f"applicant.{role}"))}
    for part in parts.values():
        for _, expression, _ in part:
            if isinstance(expression, dict):
                used |= {expression[name] for name in ("field", "name", "on") if name in expression}
            else:
                used.add(expression)
    return used


def _ignored(found: Found, used: set[str]) -> list[str]:
    rest = [name for name in found.profile.fields if name not in used]
    if not rest:
        return []
    lines = [commented("    ignore:", "未用的字段：逐个确认确实不用")]
    for name in rest:
        likely = "、".join(f"{one.target}？{one.why}" for one in found.meanings[name][:2])
        lines.append(
            commented(f"      - {flow(name)}", f"{likely}；{found.said(name)}".lstrip("；"))
        )
    return lines
