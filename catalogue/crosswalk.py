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
    """Every code is well formed, means a known power of its type and level, and never two powers on one day.

    Codes of one body carry its social credit code, and codes inside codes agree with them.
    """
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

    yield from _bodies(by_code.values(), powers, path)
    yield from _inner(by_code, path)


def _bodies(
    groups: Iterable[list[Entry]], powers: Mapping[str, Power], path: Path
) -> Iterator[SpecError]:
    """One social credit code is one body."""
    holder: dict[str, str] = {}
    for entry in (entry for rows in groups for entry in rows):
        credit, power = _parts(entry).get("body"), powers.get(entry.power_code)
        if credit and power and holder.setdefault(credit, power.body) != power.body:
            what = f"credit code {credit} belongs to {holder[credit]}, not to {power.body}"
            yield SpecError(what, file=path, line=entry.line, remedy="one of the rows is wrong")


def _inner(by_code: Mapping[tuple[str, str], list[Entry]], path: Path) -> Iterator[SpecError]:
    """A code inside another one means the same power on the same days, where the crosswalk has it too."""
    for entry in (entry for rows in by_code.values() for entry in rows if _parts(entry)):
        for inner in list(national.inner(entry.code, entry.scheme))[1:]:
            others = [o for o in by_code.get(inner, ()) if _overlap(o, entry)]
            if others and all(other.power_code != entry.power_code for other in others):
                what = f"{inner[1]} inside {entry.code} means {others[0].power_code} in line {others[0].line}"
                yield SpecError(what, file=path, line=entry.line, remedy="one of the rows is wrong")


def _overlap(one: Entry, other: Entry) -> bool:
    return one.valid_from <= (other.valid_to or date.max) and other.valid_from <= (
        one.valid_to or date.max
    )


def _parts(entry: Entry) -> dict[str, str]:
    """The parts of a code; none if it is malformed, which is an error of its own."""
    try:
        return {part.name: part.text for part in national.parse(entry.code, entry.scheme)}
    except codes.CodeError:
        return {}


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
