"""The catalogue beside the basic catalogue (基本目录): what is missing, what goes beyond it, what is not filled in.

The notice (赣府厅发〔2012〕8号) demands that a county's directory contain at least the basic catalogue's items, each with
name, content, body, basis, conditions, limit and supervision channel; penalties with their discretion. The province's
own list (annex 2) is not published with the notice; `basic_catalogue.csv` stands for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from catalogue import codes
from catalogue.loading import Content, DisclosureSource, PowerSource
from catalogue.spec import DisclosureVersion, PowerVersion
from hub.core.errors import SpecError
from hub.core.specs import read_csv

NAME = "basic_catalogue.csv"
COLUMNS = ("body_code", "type", "name", "aliases", "source")
PLACEHOLDER = re.compile(
    r"[\s\-—–/、。.…]*|无|暂无|略|待定|待核|待补|不详|另行通知|(详见|参见|见)(附件|文件|有关规定)"
)
CITED = re.compile(r"《.+》|〔\d{4}〕")
REACHABLE = re.compile(r"\d{5,}|@|www\.|https?://")
PENALTY = "CF"

Item = PowerSource | DisclosureSource
Version = PowerVersion | DisclosureVersion


@dataclass(frozen=True, slots=True)
class BasicItem:
    """One item that a body must have. `aliases`: other names under which it is found."""

    body: str
    type: str
    name: str
    aliases: tuple[str, ...]
    source: str
    line: int

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Incomplete:
    """An item in force that lacks something; `fields` in the words of the notice."""

    code: str
    name: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BodyReport:
    """One body's items against the basic catalogue."""

    body: str
    name: str
    basic: int
    present: int
    missing: tuple[BasicItem, ...]
    extra: tuple[tuple[str, str], ...]
    """Code and name of items beyond the basic catalogue: allowed, and worth knowing."""
    incomplete: tuple[Incomplete, ...]


def read(root: Path) -> tuple[BasicItem, ...]:
    """The basic catalogue of a folder; nothing when it has none. Raises SpecError."""
    path = root / NAME
    if not path.exists():
        return ()
    return tuple(
        BasicItem(
            row["body_code"], row["type"], row["name"],
            tuple(alias for alias in row["aliases"].split("、") if alias), row["source"], int(row["line"]),
        )
        for row in read_csv(path, COLUMNS)
    )  # fmt: skip


def check(content: Content) -> Iterator[SpecError]:
    """Each row names a known body and type, and no name stands for two items."""
    path = content.root / NAME
    bodies = {body.code for body in content.bodies}
    known = codes.schemes(content.root)
    seen: dict[tuple[str, str, str], int] = {}
    for item in read(content.root):
        if item.body not in bodies:
            yield SpecError(f"body {item.body} is unknown", file=path, line=item.line, remedy="correct it or bodies.yml")  # fmt: skip
        if item.type not in known.schemes[known.default].types:
            yield SpecError(f"type '{item.type}' is unknown", file=path, line=item.line)
        for name in item.names:
            first = seen.setdefault((item.body, item.type, name), item.line)
            if first != item.line:
                yield SpecError(f"'{name}' stands in line {first} too", file=path, line=item.line)


def assess(content: Content, on: date) -> list[BodyReport]:
    """Each body's report, by the versions in force on that day; an item that is not in force is missing."""
    basic = read(content.root)
    items: list[Item] = [*content.powers, *content.disclosures]
    holding = [(item, version) for item in items if (version := _holding(item, on)) is not None]
    return [
        _report(body.code, body.name, [b for b in basic if b.body == body.code],
                [(i, v) for i, v in holding if i.code.body == body.code])
        for body in content.bodies
    ]  # fmt: skip


def _report(
    body: str, name: str, basic: list[BasicItem], items: list[tuple[Item, Version]]
) -> BodyReport:
    there = {(item.code.type, version.name) for item, version in items}
    wanted = {(one.type, named) for one in basic for named in one.names}
    missing = [one for one in basic if not there & {(one.type, named) for named in one.names}]
    return BodyReport(
        body=body,
        name=name,
        basic=len(basic),
        present=len(basic) - len(missing),
        missing=tuple(missing),
        extra=tuple(
            (_code(item), version.name)
            for item, version in items
            if (item.code.type, version.name) not in wanted
        ),
        incomplete=tuple(
            Incomplete(_code(item), version.name, tuple(fields))
            for item, version in items
            if (fields := list(_lacking(item, version)))
        ),
    )


def _code(item: Item) -> str:
    return item.power.code if isinstance(item, PowerSource) else item.item.code


def _holding(item: Item, on: date) -> Version | None:
    versions: tuple[Version, ...] = item.versions
    for version in versions:
        if version.effective_from <= on <= (version.effective_to or date.max):
            return version
    return None


def _lacking(item: Item, version: Version) -> Iterator[str]:
    if _empty([version.name]):
        yield "名称"
    if not any(CITED.search(text) for text in version.basis):
        yield "依据"
    if isinstance(version, DisclosureVersion):
        if _empty(version.fields_required):
            yield "公开内容"
        return
    if _empty([version.content]):
        yield "内容"
    if _empty([version.conditions]):
        yield "条件"
    if not REACHABLE.search(version.supervision_channel):
        yield "监督渠道"
    yield from _lacking_of_kind(item.code.type, version)


def _lacking_of_kind(kind: str, version: PowerVersion) -> Iterator[str]:
    """Penalties are not run on the platform for now, and need no flow chart, but their discretion made public."""
    if kind == PENALTY and not version.discretion:
        yield "裁量基准"
    if kind != PENALTY and not version.steps:
        yield "权力运行流程图"


def _empty(texts: Iterable[str]) -> bool:
    return all(PLACEHOLDER.fullmatch(text) for text in texts)
