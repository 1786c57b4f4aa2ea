"""What a field may mean: by its name, as offices abbreviate such names, and by what it holds. A proposal, never applied by itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hub.core.entities import ENTITIES, Column, Kind
from hub.core.specs import read_csv
from mappings.forms import TO_HALF_WIDTH
from mappings.profiling.profile import DatasetProfile, FieldProfile
from mappings.profiling.shapes import IDENTITY, INTEGER, MONEY, NUMBER, PHONE, TIME

ENTITY = "entity."
"""Before the name of an entity: names of whole tables."""
NAMES = Path(__file__).parents[1] / "meanings.csv"

BY_NAME, BY_PART_OF_NAME = 100, 70
BY_NUMBERS, BY_POWERS, BY_CODES = 90, 95, 60
CONTRADICTED = 40
"""A name that says one thing while the content says another is worth so much less."""
SHARE_OF_ROWS, SHARE_OF_WORDS = 0.5, 0.6
_SEPARATORS = re.compile(r"[\s_\-.#()（）]")
_LEAST_PART, _LEAST_PREFIX = 3, 2
_NUMERIC = (Kind.INTEGER, Kind.NUMBER, Kind.MONEY)


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing that a field may mean. `target`: entity.column, applicant.role or record.use. `score`: 0 to 100."""

    target: str
    score: int
    why: str


def meanings_of(
    found: DatasetProfile,
    powers: Mapping[str, str],
    words: Mapping[str, Collection[str]],
) -> dict[str, list[Meaning]]:
    """Field → what it may mean, the likeliest first.

    `powers`: power code → name. `words`: code list → the words by which its codes are known.
    """
    prefix = _common_prefix([_plain(name) for name in found.fields])
    return {
        name: _ordered([*_by_name(field, prefix), *_by_content(field, powers, words)])
        for name, field in found.fields.items()
    }


def _targets(name: str) -> list[str]:
    """What a field of that name is known to stand for."""
    return [target for target in known_names().get(name, ()) if not target.startswith(ENTITY)]


@cache
def known_names() -> dict[str, tuple[str, ...]]:
    """Normalised field name → the targets that it is known to stand for."""
    known: dict[str, list[str]] = {}
    for row in read_csv(NAMES, ("target", "names")):
        for name in row["names"].split():
            known.setdefault(_plain(name), []).append(row["target"])
    return {name: tuple(dict.fromkeys(targets)) for name, targets in known.items()}


def entities_named(title: str) -> set[str]:
    """The entities of which the name of a table or file speaks: SLJ_SFXX, 办件收费表."""
    parts = {part.upper() for part in re.split(r"[^A-Za-z\u4e00-\u9fff]+", title) if part}
    return {
        target.removeprefix(ENTITY)
        for name, targets in known_names().items()
        if name in parts or (not name.isascii() and name in title)
        for target in targets
        if target.startswith(ENTITY)
    }


def column_of(target: str) -> Column | None:
    """The canonical column of a target; None for what is no column."""
    entity, _, name = target.partition(".")
    if target == "applicant.kind":
        return ENTITIES["case"].column("applicant_kind")
    if entity not in ENTITIES:
        return None
    return ENTITIES[entity].column(name)


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name.translate(TO_HALF_WIDTH)).upper()


def _common_prefix(names: list[str]) -> str:
    """What all fields of a table begin with, such as BJ_ in BJ_SQR and BJ_SLRQ."""
    if len(names) < 3:
        return ""
    first, last = min(names), max(names)
    length = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    return first[:length] if length >= 1 else ""


def _by_name(field: FieldProfile, prefix: str) -> list[Meaning]:
    known, plain = known_names(), _plain(field.name)
    bare = plain.removeprefix(prefix)
    for name in dict.fromkeys((plain, bare)):
        if targets := _targets(name):
            return [_weighed(target, BY_NAME, f"字段名 {name}", field) for target in targets]
    within = [
        name for name in known if len(name) >= _LEAST_PART and not name.isascii() and name in plain
    ]
    if not within:
        return []
    longest = max(within, key=len)
    return [
        _weighed(target, BY_PART_OF_NAME, f"字段名含 {longest}", field)
        for target in _targets(longest)
    ]


def _weighed(target: str, score: int, why: str, field: FieldProfile) -> Meaning:
    """A field that holds something else than its name says is doubtful."""
    column = column_of(target)
    kind = column.kind if column else None
    contradicted = field.filled > 0 and (
        (kind is Kind.TIMESTAMP and field.kind != TIME)
        or (
            kind in _NUMERIC
            and field.kind not in (INTEGER, NUMBER, MONEY)
            and not _few_letters(field)
        )
        or (target == "record.changed" and field.kind != TIME)
        or (kind is Kind.TEXT and field.kind == TIME)
    )
    if contradicted:
        return Meaning(target, score - CONTRADICTED, f"{why}，但内容不像")
    return Meaning(target, score, why)


def _few_letters(field: FieldProfile) -> bool:
    return 2 * field.fitting >= field.filled and field.kind in (INTEGER, NUMBER, MONEY)


def _by_content(
    field: FieldProfile, powers: Mapping[str, str], words: Mapping[str, Collection[str]]
) -> list[Meaning]:
    share = f"{field.fitting} / {field.filled}"
    if field.kind == IDENTITY:
        return [Meaning("applicant.identity", BY_NUMBERS, f"证件号码校验通过 {share}")]
    if field.kind == PHONE:
        return [Meaning("applicant.phone", BY_NUMBERS, f"电话号码 {share}")]
    if not field.values:
        return []
    found = []
    rows = sum(field.values.values())
    for target, known in (
        ("case.source_item_code", set(powers)),
        ("case.item_name", set(powers.values())),
    ):
        hits = sum(count for value, count in field.values.items() if value in known)
        if hits >= SHARE_OF_ROWS * rows:
            found.append(Meaning(target, BY_POWERS, f"内容是目录中的事项 {hits} / {rows}"))
    for codelist, said in words.items():
        hits = sum(1 for value in field.values if value in said)
        if hits >= SHARE_OF_WORDS * len(field.values) and hits > 1:
            found += [
                Meaning(target, BY_CODES, f"内容是 {codelist} 的用词 {hits} / {len(field.values)}")
                for target in _targets_of(codelist)
            ]
    return found


def _targets_of(codelist: str) -> list[str]:
    targets = [
        f"{entity.name}.{column.name}"
        for entity in ENTITIES.values()
        for column in entity.columns
        if column.codelist == codelist
    ]
    return ["applicant.kind" if one == "case.applicant_kind" else one for one in targets]


def _ordered(found: list[Meaning]) -> list[Meaning]:
    """Each target once, with the best of its reasons; two reasons for the same make it likelier."""
    best: dict[str, Meaning] = {}
    for one in sorted(found, key=lambda meaning: -meaning.score):
        if (before := best.get(one.target)) is None:
            best[one.target] = one
        else:
            score = min(before.score + 10, 100)
            best[one.target] = Meaning(one.target, score, f"{before.why}；{one.why}")
    return sorted(best.values(), key=lambda meaning: -meaning.score)
