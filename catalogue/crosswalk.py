"""The dated crosswalk between unified power codes and codes of other schemes: `catalogue/crosswalk.csv`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

from catalogue import codes, national
from catalogue.spec import Power
from hub.core.errors import SpecError
from hub.core.specs import read_csv

NAME = "crosswalk.csv"
COLUMNS = ("scheme", "code", "power_code", "valid_from", "valid_to", "source")


@dataclass(frozen=True, slots=True)
class Entry:
    """One code of another scheme, the power that it means, and the days (inclusive) on which it does."""

    scheme: str
    code: str
    power_code: str
    valid_from: date
    valid_to: date | None
    source: str | None
    line: int

    def holds(self, on: date) -> bool:
        """Whether the entry holds on that day."""
        return self.valid_from <= on <= (self.valid_to or date.max)


def read(root: Path) -> tuple[Entry, ...]:
    """The entries of a catalogue folder; none when it has no crosswalk. Raises SpecError."""
    path = root / NAME
    if not path.exists():
        return ()
    return tuple(
        Entry(
            row["scheme"],
            row["code"],
            row["power_code"],
            codes.day(row["valid_from"], path, int(row["line"])),
            codes.day(row["valid_to"], path, int(row["line"])) if row["valid_to"] else None,
            row["source"] or None,
            int(row["line"]),
        )
        for row in read_csv(path, COLUMNS)
    )


def check(entries: Iterable[Entry], powers: Mapping[str, Power], root: Path) -> Iterator[SpecError]:
    """Every code is well formed, means a known power of its type and level, and never two powers on one day."""
    path = root / NAME
    by_code: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        by_code.setdefault((entry.scheme, entry.code), []).append(entry)
        for what in _wrong(entry, powers):
            yield SpecError(what, file=path, line=entry.line, remedy="correct the row or remove it")
    for (_, code), rows in by_code.items():
        for one, other in pairwise(sorted(rows, key=lambda row: row.valid_from)):
            if (one.valid_to or date.max) >= other.valid_from:
                what = f"code {code} stands here and in line {one.line} for {other.valid_from}"
                remedy = "end the earlier row the day before"
                yield SpecError(what, file=path, line=other.line, remedy=remedy)


def _wrong(entry: Entry, powers: Mapping[str, Power]) -> Iterator[str]:
    if entry.valid_to and entry.valid_from > entry.valid_to:
        yield "valid_from is after valid_to"
    power = powers.get(entry.power_code)
    if power is None:
        yield f"power {entry.power_code} is not in the catalogue"
    try:
        parts = {part.name: part.text for part in national.parse(entry.code, entry.scheme)}
    except codes.CodeError as failure:
        yield str(failure)
        return
    known = national.national()
    if power is not None and "type" in parts and parts["type"] != known.types.get(power.type):
        wanted = known.types.get(power.type, "none")
        yield f"type {parts['type']} of the code is not that of {power.code} ({power.type} is {wanted})"
    if (
        power is not None
        and "level" in parts
        and parts["level"] not in (known.levels[power.level], "7")
    ):
        yield f"level {parts['level']} of the code is not that of {power.code} ({power.level})"
