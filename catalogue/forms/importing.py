"""A workbook of forms into the catalogue's files: everything is checked before anything is written.

An item that the workbook names takes the workbook's versions; versions that it does not list stay, so that a form can
never erase history. Items that it does not name are left alone, and so is the file of an item that says nothing new.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from catalogue import checks, differences, loading, writing
from catalogue.codes import ROOT
from catalogue.differences import ItemDifference
from catalogue.forms import sheets
from catalogue.forms.items import Draft, drafts
from catalogue.loading import Content, DisclosureSource, PowerSource, Source, file_of
from catalogue.spec import DisclosureItem, Power
from hub.core.errors import HubError, SpecError

Item = PowerSource | DisclosureSource


@dataclass(frozen=True, slots=True)
class Change:
    """One file that an import writes."""

    code: str
    path: Path
    text: str
    is_new: bool
    differences: tuple[ItemDifference, ...]
    lost_comments: tuple[str, ...]
    """Comments inside the file that rewriting drops; those in front of a top-level key are kept."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do. With errors it does nothing."""

    errors: tuple[SpecError, ...]
    changes: tuple[Change, ...]
    unchanged: tuple[str, ...]
    kept: tuple[tuple[str, int], ...]
    """Versions that the workbook does not list; they stay as they are."""


def plan(path: Path, items: Path | None = None, root: Path = ROOT) -> Plan:
    """Read and check a workbook against the catalogue. Raises SpecError if it is no workbook."""
    content = loading.read(root, items)
    found = sheets.read(path, root)
    said = drafts(found, content)
    known = {code_of(item): item for item in _items(content)}
    merged, kept = dict(known), list[tuple[str, int]]()
    for code, draft in said.items():
        item = known.get(code)
        kept += [(code, n) for n in _numbers(item) if n not in draft.sources]
        found.errors += _gaps(draft, item)
        if (whole := _merged(draft, item)) is not None:
            merged[code] = whole
    errors = [*found.errors, *checks.run(_with(content, merged))]
    if errors:
        return Plan(tuple(_unique(errors)), (), (), tuple(kept))
    changes = tuple(
        _change(merged[code], known.get(code), content)
        for code in said
        if code not in known or item_of(merged[code]) != item_of(known[code])
    )
    changed = {change.code for change in changes}
    unchanged = tuple(code for code in said if code not in changed)
    return Plan((), changes, unchanged, tuple(kept))


def apply(plan: Plan) -> None:
    """Write the planned files, each in one move."""
    for change in plan.changes:
        change.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=change.path.parent, prefix=f".{change.path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(change.text)
        Path(name).chmod(0o644)
        Path(name).replace(change.path)


def items_in(path: Path, root: Path = ROOT) -> list[Power | DisclosureItem]:
    """The items that a workbook holds, by itself. Raises the first SpecError."""
    content = replace(loading.read(root), powers=[], disclosures=[], crosswalk=())
    found = sheets.read(path, root)
    whole = [_merged(draft, None) for draft in drafts(found, content).values()]
    for error in found.errors:
        raise error
    return [item_of(item) for item in whole if item is not None]


def item_of(item: Item) -> Power | DisclosureItem:
    """The item itself, without where it stands."""
    return item.power if isinstance(item, PowerSource) else item.item


def code_of(item: Item) -> str:
    """Its unified code."""
    return item_of(item).code


def _items(content: Content) -> list[Item]:
    return [*content.powers, *content.disclosures]


def _numbers(item: Item | None) -> list[int]:
    return [version.version for version in item.versions] if item else []


def _gaps(draft: Draft, known: Item | None) -> Iterator[SpecError]:
    """A version whose number leaves one out: files number their versions by their order."""
    numbers = {*draft.sources, *_numbers(known)}
    missing = next(number for number in count(1) if number not in numbers)
    if missing < max(numbers):
        what = f"缺版本 {missing} version {missing} is missing"
        yield draft.sources[max(draft.sources)].row.error(what, "version", "从 1 起连续编号")


def _merged(draft: Draft, known: Item | None) -> Item | None:
    """The item with the workbook's versions in place of those that it had; None while the workbook has errors in it."""
    versions: dict[int, Any] = {v.version: v for v in known.versions} if known else {}
    sources: dict[int, Source] = {s.version: s for s in known.sources} if known else {}
    versions, sources = versions | draft.versions, sources | dict(draft.sources)
    numbers = sorted(sources)
    if set(versions) != set(sources):
        return None
    ordered, places = tuple(versions[n] for n in numbers), tuple(sources[n] for n in numbers)
    if draft.code.type == loading.DISCLOSURE:
        item = DisclosureItem(code=draft.text, body=draft.code.body, versions=ordered)
        return DisclosureSource(item, draft.code, places)
    if draft.level is None:
        return None
    power = Power(
        code=draft.text, scheme=draft.code.scheme, type=draft.code.type, body=draft.code.body,
        level=draft.level, versions=ordered,
    )  # fmt: skip
    return PowerSource(power, draft.code, places)


def _with(content: Content, merged: dict[str, Item]) -> Content:
    """The content as it would be; a first import finds an empty folder, which is no error then."""
    powers = [item for item in merged.values() if isinstance(item, PowerSource)]
    others = [item for item in merged.values() if isinstance(item, DisclosureSource)]
    return replace(content, powers=powers, disclosures=others)


def _change(item: Item, before: Item | None, content: Content) -> Change:
    """The file's new text, proven by reading it back."""
    vocabulary = loading.step_words(content.root)
    path = content.items / file_of(item.code)
    kept, lost = writing.comments_of(path.read_text("utf-8")) if path.exists() else ({}, [])
    text = writing.text(item_of(item), vocabulary, kept)
    with tempfile.TemporaryDirectory() as folder:
        again = replace(content, powers=[], disclosures=[])
        copy = Path(folder, path.name)
        copy.write_text(text, "utf-8")
        loading.read_item(copy, again, vocabulary)
    if [item_of(one) for one in _items(again)] != [item_of(item)]:
        raise HubError(
            f"{path.name} would not say what the workbook says", remedy="write it by hand"
        )
    old = [item_of(before)] if before else []
    differs = tuple(differences.of_catalogues(old, [item_of(item)]))
    return Change(code_of(item), path, text, not path.exists(), differs, tuple(lost))


def _unique(errors: list[SpecError]) -> list[SpecError]:
    """Each error once, in the order in which they were met."""
    return list({str(error): error for error in errors}.values())
