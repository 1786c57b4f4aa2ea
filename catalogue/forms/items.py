"""Rows of the forms as items: every version whole, checked by the same models as a YAML file, errors at their cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from catalogue import codes, loading
from catalogue.forms import chinese, layout
from catalogue.forms.rows import PARTS
from catalogue.forms.sheets import FormRow, Sheets, present
from catalogue.loading import ARROW, At, Content
from catalogue.spec import (
    DisclosureStatement,
    DisclosureVersion,
    Level,
    Period,
    PowerVersion,
    Statement,
    StepWord,
)
from hub.core.errors import SpecError
from hub.core.specs import Spec

LISTS = ("steps", *PARTS)
PERIOD = ("effective_from", "effective_to", "why")
OWN_CODE = {"steps": "step"} | dict.fromkeys(PARTS, "part")
"""The field of a part's row that holds the part's own code; `code` is that of the item."""

Key = tuple[str, int]
Grouped = Mapping[str, Sequence[FormRow]]


@dataclass(frozen=True, slots=True)
class SheetSource:
    """A version that stands in the sheets of a workbook."""

    version: int
    row: FormRow
    rows: Grouped

    @property
    def name(self) -> str:
        return self.row.path.name

    def error(self, what: str, *at: str | int, remedy: str = "") -> SpecError:
        """A SpecError at the cell of that part of the version."""
        row, name = self.cell(at)
        return row.error(chinese.of_check(what), name, remedy)

    def period_error(self, what: str, name: str, remedy: str = "") -> SpecError:
        return self.row.error(chinese.of_check(what), name, remedy)

    def arrows(self) -> Iterator[tuple[At, str, str]]:
        for position, row in enumerate(self.rows["transitions"]):
            yield ("flow", position), row.values["from_step"], row.values["to_step"]

    def cell(self, at: Sequence[str | int]) -> tuple[FormRow, str]:
        """The row and the field where that part of the version stands."""
        part = "transitions" if at and at[0] == "flow" else str(at[0]) if at else ""
        rows = self.rows.get(part)
        if not rows:
            return self.row, ".".join(str(step) for step in at if isinstance(step, str))
        row = rows[int(at[1])] if len(at) > 1 else rows[0]
        name = ".".join(map(str, at[2:])) or ("limit" if part == "steps" else "code")
        return row, OWN_CODE.get(part, name) if name == "code" else name


@dataclass(slots=True)
class Draft:
    """What a workbook says of one item: its versions by number."""

    code: codes.Code
    text: str
    row: FormRow
    level: Level | None = None
    versions: dict[int, PowerVersion | DisclosureVersion] = field(default_factory=dict)
    sources: dict[int, SheetSource] = field(default_factory=dict)


def drafts(sheets: Sheets, content: Content) -> dict[str, Draft]:
    """Item code → what the workbook says of it. Errors are added to those of `sheets`."""
    assembly = _Assembly(sheets, content)
    for part in ("powers", "disclosure"):
        for key, row in present(sheets.rows[part]):
            assembly.version(part, key, row)
    assembly.strays()
    return assembly.found


class _Assembly:
    """One workbook being put together."""

    def __init__(self, sheets: Sheets, content: Content) -> None:
        self.sheets, self.root = sheets, content.root
        self.vocabulary: Mapping[str, StepWord] = loading.step_words(content.root)
        self.names = {body.code: body.name for body in content.bodies}
        self.found: dict[str, Draft] = {}
        self.parts: dict[Key, dict[str, list[FormRow]]] = {}
        for part in (*LISTS, "transitions"):
            for key, row in present(sheets.rows[part]):
                self.parts.setdefault(key, {}).setdefault(part, []).append(row)

    def version(self, part: str, key: Key, row: FormRow) -> None:
        """Put one version together."""
        text, number = key
        draft = self._draft(part, text, row)
        if draft is None:
            return
        if number in draft.sources:
            self._add(
                row.error(
                    "同一事项的版本重复 this version stands here twice",
                    "version",
                    "版本加一，或者删去一行",
                )
            )
            return
        source = SheetSource(number, row, self._grouped(key))
        draft.sources[number] = source
        self._derived(draft, row)
        self._level(draft, row)
        made = self._made(part, source)
        if made is not None:
            draft.versions[number] = made

    def strays(self) -> None:
        """Rows of steps, materials … whose item and version no row of the first sheet states."""
        for key, parts in self.parts.items():
            draft = self.found.get(key[0])
            if draft is None or key[1] not in draft.sources:
                for row in (row for rows in parts.values() for row in rows):
                    what = f"权力清单中没有 {key[0]} 版本 {key[1]} this item and version have no row in the first sheet"
                    self._add(row.error(what, "code", "改正编码或版本，或者补上权力清单的行"))

    def _draft(self, part: str, text: str, row: FormRow) -> Draft | None:
        if text in self.found:
            return self.found[text]
        try:
            code = codes.parse(text, root=self.root)
        except codes.CodeError as failure:
            self._add(row.error(f"编码不合规则 {failure}", "code", "改正编码 correct the code"))
            return None
        if (code.type == loading.DISCLOSURE) != (part == "disclosure"):
            what = (
                f"类型 {code.type} 的事项不填在本表 an item of this type belongs in another sheet"
            )
            self._add(row.error(what, "code", "GK 填公开事项表，其他填权力清单"))
            return None
        self.found[text] = Draft(code, text, row)
        return self.found[text]

    def _grouped(self, key: Key) -> Grouped:
        rows = self.parts.get(key, {})
        grouped = {part: rows.get(part, []) for part in (*LISTS, "transitions")}
        seen: set[int] = set()
        for row in grouped["steps"]:
            order = row.values["order"]
            if order in seen:
                self._add(
                    row.error(
                        f"序号 {order} 重复 this order is given twice", "order", "改为不同的序号"
                    )
                )
            seen.add(order)
        # Rows without an order have an error already; where they stand no longer matters.
        grouped["steps"] = sorted(grouped["steps"], key=lambda row: row.values["order"] or 0)
        return grouped

    def _derived(self, draft: Draft, row: FormRow) -> None:
        for name in ("type", "body"):
            said = row.values.get(name)
            right = layout.derived(name, draft.code, self.names, self.root)
            if said and said != right:
                what = f"“{said}”与编码不符 does not agree with the code"
                self._add(
                    row.error(
                        what, name, f"应为 it is: {right or '（未知的办理主体 unknown body）'}"
                    )
                )

    def _level(self, draft: Draft, row: FormRow) -> None:
        level = row.values.get("level")
        if level and draft.level and level != draft.level:
            self._add(
                row.error(
                    "各版本的行使层级不一致 the level differs between versions", "level", "改为一致"
                )
            )
        draft.level = draft.level or level

    def _made(self, part: str, source: SheetSource) -> PowerVersion | DisclosureVersion | None:
        """The version, if no cell of it is wrong."""
        model: type[Spec] = DisclosureStatement if part == "disclosure" else Statement
        said = _statement(source, model, self.vocabulary)
        period = self._valid(Period, {n: source.row.values.get(n) for n in PERIOD}, source)
        statement = self._valid(model, said, source)
        rows = [source.row, *(row for rows in source.rows.values() for row in rows)]
        if period is None or statement is None or any(row.broken for row in rows):
            return None
        if isinstance(statement, DisclosureStatement):
            return loading.disclosure_version(statement, period, source)
        return loading.power_version(statement, period, source, self.vocabulary)

    def _valid(self, model: type[Any], data: dict[str, Any], source: SheetSource) -> Any:
        try:
            return model.model_validate(data)
        except ValidationError as failure:
            for error in failure.errors():
                row, name = source.cell(error["loc"])
                if not row.is_broken(name):
                    row.broken.add(name)
                    self._add(row.error(chinese.of_model(dict(error)), name))
            return None

    def _add(self, error: SpecError) -> None:
        self.sheets.errors.append(error)


def _statement(
    source: SheetSource, model: type[Spec], vocabulary: Mapping[str, StepWord]
) -> dict[str, Any]:
    """What the rows of a version say, as a YAML file would say it."""
    said = {name: _value(source.row, name) for name in model.model_fields if name not in LISTS}
    if model is DisclosureStatement:
        return said
    said["flow"] = [
        f"{row.values['from_step']}{ARROW}{row.values['to_step']}"
        for row in source.rows["transitions"]
        if not row.broken
    ]
    said["steps"] = [_step(row, vocabulary) for row in source.rows["steps"]]
    return said | {part: [_part(row) for row in source.rows[part]] for part in PARTS}


def _step(row: FormRow, vocabulary: Mapping[str, StepWord]) -> dict[str, Any]:
    names = ("name", "post", "authority", "limit", "mandatory", "special")
    said = {name: _value(row, name) for name in names} | {"code": row.values["step"]}
    word = vocabulary.get(said["code"] or "")
    return said | {"name": None if word and said["name"] == word.name else said["name"]}


def _part(row: FormRow) -> dict[str, Any]:
    own = ("code", "version", "part")
    return {n: v for n, v in row.values.items() if n not in own} | {"code": row.values["part"]}


def _value(row: FormRow, name: str) -> Any:
    """A field's value; a limit from its two halves, of which neither or both are given."""
    if f"{name}.value" not in row.values:
        return row.values.get(name)
    number, unit = row.values[f"{name}.value"], row.values[f"{name}.unit"]
    return None if number is None and unit is None else {"value": number, "unit": unit}
