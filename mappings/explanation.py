"""What the mapping of today makes of each source field, in words that a steward can compare a value with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hub.core.entities import ENTITIES
from mappings.conversions import default_conversion
from mappings.mapping import Mapping
from mappings.spec import POWERS, DatasetSpec, EntityRow, Expression

FORMS: dict[str, tuple[str, str]] = {
    "text": ("文字", "text"),
    "halfwidth": ("文字，全角转半角", "text; full-width forms as ASCII"),
    "code": ("代码，全角转半角、转大写", "a code; full-width forms as ASCII, upper case"),
    "free_text": ("文字，其中的证件和电话号码被遮盖", "text; identity and phone numbers in it are hidden"),
    "timestamp": ("日期或时间，如 2012-03-05、2012年3月5日、2012-03-05 14:30", "a date or time, such as 2012-03-05 14:30"),
    "date": ("日期，如 2012-03-05、2012年3月5日、20120305", "a date, such as 2012-03-05"),
    "money": ("金额（元），至多两位小数，可有千分位", "an amount in yuan with at most two decimals"),
    "number": ("数字，至多四位小数", "a number with at most four decimals"),
    "integer": ("整数", "a whole number"),
    "stand_in": ("任意文字，作为序号的替代", "any text; stands in for a number"),
    "boolean": ("是/否、有/无、√/×、Y/N、1/0", "yes or no"),
}  # fmt: skip
"""Conversion → the values that it can read."""

_ROLES = {
    "identity": ("证件号码（受限保存）", "identity number (restricted)"),
    "phone": ("电话（受限保存）", "phone number (restricted)"),
    "name": ("姓名或名称（受限保存）", "name (restricted)"),
}


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a source field. `target`: entity.column, or what else it is for. `codelist`: the crosswalk that
    translates it. `form_zh` and `form_en`: what it must look like."""

    target: str
    zh: str
    en: str
    required: bool
    form_zh: str
    form_en: str
    codelist: str | None = None
    decides: bool = True
    """Whether the field's own value reaches the target; if not, it only helps to find it."""


def uses(mapping: Mapping, dataset: str) -> dict[str, list[Use]]:
    """Source field, under every name that it has had → what it is for. Raises SpecError for an unknown dataset."""
    spec = mapping.spec(dataset)
    found: dict[str, list[Use]] = {}
    for field, use in _uses(spec):
        for name in (field, *spec.older_names.get(field, ())):
            known = found.setdefault(name, [])
            if use not in known:
                known.append(use)
    return found


def _uses(spec: DatasetSpec) -> Iterator[tuple[str, Use]]:
    head = spec.head
    for field in head.key:
        yield (
            field,
            Use("record_key", "记录主键", "key of the record", True, "不得为空", "not empty"),
        )
    if head.case_no:
        yield head.case_no, Use("case_no", "办件编号", "case number", True, "不得为空", "not empty")
    if head.version:
        yield (
            head.version,
            Use("source_version", "数据版本", "data version", False, *FORMS["integer"]),
        )
    if spec.applicant is not None:
        for field, role in spec.applicant.roles.items():
            yield field, Use(f"applicant.{role}", *_ROLES[role], False, "", "")
        if spec.applicant.kind is not None:
            row = EntityRow("case", (), {"applicant_kind": spec.applicant.kind})
            yield from _of_row(row)
    for row in spec.rows:
        yield from _of_row(row)


def _of_row(row: EntityRow) -> Iterator[tuple[str, Use]]:
    if row.when is not None:
        entity = ENTITIES[row.entity]
        yield row.when.field, Use(
            row.entity, f"有值时产生一条{entity.zh}", f"decides whether there is a {entity.en}", False, "", "", decides=False,
        )  # fmt: skip
    for name, expression in row.columns.items():
        for field in expression.fields:
            yield field, _of_expression(row, name, expression, field)


def _of_expression(row: EntityRow, name: str, expression: Expression, field: str) -> Use:
    column = ENTITIES[row.entity].column(name)
    decides = field in expression.value_fields or field == expression.present
    table = expression.codelist or (POWERS if expression.crosswalk else None)
    if not decides or expression.present or expression.contains:
        form = ("", "")
    elif table is not None:
        file = "powers.csv" if table == POWERS else f"codes.csv（{table}）"
        form = (f"{file} 中有效的代码", f"a code with a line in {file} that is valid on the day")
    else:
        form = FORMS[expression.as_ or default_conversion(column)]
    return Use(
        f"{row.entity}.{name}", column.zh, column.en, column.required and decides, *form, table if decides else None, decides,
    )  # fmt: skip
