"""The words of the catalogue's closed vocabularies, Chinese and English: code ↔ what people read and write."""

from __future__ import annotations

from functools import cache

from catalogue.codes import ROOT
from hub.core.codelists import codelists
from hub.core.specs import Title, read_csv

COLUMNS = ("list", "code", "zh", "en")
SHARED = ("case_kind", "limit_unit")
"""Lists that cases use too: they stand with the canonical code lists."""


@cache
def words() -> dict[str, dict[str, Title]]:
    """List name → code → both words, in order."""
    found: dict[str, dict[str, Title]] = {}
    for row in read_csv(ROOT / "words.csv", COLUMNS):
        found.setdefault(row["list"], {})[row["code"]] = Title(zh=row["zh"], en=row["en"])
    for name in SHARED:
        found[name] = {code: Title(zh=zh, en=en) for code, (zh, en) in codelists()[name].items()}
    return found


def zh(name: str, code: str) -> str:
    """The Chinese word of a code."""
    return words()[name][code].zh


def en(name: str, code: str) -> str:
    """The English word of a code."""
    return words()[name][code].en
