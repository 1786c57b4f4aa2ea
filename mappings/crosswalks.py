"""`powers.csv` and `codes.csv` of a department: its codes, translated, with the dates between which a line holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from hub.core.errors import SpecError
from hub.core.specs import read_csv
from mappings.forms import PADDING, TO_HALF_WIDTH
from mappings.spec import POWERS

POWERS_HEADER = ("source_code", "source_name", "power_code", "valid_from", "valid_to", "note")
NOTHING = "-"
"""A target in `codes.csv`: the source's code is known, and there is no canonical code for what it means."""
CODES_HEADER = ("codelist", "source_code", "source_name", "code", "valid_from", "valid_to", "note")

OPEN_CODELISTS = ("step", "material", "fee")
"""Their codes belong to the flow of a power, so that only the catalogue knows them all."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a crosswalk: between two dates (inclusive, None = unlimited) the source's code means `code`."""

    source_code: str
    source_name: str
    code: str
    valid_from: date | None
    valid_to: date | None
    number: int

    @property
    def match(self) -> str:
        """What a record must carry: its code, or its name if the line has no code."""
        return f"c{self.source_code}" if self.source_code else f"n{self.source_name}"

    def overlaps(self, other: Line) -> bool:
        starts = (self.valid_from or date.min, other.valid_from or date.min)
        ends = (self.valid_to or date.max, other.valid_to or date.max)
        return max(starts) <= min(ends)


TABLE_SCHEMA: dict[str, pl.DataType] = {
    "match": pl.String(),
    "code": pl.String(),
    "valid_from": pl.Date(),
    "valid_to": pl.Date(),
}


@dataclass(frozen=True, slots=True)
class Crosswalks:
    """All crosswalks of a department: 'powers', and each code list of `codes.csv`."""

    lines: Mapping[str, Sequence[Line]]
    undecided: frozenset[str] = frozenset()
    """Those with a line for which a person has still to write the target."""

    def begun(self, name: str) -> bool:
        """Whether a crosswalk has any line, be it one that is still undecided."""
        return bool(self.lines.get(name)) or name in self.undecided

    def table(self, name: str) -> pl.DataFrame:
        """One crosswalk in TABLE_SCHEMA, sorted by `valid_from` (unlimited = year 1)."""
        rows = [
            (line.match, line.code, line.valid_from or date.min, line.valid_to)
            for line in self.lines.get(name, ())
        ]
        return pl.DataFrame(rows, schema=TABLE_SCHEMA, orient="row").sort("valid_from")


def read_crosswalks(
    files: Sequence[Path], canonical: Mapping[str, Mapping[str, tuple[str, str]]]
) -> tuple[Crosswalks, list[SpecError]]:
    """`powers.csv`, then each `codes.csv`, as far as they exist, and all their problems.

    What an earlier `codes.csv` says of a code stands instead of what a later one (that of a layout) says of it.
    `canonical`: the code lists that targets in `codes.csv` must be on, as `hub.core.codelists` gives them.
    """
    powers, *codes = files
    problems: list[SpecError] = []
    undecided: set[str] = set()
    lines = _power_lines(powers, problems, undecided)
    for path in codes:
        for name, found in _code_lines(path, canonical, problems, undecided).items():
            known = lines.setdefault(name, [])
            taken = {line.match for line in known}
            known += [line for line in found if line.match not in taken]
    return Crosswalks(lines, frozenset(undecided)), problems


def _power_lines(
    powers: Path, problems: list[SpecError], undecided: set[str]
) -> dict[str, list[Line]]:
    lines: dict[str, list[Line]] = {}
    for row in _rows(powers, POWERS_HEADER, problems):
        undecided |= set() if row["power_code"] else {POWERS}
        line = _line(powers, row, row["power_code"], problems)
        if line is not None and not (line.source_code or line.source_name):
            problems.append(_error(powers, line.number, "neither source_code nor source_name"))
        elif line is not None:
            lines.setdefault(POWERS, []).append(line)
    problems += _overlaps(powers, lines.get(POWERS, ()))
    return lines


