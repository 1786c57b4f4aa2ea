"""What to do about each reason code, and whether a row may be accepted in spite of it: `reasons.csv`.

A row may be accepted where the warehouse can hold it without anything being made up: the value lands as it is, or stays
empty. Nothing else is: no key, nothing readable, nothing where something is required, or somebody else's key.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hub.core.codelists import codelists
from hub.core.errors import SpecError
from hub.core.settings import CONTENT_ROOT
from hub.core.specs import read_csv

FILE = CONTENT_ROOT / "quality" / "reasons.csv"
COLUMNS = ("code", "acceptable", "remedy_zh", "remedy_en")


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason code: its name, what to do, and whether a person may accept a row in spite of it."""

    code: str
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str
    acceptable: bool


@cache
def reasons(file: Path = FILE) -> dict[str, Reason]:
    """Reason code → what is known of it. Raises SpecError unless the file speaks of exactly the codes of the list `reason`."""
    names = codelists()["reason"]
    found = {}
    for row in read_csv(file, COLUMNS):
        code, line = row["code"], int(row["line"])
        if code not in names or code in found:
            raise SpecError(
                f"'{code}' is no reason code, or stands here twice", file=file, line=line
            )
        if row["acceptable"] not in ("yes", "no") or not (row["remedy_zh"] and row["remedy_en"]):
            raise SpecError(
                f"{code}: acceptable is yes or no, and both remedies are needed",
                file=file,
                line=line,
            )
        found[code] = Reason(
            code, *names[code], row["remedy_zh"], row["remedy_en"], row["acceptable"] == "yes"
        )
    if lacking := names.keys() - found.keys():
        raise SpecError(f"says nothing of {', '.join(sorted(lacking))}", file=file)
    return found
