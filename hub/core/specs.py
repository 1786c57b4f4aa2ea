"""Reading our own content files: YAML with line numbers, CSV with row numbers, validated by pydantic models.

Every error is a SpecError that names file and line. Unknown keys are errors.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hub.core.errors import SpecError

SLUG = re.compile(r"^[a-z][a-z0-9_]*$")

UNDECIDED = "待定"
"""Stands in a drafted folder, alone or before a hint, where a person has still to decide."""

LAYOUTS = Path(__file__).resolve().parents[2] / "mappings" / "layouts"
"""Ready-made folders for published layouts of middle databases, one per layout."""


class Spec(BaseModel):
    """Base of every model that is read from a content file: frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class SpecFile:
    """A parsed YAML file whose parts remember their lines (1-based)."""

    path: Path
    data: Any
    lines: dict[tuple[str | int, ...], int]
    base: SpecFile | None = None
    """The layout's file from which `data` has what does not stand in this one."""

    def line(self, at: Sequence[str | int] = ()) -> int | None:
        """The line of the deepest part of that path that stands in this file."""
        return self.lines.get(tuple(at[: self._depth(at)]))

    def error(self, what: str, at: Sequence[str | int] = (), remedy: str = "") -> SpecError:
        """A SpecError at that part, in the file where it stands."""
        if self.base is not None and self.base._depth(at) > self._depth(at):
            return self.base.error(what, at, remedy)
        return SpecError(what, file=self.path, line=self.line(at), remedy=remedy)

    def _depth(self, at: Sequence[str | int]) -> int:
        """How much of that path stands in this file."""
        depths = range(len(at), 0, -1)
        return next((depth for depth in depths if tuple(at[:depth]) in self.lines), 0)

    def parse(self, model: type[S], at: Sequence[str | int] = ()) -> S:
        """Validate one part of the file. Raises SpecError at the first offending line."""
        part = self.data
        for step in at:
            part = part[step]
        try:
            return model.model_validate(part)
        except ValidationError as failure:
            first = failure.errors()[0]
            where = (*at, *first["loc"])
            name = ".".join(str(step) for step in where)
            raise self.error(f"{name}: {first['msg']}", where) from None


class _Loader(yaml.CSafeLoader):
    """Booleans as in YAML 1.2: `on`, `no`, `yes` are words (a key of ours, and field names of departments)."""


_BOOLEAN = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [rule for rule in rules if rule[0] != _BOOLEAN]
    for first, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    _BOOLEAN, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


def _timestamp(loader: Any, node: yaml.ScalarNode) -> Any:
    """A date as YAML reads it; one that no calendar has (2012-02-30) is an error with its line."""
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError:
        what = f"'{node.value}' is no date"
        raise yaml.constructor.ConstructorError(None, None, what, node.start_mark) from None


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _timestamp)


def read_yaml(path: Path) -> SpecFile:
    """Parse a YAML file and keep its line numbers. Raises SpecError if it is missing or not YAML."""
    try:
        text = path.read_text("utf-8")
        root = yaml.compose(text, Loader=_Loader)
        data = yaml.load(text, Loader=_Loader)
    except OSError as failure:
        raise SpecError(f"cannot be read ({failure.strerror})", file=path) from None
    except UnicodeDecodeError:
        raise SpecError("is not UTF-8", file=path, remedy="save it as UTF-8") from None
    except yaml.YAMLError as failure:
        mark = getattr(failure, "problem_mark", None)
        what = getattr(failure, "problem", None) or "not YAML"
        raise SpecError(str(what), file=path, line=mark.line + 1 if mark else None) from None
    if root and (twice := _repeated_key(root)) is not None:
        raise SpecError(
            f"key '{twice.value}' stands here twice", file=path, line=twice.start_mark.line + 1,
            remedy="the first one would be lost: keep one",
        )  # fmt: skip
    return SpecFile(path, data, dict(_lines(root, ())) if root else {})


