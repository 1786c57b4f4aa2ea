"""The unified catalogue of powers, services and disclosure items: what may be done, by whom, and how.

`load()` gives the catalogue after it has passed its own checks; `check()` gives every error with file and line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import polars as pl

from catalogue import checks, codes, frames, loading
from catalogue.crosswalk import Entry
from catalogue.spec import Body, DisclosureItem, DisclosureVersion, Power, PowerVersion
from hub.core.errors import SpecError

__all__ = ["Catalogue", "check", "load"]

V = TypeVar("V", PowerVersion, DisclosureVersion)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One release of the catalogue. `version` names its content."""

    bodies: Mapping[str, Body]
    powers: Mapping[str, Power]
    disclosure_items: Mapping[str, DisclosureItem]
    regions: tuple[loading.Region, ...] = field(repr=False)
    crosswalk: tuple[Entry, ...] = field(repr=False)
    root: Path = field(repr=False)
    """The folder that it was read from; its schemes and its step vocabulary stand there."""
    version: str

    def in_force(self, power_code: str, on: date) -> PowerVersion | None:
        """The version of a power that holds on that day; None if the power is unknown or not in force."""
        power = self.powers.get(power_code)
        return _holding(power.versions, on) if power else None

    def disclosure_in_force(self, item_code: str, on: date) -> DisclosureVersion | None:
        """The version of a disclosure item that holds on that day, or None."""
        item = self.disclosure_items.get(item_code)
        return _holding(item.versions, on) if item else None

    def items(self) -> list[Power | DisclosureItem]:
        """All powers, then all disclosure items."""
        return [*self.powers.values(), *self.disclosure_items.values()]

    def names(self) -> dict[str, str]:
        """Body code → its name."""
        return {body.code: body.name for body in self.bodies.values()}

    def frames(self) -> dict[str, pl.DataFrame]:
        """Warehouse table name → frame with exactly that table's columns."""
        return frames.build(
            self.powers.values(),
            self.disclosure_items.values(),
            self.bodies.values(),
            self.regions,
            self.crosswalk,
        )


def _holding(versions: tuple[V, ...], on: date) -> V | None:
    for version in versions:
        last = version.effective_to
        if version.effective_from <= on and (last is None or on <= last):
            return version
    return None


def load(root: Path | str | None = None) -> Catalogue:
    """The catalogue in that folder (default: ours), read and checked once. Raises the first SpecError."""
    return _load(_folder(root))


def check(root: Path | str | None = None) -> list[SpecError]:
    """Every error of the content in that folder, by file and line; empty when all is well."""
    try:
        return checks.run(loading.read(_folder(root)))
    except SpecError as error:
        return [error]


def _folder(root: Path | str | None) -> Path:
    return Path(root).resolve() if root else codes.ROOT


@cache
def _load(root: Path) -> Catalogue:
    content = loading.read(root)
    for error in checks.run(content):
        raise error
    return Catalogue(
        bodies=MappingProxyType({body.code: body for body in content.bodies}),
        powers=MappingProxyType({s.power.code: s.power for s in content.powers}),
        disclosure_items=MappingProxyType({s.item.code: s.item for s in content.disclosures}),
        regions=tuple(content.regions),
        crosswalk=content.crosswalk,
        root=root,
        version=content.version,
    )