def _code_lines(
    path: Path,
    canonical: Mapping[str, Mapping[str, tuple[str, str]]],
    problems: list[SpecError],
    undecided: set[str],
) -> dict[str, list[Line]]:
    lines: dict[str, list[Line]] = {}
    for row in _rows(path, CODES_HEADER, problems):
        undecided |= set() if row["code"] else {row["codelist"]}
        line = _line(path, row, row["code"], problems)
        if line is not None and _is_sound(path, line, row["codelist"], canonical, problems):
            lines.setdefault(row["codelist"], []).append(line)
    for found in lines.values():
        problems += _overlaps(path, found)
    return lines


def _rows(
    path: Path, header: Sequence[str], problems: list[SpecError]
) -> Sequence[Mapping[str, str]]:
    if not path.exists():
        return []
    try:
        return read_csv(path, header)
    except SpecError as problem:
        problems.append(problem)
    except (UnicodeDecodeError, ValueError) as failure:
        problems.append(SpecError(f"cannot be read ({failure})", file=path, remedy="save as UTF-8"))
    return []


def _line(path: Path, row: Mapping[str, str], code: str, problems: list[SpecError]) -> Line | None:
    number = int(row["line"])
    try:
        first, last = (
            date.fromisoformat(text) if text else None
            for text in (row["valid_from"], row["valid_to"])
        )
    except ValueError:
        problems.append(_error(path, number, "a date is not YYYY-MM-DD"))
        return None
    if first and last and first > last:
        problems.append(_error(path, number, f"valid_to {last} is before valid_from {first}"))
        return None
    if not code:
        problems.append(_undecided(path, row))
        return None
    return Line(_plain(row["source_code"]), row["source_name"], code, first, last, number)


def _undecided(path: Path, row: Mapping[str, str]) -> SpecError:
    said = "、".join(filter(None, (row["source_code"], row["source_name"])))
    what = f"undecided 待定: '{said}' of {row.get('codelist', POWERS)} has no target code"
    hint = f"；附注 {row['note']}" if row["note"] else ""
    nothing = f" or '{NOTHING}' (known, means nothing canonical)" if "codelist" in row else ""
    return _error(
        path, int(row["line"]), what, f"write the code{nothing}, or delete the line{hint}"
    )


def _is_sound(
    path: Path,
    line: Line,
    codelist: str,
    canonical: Mapping[str, Mapping[str, tuple[str, str]]],
    problems: list[SpecError],
) -> bool:
    if not line.source_code:
        problems.append(_error(path, line.number, "no source_code"))
    elif codelist not in canonical and codelist not in OPEN_CODELISTS:
        known = ", ".join(sorted({*canonical, *OPEN_CODELISTS}))
        problems.append(_error(path, line.number, f"no code list '{codelist}'", f"known: {known}"))
    elif codelist not in OPEN_CODELISTS and line.code not in (NOTHING, *canonical[codelist]):
        known = ", ".join(canonical[codelist])
        problems.append(
            _error(path, line.number, f"'{line.code}' is not on {codelist}", f"on it: {known}")
        )
    else:
        return True
    return False


def _overlaps(path: Path, lines: Sequence[Line]) -> list[SpecError]:
    problems = []
    by_match: dict[str, list[Line]] = {}
    for line in lines:
        earlier = by_match.setdefault(line.match, [])
        for other in earlier:
            if line.overlaps(other):
                problems.append(
                    _error(
                        path, line.number,
                        f"'{line.source_code or line.source_name}' is valid on the same days as on line {other.number}",
                        "close one line with valid_to, or delete one",
                    )
                )  # fmt: skip
                break
        earlier.append(line)
    return problems


def _plain(code: str) -> str:
    """A code as records are compared with it: full-width forms as ASCII, trimmed."""
    return code.strip(PADDING).translate(TO_HALF_WIDTH)


def _error(path: Path, line: int, what: str, remedy: str = "") -> SpecError:
    return SpecError(what, file=path, line=line, remedy=remedy)
