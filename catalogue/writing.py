"""An item as the text of its YAML file: the first version whole, then what each later version changes.

Reading the text gives the item back; what a file may leave out (defaults, a step's usual name) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml
from pydantic import BaseModel

from catalogue.loading import ARROW
from catalogue.spec import (
    DisclosureItem,
    DisclosureStatement,
    DisclosureVersion,
    Discretion,
    Fee,
    Limit,
    Material,
    Power,
    PowerVersion,
    RiskPoint,
    Statement,
    StepText,
    StepWord,
    Transition,
)

HEAD = "# yaml-language-server: $schema=../../item.schema.json\n"
WIDTH = 1 << 20
"""No line is folded: what stands on one line is compared on one line."""
ON_ONE_LINE = (StepText, Material)


class _OneLine(dict[str, Any]):
    """A mapping that is written `{a: 1, b: 2}`."""


class _Plain(str):
    """A number whose digits are kept as they are, such as 80.00."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


_Dumper.add_representer(
    _OneLine, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data, True)
)
_Dumper.add_representer(
    _Plain, lambda dumper, data: dumper.represent_scalar("tag:yaml.org,2002:float", data)
)


def _string(dumper: yaml.SafeDumper, data: str) -> yaml.Node:
    """Digits that are a text stand in the quotes that the hand-written files have."""
    quoted = '"' if data.isdigit() else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=quoted)


_Dumper.add_representer(str, _string)


def text(
    item: Power | DisclosureItem, vocabulary: Mapping[str, StepWord], comments: Mapping[str, str]
) -> str:
    """The file's text. `comments`: comment lines that stand before a top-level key."""
    document: dict[str, Any] = {"code": item.code}
    if isinstance(item, Power) and item.level != "county":
        document["level"] = item.level
    versions: tuple[PowerVersion | DisclosureVersion, ...] = item.versions
    states = [statement(version, vocabulary) for version in versions]
    defaults = _defaults(Statement if isinstance(item, Power) else DisclosureStatement)
    document |= {
        name: value for name, value in states[0].items() if value != defaults.get(name, ...)
    }
    document["versions"] = [
        _period(version, before, state)
        for version, before, state in zip(versions, [None, *states], states, strict=False)
    ]
    parts = (comments.get(name, "") + _dump({name: value}) for name, value in document.items())
    return HEAD + "".join(parts)


def comments_of(written: str) -> tuple[dict[str, str], list[str]]:
    """The comments of a file: those in front of a top-level key, by key, and all others, which a rewriting loses."""
    kept: dict[str, str] = {}
    lost: list[str] = []
    waiting: list[str] = []
    for line in written.removeprefix(HEAD).splitlines():
        if line.startswith("#"):
            waiting.append(line)
        elif key := re.match(r"[a-z_]+(?=:)", line):
            kept |= {key[0]: "".join(f"{comment}\n" for comment in waiting)} if waiting else {}
            waiting = []
        if found := re.search(r"\s(#.*)$", line):
            lost.append(found[1])
    return kept, [*lost, *waiting]


def statement(
    version: PowerVersion | DisclosureVersion, vocabulary: Mapping[str, StepWord]
) -> dict[str, Any]:
    """Everything that a version states, as a file writes it."""
    model = Statement if isinstance(version, PowerVersion) else DisclosureStatement
    state = {
        name: _written(getattr(version, name))
        for name in model.model_fields
        if name not in ("steps", "flow")
    }
    if isinstance(version, DisclosureVersion):
        return state
    state["steps"] = [
        _part(StepText(**step.model_dump(exclude={"kind"}) | {"name": _own_name(step.code, step.name, vocabulary)}))
        for step in version.steps
    ]  # fmt: skip
    state["flow"] = [ARROW.join(chain) for chain in chains(version.transitions)]
    return {name: state[name] for name in model.model_fields}


def chains(transitions: Iterable[Transition]) -> Iterator[list[str]]:
    """Transitions as few chains, which give them back in their order."""
    chain: list[str] = []
    for transition in transitions:
        if chain and chain[-1] == transition.from_step:
            chain.append(transition.to_step)
            continue
        if chain:
            yield chain
        chain = [transition.from_step, transition.to_step]
    if chain:
        yield chain


def _own_name(code: str, name: str, vocabulary: Mapping[str, StepWord]) -> str | None:
    return None if vocabulary[code].name == name else name


def _period(
    version: PowerVersion | DisclosureVersion, before: dict[str, Any] | None, state: dict[str, Any]
) -> dict[str, Any]:
    period: dict[str, Any] = {"effective_from": version.effective_from}
    if version.effective_to:
        period["effective_to"] = version.effective_to
    if version.why:
        period["why"] = version.why
    changes = {name: v for name, v in state.items() if before and before[name] != v}
    return period | ({"changes": changes} if changes else {})


def _defaults(model: type[BaseModel]) -> dict[str, Any]:
    fields = model.model_fields.items()
    return {name: _written(field.default) for name, field in fields if not field.is_required()}


def _written(value: Any) -> Any:
    if isinstance(value, Limit):
        return str(value)
    if isinstance(value, tuple):
        return [_written(part) for part in value]
    return _part(value) if isinstance(value, Material | Fee | RiskPoint | Discretion) else value


def _part(part: BaseModel) -> dict[str, Any]:
    """One step, material, fee … without what its model supplies."""
    said = {}
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if field.is_required() or value != field.default:
            money = name in ("standard_min", "standard_max", "min_amount", "max_amount")
            said[name] = _money(str(value)) if money else _written(value)
    return _OneLine(said) if isinstance(part, ON_ONE_LINE) else said


def _money(digits: str) -> str:
    """As a number while reading it as one keeps every digit, else as text."""
    return _Plain(digits) if len(digits) < 16 else digits


def _dump(document: dict[str, Any]) -> str:
    return str(
        yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=WIDTH)
    )