def _repeated_key(node: yaml.Node) -> yaml.Node | None:
    """A key that its mapping already has: YAML forbids it, the parser would drop the first value."""
    inner: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if str(key.value) in seen:
                return key  # type: ignore[no-any-return]
            seen.add(str(key.value))
            inner.append(value)
    elif isinstance(node, yaml.SequenceNode):
        inner = node.value
    return next((found for part in inner if (found := _repeated_key(part)) is not None), None)


def _lines(
    node: yaml.Node, at: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], int]]:
    yield at, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*at, str(key.value))
            yield from _lines(value, inner)
            yield inner, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            yield from _lines(item, (*at, position))


def read_csv(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of one of our CSV files, stripped, each with its line number under 'line'.

    Raises SpecError when the file is missing or its header is not exactly `columns`.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle, strict=True)
            if list(reader.fieldnames or []) != list(columns):
                raise SpecError(
                    f"header is {reader.fieldnames}", file=path, line=1,
                    remedy=f"the header must be {','.join(columns)}",
                )  # fmt: skip
            rows = []
            for row in reader:
                if None in row or None in row.values():
                    raise SpecError("wrong number of columns", file=path, line=reader.line_num)
                rows.append({k: v.strip() for k, v in row.items()} | {"line": str(reader.line_num)})
            return rows
    except OSError as failure:
        raise SpecError(f"cannot be read ({failure.strerror})", file=path) from None


class Title(Spec):
    """A name in both languages."""

    zh: str
    en: str


class Owner(Spec):
    """Who answers for a folder."""

    name: str
    contact: str


Window = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]
"""Part of a day in local time, such as 22:00-06:00 (over midnight)."""


class Protection(Spec):
    """What the source agreed to bear."""

    sessions: int = Field(default=1, ge=1)
    rows_per_second: int | None = Field(default=None, ge=1)
    bytes_per_second: int | None = Field(default=None, ge=1)
    """Of Arrow data as received."""
    windows: tuple[Window, ...] = ()
    """When the source may be read, every day; empty: at any time."""


class Deleted(Spec):
    """The field by which the source marks a row as deleted."""

    column: str
    equals: tuple[str, ...] = Field(min_length=1)


Policy = Literal["stop", "quarantine", "ignore"]


class DriftPolicy(Spec):
    """What to do when the source's shape changes. Every change is recorded, whatever the policy.

    stop: nothing of the batch lands and a human looks; quarantine: its rows wait; ignore: the batch goes on.
    """

    new: Policy = "ignore"
    missing: Policy = "quarantine"
    renamed: Policy = "ignore"
    """A declared rename that is seen for the first time."""
    retyped: Policy = "ignore"


class Threshold(Spec):
    """When the gate stops a batch: nothing of it lands until a steward has decided.

    Rows that wait because of the drift policy do not count: that policy can stop a batch itself.
    """

    stop_above: Decimal = Field(default=Decimal("0.2"), ge=0, le=1)
    """Share of a batch's rows; if more are rejected, the batch stops. 1 never stops."""
    at_least: int = Field(default=50, ge=1)
    """With fewer rejected rows than this a batch never stops, whatever their share."""

    def stops(self, rejected: int, rows: int) -> bool:
        """Whether a batch of so many rows, of which so many are rejected, stops."""
        return rejected >= self.at_least and rejected > self.stop_above * rows


class Sweep(Spec):
    """How often the keys at the source are compared with those in the warehouse."""

    every: str = Field(default="7d", pattern=r"^(run|\d+[mhd])$")
    """`run`: after every reading; else minutes, hours or days."""


class DatasetSettings(Spec):
    """What any dataset may declare, whatever its access method; the connectors' own settings derive from this."""

    deletes: Literal["none", "flag", "sweep"] = "none"
    """How deletes at the source become known: not at all, by `deleted`, or by a sweep of the keys."""
    deleted: Deleted | None = None
    sweep: Sweep | None = None
    """Also without deletes: finds rows whose transaction committed later than the lag."""
    drift: DriftPolicy = DriftPolicy()
    gate: Threshold | None = None
    """What is other than the department's `gate`."""

    @model_validator(mode="after")
    def _deletes_known(self) -> DatasetSettings:
        if (self.deletes == "flag") != (self.deleted is not None):
            raise ValueError("'deletes: flag' and 'deleted' belong together")
        if self.deletes == "sweep" and self.sweep is None:
            raise ValueError("'deletes: sweep' needs 'sweep: {every: …}'")
        return self


