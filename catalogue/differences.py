"""What differs between two versions of an item, or between two catalogues: field by field, parts by their codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel

from catalogue.forms import layout
from catalogue.forms.layout import Column
from catalogue.loading import ARROW
from catalogue.spec import DisclosureItem, DisclosureVersion, Limit, Power, PowerVersion

PARTS = ("steps", "materials", "fees", "discretion", "risk_points")
LISTED = ("basis", "fields_required")
PERIOD = ("effective_from", "effective_to", "why")
Item = Power | DisclosureItem
Version = PowerVersion | DisclosureVersion


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs. `part`: code of the step, material, fee … that it is about."""

    kind: Literal["added", "removed", "changed"]
    field: str
    part: str | None = None
    before: Any = None
    after: Any = None


@dataclass(frozen=True, slots=True)
class ItemDifference:
    """What differs in one item, or in one of its versions (`version` is None for the item itself)."""

    code: str
    name: str
    version: int | None
    differences: tuple[Difference, ...]


def of_versions(old: Version, new: Version, with_period: bool = False) -> list[Difference]:
    """What the second version says otherwise than the first; when they hold is left out unless asked for."""
    fields = [name for name in type(old).model_fields if name not in ("version", *PERIOD)]
    found: list[Difference] = []
    for name in (*(PERIOD if with_period else ()), *fields):
        before, after = getattr(old, name), getattr(new, name)
        if name in PARTS:
            found += _parts(name, before, after)
        elif name == "transitions":
            found += _lines("flow", _arrows(before), _arrows(after))
        elif name in LISTED:
            found += _lines(name, before, after)
        elif before != after:
            found.append(Difference("changed", name, None, before, after))
    return found


def of_catalogues(old: Iterable[Item], new: Iterable[Item]) -> Iterator[ItemDifference]:
    """Every item that is new, gone or changed, by code; versions are compared by their numbers."""
    before, after = {item.code: item for item in old}, {item.code: item for item in new}
    for code in sorted(before.keys() | after.keys()):
        one, other = before.get(code), after.get(code)
        if one is None or other is None:
            there = one or other
            assert there is not None
            kind: Literal["added", "removed"] = "added" if one is None else "removed"
            yield ItemDifference(code, there.versions[-1].name, None, (Difference(kind, "item"),))
        else:
            yield from _item(one, other)


def _item(old: Item, new: Item) -> Iterator[ItemDifference]:
    name = new.versions[-1].name
    if isinstance(old, Power) and isinstance(new, Power) and old.level != new.level:
        level = Difference("changed", "level", None, old.level, new.level)
        yield ItemDifference(new.code, name, None, (level,))
    before = {version.version: version for version in old.versions}
    after = {version.version: version for version in new.versions}
    for number in sorted(before.keys() | after.keys()):
        found: list[Difference]
        if number not in before:
            found = [Difference("added", "version")]
        elif number not in after:
            found = [Difference("removed", "version")]
        else:
            found = of_versions(before[number], after[number], with_period=True)
        if found:
            yield ItemDifference(new.code, name, number, tuple(found))


def _parts(field: str, old: Iterable[Any], new: Iterable[Any]) -> Iterator[Difference]:
    before, after = {part.code: part for part in old}, {part.code: part for part in new}
    for code in (*before, *(code for code in after if code not in before)):
        if code not in after:
            yield Difference("removed", field, code, before=_called(before[code]))
        elif code not in before:
            yield Difference("added", field, code, after=_called(after[code]))
        else:
            yield from _fields(field, code, before[code], after[code])
    common = [code for code in before if code in after]
    if common != (moved := [code for code in after if code in before]):
        yield Difference("changed", f"{field}.order", None, "、".join(common), "、".join(moved))


def _called(part: Any) -> str:
    """What a part is called; a circumstance of a penalty has only its description."""
    return str(getattr(part, "name", None) or part.description)


def _fields(field: str, code: str, old: BaseModel, new: BaseModel) -> Iterator[Difference]:
    for name in type(old).model_fields:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield Difference("changed", f"{field}.{name}", code, before, after)


def _lines(field: str, old: Iterable[str], new: Iterable[str]) -> Iterator[Difference]:
    before, after = list(old), list(new)
    yield from (Difference("removed", field, before=x) for x in before if x not in after)
    yield from (Difference("added", field, after=x) for x in after if x not in before)
    if before != after and sorted(before) == sorted(after):
        yield Difference("changed", f"{field}.order", None, "；".join(before), "；".join(after))


def _arrows(transitions: Iterable[Any]) -> list[str]:
    return [f"{t.from_step}{ARROW}{t.to_step}" for t in transitions]


KINDS = {"added": "新增 added", "removed": "减少 removed", "changed": "改变 changed"}
TITLES = {
    "item": "事项 item", "version": "版本 version", "flow": "流转 flow", "steps": "环节 step",
    "materials": "材料 material", "fees": "收费 fee", "discretion": "裁量基准 discretion",
    "risk_points": "廉政风险点 risk point",
}  # fmt: skip


def sentence(difference: Difference, step_names: Mapping[str, str] | None = None) -> str:
    """One difference as a line of text, in the words of the forms."""
    names = step_names or {}
    part, _, field = difference.field.rpartition(".")
    column = _columns().get((part, field or part))
    what = TITLES.get(part or field, "") if part or field in TITLES else ""
    title = "次序 order" if field == "order" else column.heading if column else ""
    code = difference.part or ""
    called = names.get(code, code) if "steps" in (part, field) else code
    subject = " ".join(text for text in (what, called, title) if text)
    before, after = (
        _shown(value, column, names) for value in (difference.before, difference.after)
    )
    match difference.kind:
        case "changed":
            return f"{subject}：{before} → {after}"
        case kind:
            return f"{subject} {KINDS[kind]}" + (f"：{before or after}" if before or after else "")


def _shown(value: Any, column: Column | None, step_names: Mapping[str, str]) -> str:
    if value is None:
        return "" if column is None else "（无 none）"
    if isinstance(value, Limit):
        return f"{value.value} {layout.choices('limit_unit')[value.unit]}"
    if isinstance(value, bool):
        return layout.YES if value else layout.NO
    if isinstance(value, str) and ARROW in value:
        return ARROW.join(step_names.get(code, code) for code in value.split(ARROW))
    if column is not None and column.kind == "choice":
        known = step_names if column.list == "step" else layout.choices(column.list or "")
        return known.get(value, str(value))
    return str(value)


@cache
def _columns() -> dict[tuple[str, str], Column]:
    """(part, field) → column of the forms; the fields of an item itself under the part ''."""
    found: dict[tuple[str, str], Column] = {}
    for form in layout.forms():
        part = "" if form.part in ("powers", "disclosure") else form.part
        for column in form.columns:
            found.setdefault((part, column.field.partition(".")[0]), column)
    return found
