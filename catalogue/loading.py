"""Reading a catalogue folder: schemes, steps, bodies, regions and one YAML file per item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import ValidationError

from catalogue import codes, crosswalk
from catalogue.crosswalk import Entry
from catalogue.spec import (
    Body,
    BodyText,
    DisclosureFile,
    DisclosureItem,
    DisclosureStatement,
    DisclosureVersion,
    Period,
    Power,
    PowerItem,
    PowerVersion,
    Statement,
    Step,
    StepText,
    StepWord,
    Transition,
)
from hub.core.errors import SpecError
from hub.core.fingerprints import version_of
from hub.core.specs import Spec, SpecFile, read_csv, read_yaml

DISCLOSURE = "GK"
ARROW = " -> "
REGION_COLUMNS = ("region_code", "name", "valid_from", "valid_to")
At = tuple[str | int, ...]
T = TypeVar("T", bound=Spec)


@dataclass(frozen=True, slots=True)
class Region:
    """One region code and the days on which it means this name (GB/T 2260)."""

    code: str
    name: str
    valid_from: date
    valid_to: date | None
    line: int


class Source(Protocol):
    """Where one version's statements are written: a YAML file or the sheets of a workbook."""

    @property
    def version(self) -> int: ...

    @property
    def name(self) -> str:
        """Name of the file that holds the item."""

    def error(self, what: str, *at: str | int, remedy: str = "") -> SpecError:
        """A SpecError at that part of the version."""

    def period_error(self, what: str, name: str, remedy: str = "") -> SpecError:
        """A SpecError at that date of the version."""

    def arrows(self) -> Iterator[tuple[At, str, str]]:
        """Every transition as written: where, from, to."""


@dataclass(frozen=True, slots=True)
class YamlSource:
    """A version in an item's YAML file."""

    file: SpecFile
    version: int
    moved: Mapping[str, At]
    """Fields that a version changed → where in the file."""

    @property
    def name(self) -> str:
        return self.file.path.name

    def place(self, *at: str | int) -> At:
        """Where in the file that part of the version is written."""
        return (*self.moved[str(at[0])], *at[1:]) if at and at[0] in self.moved else at

    def error(self, what: str, *at: str | int, remedy: str = "") -> SpecError:
        return self.file.error(what, self.place(*at), remedy)

    def period_error(self, what: str, name: str, remedy: str = "") -> SpecError:
        return self.file.error(what, ("versions", self.version - 1, name), remedy)

    def arrows(self) -> Iterator[tuple[At, str, str]]:
        holder: Any = self.file.data
        for key in self.place("flow")[:-1]:
            holder = holder[key]
        for position, chain in enumerate(holder.get("flow") or ()):
            for a, b in pairwise(chain.split(ARROW)):
                yield ("flow", position), a, b


@dataclass(frozen=True, slots=True)
class PowerSource:
    """A power and where each of its versions is written."""

    power: Power
    code: codes.Code
    sources: tuple[Source, ...]

    @property
    def versions(self) -> tuple[PowerVersion, ...]:
        return self.power.versions


@dataclass(frozen=True, slots=True)
class DisclosureSource:
    """A disclosure item and where each of its versions is written."""

    item: DisclosureItem
    code: codes.Code
    sources: tuple[Source, ...]

    @property
    def versions(self) -> tuple[DisclosureVersion, ...]:
        return self.item.versions


@dataclass(slots=True)
class Content:
    """All that the folder says, with the errors met while reading its items."""

    root: Path
    items: Path
    version: str
    bodies_file: SpecFile
    bodies: tuple[Body, ...]
    regions: tuple[Region, ...]
    crosswalk: tuple[Entry, ...] = ()
    powers: list[PowerSource] = field(default_factory=list)
    disclosures: list[DisclosureSource] = field(default_factory=list)
    errors: list[SpecError] = field(default_factory=list)


def read(root: Path, items: Path | None = None) -> Content:
    """Read the whole folder; `items`: where the items' files are, if not in its own folder. Items that cannot be read become `errors`.

    Raises SpecError for schemes.yml, steps.yml, bodies.yml, regions.csv and crosswalk.csv: without them no item can be understood.
    """
    codes.schemes(root)
    words = step_words(root)
    bodies = read_yaml(root / "bodies.yml")
    items = items or root / "items"
    files = sorted(items.glob("*/*.yml"))
    content = Content(
        root=root,
        items=items,
        version=_version(root, files),
        bodies_file=bodies,
        bodies=tuple(_bodies(bodies, root)),
        regions=tuple(_regions(root / "regions.csv")),
        crosswalk=crosswalk.read(root),
    )
    for path in files:
        try:
            read_item(path, content, words)
        except SpecError as error:
            content.errors.append(error)
    return content


def file_of(code: codes.Code) -> Path:
    """Where below items/ an item of that code stands."""
    return Path(code.initials.lower(), f"{code.short}.yml")


def step_words(root: Path) -> dict[str, StepWord]:
    """The step vocabulary of a catalogue folder. Raises SpecError."""
    file = read_yaml(root / "steps.yml")
    if not isinstance(file.data, dict):
        raise file.error("is no mapping", remedy="write 'code: {name: …, kind: …}' per step")
    return {str(code): file.parse(StepWord, (code,)) for code in file.data}


