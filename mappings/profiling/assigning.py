"""Which entity a dataset tells of, and which of its fields fills which column: at most one field each."""

from __future__ import annotations

from dataclasses import dataclass

from hub.core.entities import ENTITIES
from mappings.profiling.meanings import Meaning, entities_named
from mappings.profiling.profile import DatasetProfile

LEAST_SCORE = 60
CASE, DISCLOSURE = "case", "disclosure"
RECORD_USES = ("case_no", "version", "changed", "flag", "deleted", "order", "clerk")
APPLICANT_ROLES = ("kind", "identity", "phone", "name")
BESIDE_A_CASE = ("clock_stop", "supplement", "fee", "penalty")
"""Entities of which a row of a case may hold one."""
TITLE_WEIGHT, ONE_PER_CASE_WEIGHT, LEAST_WEIGHT = 3, 3, 2
NEARLY_ALL = 0.95
"""A list of cases may hold a few of them twice."""
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


def assign(
    found: DatasetProfile, meanings: dict[str, list[Meaning]], title: str = ""
) -> Assignment:
    """The likeliest reading of a dataset as a whole: a name such as XH means another thing in another entity."""
    case_no = _best(meanings, "record.case_no", found)
    entity = _entity(found, meanings, case_no, title)
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
    found: DatasetProfile, meanings: dict[str, list[Meaning]], case_no: str | None, title: str
) -> str | None:
    """The entity for which most speaks: its fields, the title of the dataset, and how often a case number comes."""
    likely = [
        {one.target for one in several if one.score >= LEAST_SCORE} for several in meanings.values()
    ]
    targets = set().union(*likely) if likely else set()
    weight = dict.fromkeys(ENTITIES, 0)
    for several in likely:
        for part in {target.split(".")[0] for target in several}:
            name = CASE if part == "applicant" else part
            if name in weight:
                weight[name] += 1
    for name in entities_named(title):
        weight[name] += TITLE_WEIGHT
    if case_no is not None and found.fields[case_no].distinct >= NEARLY_ALL * found.rows:
        weight[CASE] += ONE_PER_CASE_WEIGHT
    possible = [name for name in ENTITIES if _possible(name, weight[name], targets, case_no)]
    return max(possible, key=lambda name: weight[name], default=None)


def _possible(entity: str, weight: int, targets: set[str], case_no: str | None) -> bool:
    """Whether enough is there: the numbers of its rows can be had otherwise, what else is required cannot."""
    if weight < LEAST_WEIGHT or (entity != DISCLOSURE and case_no is None):
        return False
    if f"{entity}.step_name" in targets:
        targets = targets | {f"{entity}.step_code"}
    number = ENTITIES[entity].key[-1] if entity != DISCLOSURE else ""
    return all(
        f"{entity}.{column.name}" in targets
        for column in ENTITIES[entity].columns
        if column.required and column.name not in (*_FILLED_ELSEWHERE, number)
    )
