"""One dataset as it was found: what the source offers, its profile, and the likeliest reading of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from connectors.offer import Offer
from hub.core.entities import ENTITIES
from mappings import profiling
from mappings.profiling import Assignment, DatasetProfile, FieldProfile, Keys, Meaning

NAMES = {
    "case": "cases", "event": "steps", "clock_stop": "special_procedures", "supplement": "supplements",
    "material": "materials", "fee": "fees", "disclosure": "disclosures", "feedback": "feedback",
    "penalty": "penalties",
}  # fmt: skip
MOST_SHOWN = 12
LONGEST_UNKNOWN = 10
"""Values of a field of which nobody knows what it means are shown if they are as short as codes are."""
_CODES = ("case.source_item_code", "case.item_name", "event.step_code", "event.step_name",
          "fee.fee_code", "material.material_code", "material.name", "penalty.circumstance_code", "penalty.kind",
          "disclosure.item_code", "record.flag", "record.deleted", "case.region_code")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """A dataset that was looked at. `name` is what the folder calls it."""

    name: str
    offer: Offer
    profile: DatasetProfile
    keys: Keys
    meanings: Mapping[str, list[Meaning]]
    assigned: Assignment

    @property
    def entity(self) -> str | None:
        return self.assigned.entity

    def field(self, target: str) -> str | None:
        """The field that is taken for that target."""
        return self.assigned.fields.get(target)

    def values(self, name: str) -> dict[str, int]:
        """The codes of a field with their rows, where they may be shown: never what may be somebody's name or words."""
        field = self.profile.fields[name]
        meaning = self.assigned.reasons.get(name)
        if field.kind in ("money", "number"):
            return {}
        if meaning is None:
            short = (field.longest or 0) <= LONGEST_UNKNOWN
            return field.values if short and not _personal(self.meanings[name]) else {}
        column = profiling.column_of(meaning.target)
        coded = meaning.target in _CODES or (column is not None and column.codelist is not None)
        return field.values if coded else {}

    def key(self) -> tuple[str, ...]:
        """The fields that name a record of it, as the mapping needs them; empty if none do in the sample."""
        case_no = self.field("record.case_no")
        if self.entity == "case" or case_no is None:
            named = [key for key in self.keys.keys if case_no in key] if case_no else []
            if case_no and self.entity == "case":
                return (case_no,)
            number = self.field("disclosure.source_no")
            return (number,) if number else (named or list(self.keys.keys) or [()])[0]
        number = self.field(f"{self.entity}.{ENTITIES[self.entity or 'case'].key[-1]}")
        if number and profiling.is_unique(self.profile, case_no, number):
            return (case_no, number)
        single = [key[0] for key in self.keys.keys if len(key) == 1 and key[0] != case_no]
        return (case_no, single[0]) if single else (case_no, number) if number else (case_no,)

    def said(self, name: str) -> str:
        """One line on a field, for a comment: kind, how often filled, how many different, forms or codes."""
        field = self.profile.fields[name]
        parts = [field.kind, f"非空 {share(field.filled, field.rows)}", f"{field.distinct} 种"]
        if field.filled and field.kind not in ("text", "bytes") and field.fitting < field.filled:
            parts.append(f"其中 {field.filled - field.fitting} 行不是 {field.kind}")
        if values := self.values(name):
            shown = [f"{value}×{rows}" for value, rows in list(values.items())[:MOST_SHOWN]]
            parts.append("、".join(shown) + ("…" if len(values) > MOST_SHOWN else ""))
        elif field.forms:
            parts.append(forms(field))
        return " · ".join(parts)

    def why(self, name: str) -> str:
        """Why a field was taken for what it is taken for."""
        meaning = self.assigned.reasons.get(name)
        return f"{meaning.why}（{meaning.score}）" if meaning else ""


def share(part: int, whole: int) -> str:
    """A share in whole percent, never rounded up to all or down to nothing."""
    if whole == 0 or part in (0, whole):
        return "100%" if part and part == whole else "0%"
    return f"{min(max(round(100 * part / whole), 1), 99)}%"


def forms(field: FieldProfile) -> str:
    """The commonest shapes of a field with their shares."""
    return "、".join(
        f"{form} {share(rows, field.filled)}" for form, rows in list(field.forms.items())[:3]
    )


def look(
    offers: Iterable[Offer],
    rows: int,
    powers: Mapping[str, str],
    words: Mapping[str, Collection[str]],
) -> list[Found]:
    """Profile what is offered, at most so many rows of each; empty tables are left out."""
    found: list[Found] = []
    taken: set[str] = set()
    for offer in offers:
        profile = profiling.profile(offer.sample(rows), rows)
        if not profile.rows:
            continue
        keys = profiling.keys_of(profile)
        meanings = profiling.meanings_of(profile, powers, words)
        assigned = profiling.assign(profile, meanings, offer.title)
        name = _name(offer.title, assigned.entity, taken)
        taken.add(name)
        found.append(Found(name, offer, profile, keys, meanings, assigned))
    order = [*ENTITIES, None]
    return sorted(found, key=lambda one: order.index(one.entity))


def _name(title: str, entity: str | None, taken: set[str]) -> str:
    base = NAMES.get(entity or "") or re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")
    base = base if re.match(r"[a-z]", base) else f"dataset_{base}".rstrip("_")
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    return name


def _personal(meanings: Iterable[Meaning]) -> bool:
    """Whether a field may hold what somebody is called or says."""
    return any(
        (one.target.startswith("applicant.") and one.target != "applicant.kind")
        or one.target.rpartition(".")[2] in ("acceptor", "approver", "handler", "clerk")
        for one in meanings
    )  # fmt: skip