def _bodies(file: SpecFile, root: Path) -> Iterator[Body]:
    if not isinstance(file.data, list):
        raise file.error("is no list", remedy="write '- {code: …, name: …, nature: …}' per body")
    length = _region_length(root)
    for position in range(len(file.data)):
        text = file.parse(BodyText, (position,))
        yield Body(region=text.code[:length], initials=text.code[length:], **dict(text))


def _region_length(root: Path) -> int:
    known = codes.schemes(root)
    return known.schemes[known.default].region_length


def _regions(path: Path) -> Iterator[Region]:
    for row in read_csv(path, REGION_COLUMNS):
        line = int(row["line"])
        yield Region(
            row["region_code"],
            row["name"],
            codes.day(row["valid_from"], path, line),
            codes.day(row["valid_to"], path, line) if row["valid_to"] else None,
            line,
        )


def _version(root: Path, files: list[Path]) -> str:
    named = [root / name for name in ("bodies.yml", "regions.csv", "schemes.yml", "steps.yml")]
    named += [root / crosswalk.NAME] if (root / crosswalk.NAME).exists() else []
    parts: list[str | bytes] = []
    for path in named:
        parts += [path.name, path.read_bytes()]
    for path in files:
        parts += [f"items/{path.parent.name}/{path.name}", path.read_bytes()]
    return version_of(*parts)


def read_item(path: Path, content: Content, words: Mapping[str, StepWord]) -> None:
    """Add the item of one file to the content. Raises SpecError."""
    file = read_yaml(path)
    if not isinstance(file.data, dict):
        raise file.error("is no mapping", remedy="start with 'code: …'")
    text = str(file.data.get("code", ""))
    try:
        code = codes.parse(text, root=content.root)
    except codes.CodeError as failure:
        raise file.error(str(failure), ("code",), "correct the code") from None
    if code.type == DISCLOSURE:
        content.disclosures.append(_disclosure(file, code, text))
    else:
        content.powers.append(_power(file, code, text, words))


def _power(
    file: SpecFile, code: codes.Code, text: str, words: Mapping[str, StepWord]
) -> PowerSource:
    item = file.parse(PowerItem)
    stated, sources = _versions(file, item.versions, Statement)
    versions = tuple(
        power_version(statement, period, source, words)
        for statement, period, source in zip(stated, item.versions, sources, strict=True)
    )
    power = Power(
        code=text, scheme=code.scheme, type=code.type, body=code.body, level=item.level, versions=versions
    )  # fmt: skip
    return PowerSource(power, code, sources)


def _disclosure(file: SpecFile, code: codes.Code, text: str) -> DisclosureSource:
    item = file.parse(DisclosureFile)
    stated, sources = _versions(file, item.versions, DisclosureStatement)
    versions = tuple(
        disclosure_version(statement, period, source)
        for statement, period, source in zip(stated, item.versions, sources, strict=True)
    )
    return DisclosureSource(
        DisclosureItem(code=text, body=code.body, versions=versions), code, sources
    )


def _versions(
    file: SpecFile, periods: tuple[Period, ...], model: type[T]
) -> tuple[list[T], tuple[YamlSource, ...]]:
    """Each version complete: what the file says at the top, then what each version changes."""
    merged: dict[str, Any] = {k: v for k, v in file.data.items() if k in model.model_fields}
    moved: dict[str, At] = {}
    stated, sources = [], []
    for position, period in enumerate(periods):
        merged = merged | period.changes
        moved = moved | {name: ("versions", position, "changes", name) for name in period.changes}
        source = YamlSource(file, position + 1, moved)
        stated.append(_validated(model, merged, source))
        sources.append(source)
    return stated, tuple(sources)


def _validated(model: type[T], data: dict[str, Any], source: YamlSource) -> T:
    try:
        return model.model_validate(data)
    except ValidationError as failure:
        first = failure.errors()[0]
        name = ".".join(str(step) for step in first["loc"])
        raise source.error(f"{name}: {first['msg']}", *first["loc"]) from None


def disclosure_version(
    statement: DisclosureStatement, period: Period, source: Source
) -> DisclosureVersion:
    """One version of a disclosure item, complete."""
    dates = period.model_dump(include={"effective_from", "effective_to", "why"})
    return DisclosureVersion(version=source.version, **dates, **dict(statement))


def power_version(
    statement: Statement, period: Period, source: Source, words: Mapping[str, StepWord]
) -> PowerVersion:
    """One version of a power, complete. Raises SpecError for a step that is not in the vocabulary."""
    said = {k: v for k, v in statement if k not in ("steps", "flow")}
    return PowerVersion(
        version=source.version,
        effective_from=period.effective_from,
        effective_to=period.effective_to,
        why=period.why,
        steps=tuple(
            _step(step, words, source, position) for position, step in enumerate(statement.steps)
        ),
        transitions=tuple(
            Transition(from_step=a, to_step=b)
            for chain in statement.flow
            for a, b in pairwise(chain.split(ARROW))
        ),
        **said,
    )


def _step(step: StepText, words: Mapping[str, StepWord], source: Source, position: int) -> Step:
    if step.code not in words:
        raise source.error(
            f"step '{step.code}' is not in the vocabulary", "steps", position, "code",
            remedy=f"known: {', '.join(words)}",
        )  # fmt: skip
    word = words[step.code]
    said = dict(step) | {"name": step.name or word.name}
    return Step(kind=word.kind, **said)
