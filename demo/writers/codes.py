"""The department's own codes, from its folder: the way back from a canonical code to what its clerks write.

`powers.csv` and `codes.csv` are the only place that knows these pairs. Of several source codes for one meaning the
clerks use the first line that is valid on the day; lines added below it change nothing that was written before.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from hub.core.settings import CONTENT_ROOT
from hub.core.specs import read_csv

POWERS = ("source_code", "source_name", "power_code", "valid_from", "valid_to", "note")
CODES = ("codelist", "source_code", "source_name", "code", "valid_from", "valid_to", "note")


@dataclass(frozen=True, slots=True)
class ItemCode:
    """One dated line of `powers.csv`."""

    code: str
    name: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class OwnCodes:
    """One department's vocabulary."""

    slug: str
    items: dict[str, tuple[ItemCode, ...]]
    """Unified code → lines with a source code."""
    names: frozenset[tuple[str, str]]
    """(unified code, item name) of the lines that match by name alone."""
    values: dict[tuple[str, str], tuple[str, ...]]
    """(code list, canonical code) → the department's values."""

    def item(self, power_code: str, on: date) -> str:
        """The department's item code for a power on that day. Raises LookupError if it has none."""
        for line in self.items.get(power_code, ()):
            if line.valid_from <= on <= line.valid_to:
                return line.code
        raise LookupError(
            f"departments/{self.slug}/powers.csv has no code for {power_code} on {on}"
        )

    def value(self, codelist: str, code: str | None, variant: int = 0) -> str:
        """The department's value for a canonical code; '' for none. Raises LookupError if it has none."""
        if not code:
            return ""
        known = self.values.get((codelist, code))
        if not known:
            raise LookupError(f"departments/{self.slug}/codes.csv has no {codelist} for {code}")
        return known[variant % len(known)]


def own_codes(slug: str) -> OwnCodes:
    """Read one department's `powers.csv` and `codes.csv`. Raises SpecError."""
    folder = CONTENT_ROOT / "departments" / slug
    items: dict[str, list[ItemCode]] = defaultdict(list)
    names = set()
    for row in read_csv(folder / "powers.csv", POWERS):
        if row["source_code"]:
            items[row["power_code"]].append(_item_code(row))
        else:
            names.add((row["power_code"], row["source_name"]))
    values: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in read_csv(folder / "codes.csv", CODES):
        values[row["codelist"], row["code"]].append(row["source_code"])
    return OwnCodes(
        slug,
        {power: tuple(lines) for power, lines in items.items()},
        frozenset(names),
        {pair: tuple(codes) for pair, codes in values.items()},
    )


def _item_code(row: dict[str, str]) -> ItemCode:
    return ItemCode(
        row["source_code"],
        row["source_name"],
        date.fromisoformat(row["valid_from"]) if row["valid_from"] else date.min,
        date.fromisoformat(row["valid_to"]) if row["valid_to"] else date.max,
    )