class DepartmentSpec(Spec):
    """`departments/<slug>/source.yml`. `datasets` is validated by the connector's own settings model."""

    title: Title
    body: str
    """Code of the body in the catalogue, such as 36012100MZ."""
    owner: Owner
    connector: str
    connection: str
    """Connection id; its URL is looked up in the environment or in HUB_HOME/connections.yml."""
    layout: str | None = None
    """A published layout that the source follows: gives connector, datasets, mapping and codes."""
    freshness: str = Field(default="24h", pattern=r"^[1-9]\d*[hd]$")
    """How old the last delivery may be, in hours or days."""
    schedule: str | None = None
    protection: Protection = Protection()
    gate: Threshold = Threshold()
    datasets: dict[str, dict[str, Any]] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Department:
    """One department folder, its slug being its path."""

    slug: str
    folder: Path
    spec: DepartmentSpec
    source: SpecFile

    @property
    def layout(self) -> Path | None:
        """The folder of the layout that the department follows."""
        return LAYOUTS / self.spec.layout if self.spec.layout else None

    def settings(self, dataset: str) -> DatasetSettings:
        """What the dataset declares whatever its access method. Raises SpecError."""
        declared = self.spec.datasets[dataset]
        common = {key: declared[key] for key in DatasetSettings.model_fields if key in declared}
        try:
            return DatasetSettings.model_validate(common)
        except ValidationError as failure:
            first = failure.errors()[0]
            at = ("datasets", dataset, *first["loc"])
            raise self.source.error(f"{'.'.join(map(str, at))}: {first['msg']}", at) from None

    def threshold(self, dataset: str) -> Threshold:
        """When the gate stops a batch of the dataset: its own settings before those of the department."""
        own = self.settings(dataset).gate
        return self.spec.gate.model_copy(update=own.model_dump(exclude_unset=True) if own else {})


def department_slugs(root: Path) -> list[str]:
    """Slugs of all department folders, sorted. Reads no file."""
    return sorted(path.parent.name for path in root.glob("*/source.yml"))


def read_department(root: Path, slug: str) -> Department:
    """Read `source.yml` of one department. Raises SpecError."""
    folder = root / slug
    if not SLUG.match(slug):
        raise SpecError(f"'{slug}' is no slug", file=folder, remedy=f"use {SLUG.pattern}")
    if not folder.is_dir():
        known = ", ".join(department_slugs(root)) or "none"
        raise SpecError(f"no department '{slug}'", file=folder, remedy=f"known: {known}")
    source = _with_layout(read_yaml(folder / "source.yml"))
    return Department(slug, folder, source.parse(DepartmentSpec), source)


def _with_layout(source: SpecFile) -> SpecFile:
    """The file with its layout's connector and datasets below its own. Raises SpecError.

    A dataset's own keys stand before those of the layout; `dataset: null` leaves it out.
    """
    if not isinstance(source.data, dict) or "layout" not in source.data:
        return source
    name = source.data["layout"]
    known = sorted(path.parent.name for path in LAYOUTS.glob("*/source.yml"))
    if name not in known:
        raise source.error(f"no layout '{name}'", ("layout",), f"known: {', '.join(known)}")
    base = read_yaml(LAYOUTS / name / "source.yml")
    own = source.data.get("datasets") or {}
    if not isinstance(own, dict):
        raise source.error("datasets: names with their settings", ("datasets",))
    datasets = dict(base.data["datasets"])
    for dataset, settings in own.items():
        if settings is None and dataset in datasets:
            del datasets[dataset]
        elif isinstance(settings, dict):
            datasets[dataset] = datasets.get(dataset, {}) | settings
        else:
            datasets[dataset] = settings
    return replace(source, data=base.data | source.data | {"datasets": datasets}, base=base)
