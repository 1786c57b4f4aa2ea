"""First crosswalks: a line for each code that was seen, without a target. Suggestions stand in the note, with a score;
a line counts when a person has written its target.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher

from hub.core.codelists import codelists
from hub.core.specs import UNDECIDED
from hub.pipeline.drafting.dataset import Found
from hub.pipeline.drafting.mapping import coded_fields, item_fields
from mappings.crosswalks import CODES_HEADER, POWERS_HEADER

MOST_SUGGESTIONS, LEAST_SCORE = 3, 50
Words = Mapping[str, Mapping[str, str]]
"""Code list → word by which a code is known → code."""


def powers_text(read: Sequence[Found], powers: Mapping[str, str]) -> str:
    """powers.csv: each different item code and name. `powers`: unified code → name, those of the body."""
    rows: dict[tuple[str, str], int] = {}
    for found in read:
        fields = item_fields(found, frozenset(powers))
        for code, name, count in _items(found, fields) if fields else ():
            rows[code, name] = rows.get((code, name), 0) + count
    ordered = sorted(rows.items(), key=lambda one: one[0])
    names = [(name, code) for code, name in powers.items()]
    return _csv(
        POWERS_HEADER,
        (
            (code, name, "", "", "", _note(count, name or code, names))
            for (code, name), count in ordered
        ),
    )


def codes_text(read: Sequence[Found], powers: frozenset[str], words: Words) -> str:
    """codes.csv: each different value of each field that is translated by a code list."""
    canonical = codelists()
    rows: dict[tuple[str, str], int] = {}
    for found in read:
        for codelist, field in coded_fields(found, powers):
            for value, count in found.values(field).items():
                rows[codelist, value] = rows.get((codelist, value), 0) + count
    return _csv(
        CODES_HEADER,
        (
            (codelist, value, "", "", "", "", _note(
                count, value,
                [(word, f"{code} {canonical.get(codelist, {}).get(code, (code,))[0]}") for word, code in words.get(codelist, {}).items()],
            ))
            for (codelist, value), count in sorted(rows.items(), key=lambda one: (one[0][0], -one[1], one[0][1]))
        ),
    )  # fmt: skip


def suggestions(said: str, known: Iterable[tuple[str, str]]) -> list[tuple[str, str, int]]:
    """(target, the name that is alike, score from 0 to 100) of the likeliest, each target once."""
    best: dict[str, tuple[str, str, int]] = {}
    for name, target in known:
        score = round(100 * SequenceMatcher(None, said, name).ratio())
        if score >= LEAST_SCORE and score > best.get(target, ("", "", 0))[2]:
            best[target] = (target, name, score)
    return sorted(best.values(), key=lambda one: (-one[2], one[0]))[:MOST_SUGGESTIONS]


def _items(found: Found, fields: tuple[str, str | None]) -> Iterable[tuple[str, str, int]]:
    """Code, name and rows of each item. A name that is not kept, as it hardly ever comes again, is left out."""
    code, name = fields
    kept = found.profile.kept.columns
    if code not in kept:
        return
    names = [code, name] if name in kept else [code]
    for values, rows in found.profile.combinations(*(each for each in names if each)):
        if any(values):
            yield values[0] or "", (values[1] or "") if len(values) > 1 else "", rows


def _note(rows: int, said: str, known: Iterable[tuple[str, str]]) -> str:
    found = suggestions(said, known) if said else []
    likely = "、".join(
        f"{target} {score}" if target.endswith(name) else f"{target} {name} {score}"
        for target, name, score in found
    )
    return f"{UNDECIDED}；抽样 {rows} 行；" + (f"可能 {likely}" if likely else "没有相近的")


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()
