"""Which entity a dataset tells of, and which of its fields fills which column: at most one field each."""

from __future__ import annotations

from dataclasses import dataclass

from hub.core.entities import ENTITIES
from mappings.profiling.keys import Keys
from mappings.profiling.meanings import Meaning
from mappings.profiling.profile import DatasetProfile

LEAST_SCORE = 60
CASE, DISCLOSURE = "case", "disclosure"
RECORD_USES = ("case_no", "version", "changed", "flag", "deleted", "order", "clerk")
APPLICANT_ROLES = ("kind", "identity", "phone", "name")
BESIDE_A_CASE = ("clock_stop", "supplement", "fee", "penalty")
"""Entities of which a row of a case may hold one."""
_FILLED_ELSEWHERE = ("case_id", "source_case_no", "applicant_kind")


@dataclass(frozen=True, slots=True)
class Assignment:
    """`entity`: what one row of the dataset is, None if nothing speaks for any. `fields`: target → field."""

    entity: str | None
    fields: dict[str, str]
    reasons: dict[str, Meaning]
    """Field → why it was taken."""

    def field(self, target: str) -> str | None:
        return self.fields.get(target)


def assign(found: DatasetProfile, meanings: dict[str, list[Meaning]], keys: Keys) -> Assignment:
    """The likeliest reading of a dataset as a whole: a name such as XH means another thing in another entity."""
    case_no = _best(meanings, "record.case_no", found)
    one_per_case = case_no is not None and any(case_no in key for key in keys.keys if len(key) == 1)
    entity = _entity(meanings, case_no, one_per_case)
    wanted = _wanted(entity)
    fields: dict[str, str] = {} if case_no is None else {"record.case_no": case_no}
    reasons = {} if case_no is None else {case_no: _of(meanings[case_no], "record.case_no")}
    offers = [
        (one.score + (10 if one.target.split(".")[0] == entity else 0), one, name)
        for name, several in meanings.items()
        for one in several
        if one.target in wanted and one.score >= LEAST_SCORE
    ]
    for _, one, name in sorted(offers, key=lambda offer: -offer[0]):
        if one.target not in fields and name not in reasons and found.fields[name].filled:
            fields[one.target], reasons[name] = name, one
    return Assignment(entity, fields, reasons)


def _best(meanings: dict[str, list[Meaning]], target: str, found: DatasetProfile) -> str | None:
    """The field that may be meant, rather one that is filled everywhere."""
    offers = [
        (one.score, found.fields[name].filled, name)
        for name, several in meanings.items()
        for one in several
        if one.target == target and one.score >= LEAST_SCORE
    ]
    return max(offers, key=lambda offer: offer[:2])[2] if offers else None


def _of(several: list[Meaning], target: str) -> Meaning:
    return next(one for one in several if one.target == target)


def _wanted(entity: str | None) -> set[str]:
    """The targets of a dataset. A row of a case may tell of one fee, one special procedure and so on as well."""
    wanted = {f"record.{use}" for use in RECORD_USES}
    if entity == CASE:
        wanted |= {f"applicant.{role}" for role in APPLICANT_ROLES}
        for name, part in ENTITIES.items():
            if name in BESIDE_A_CASE:
                wanted |= {f"{name}.{column}" for column in part.names if column not in part.key}
    if entity:
        wanted |= {f"{entity}.{column}" for column in ENTITIES[entity].names}
    return wanted


def _entity(
    meanings: dict[str, list[Meaning]], case_no: str | None, one_per_case: bool
) -> str | None:
    """The entity for which most fields speak, among those whose required columns are all there."""
    weight = dict.fromkeys(ENTITIES, 0)
    targets = {
        one.target for several in meanings.values() for one in several if one.score >= LEAST_SCORE
    }
    for several in meanings.values():
        for name in {one.target.split(".")[0] for one in several if one.score >= LEAST_SCORE}:
            if name in weight:
                weight[name] += 1
            elif name == "applicant":
                weight[CASE] += 1
    if case_no is not None and one_per_case:
        return CASE
    complete = [
        name
        for name, entity in ENTITIES.items()
        if weight[name] and (name == DISCLOSURE or case_no is not None) and name != CASE
        and all(
            f"{name}.{column.name}" in targets
            for column in entity.columns
            if column.required and column.name not in _FILLED_ELSEWHERE
        )
    ]  # fmt: skip
    if complete:
        return max(complete, key=lambda name: weight[name])
    return CASE if case_no is not None and weight[CASE] else None
