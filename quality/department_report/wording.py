"""`words.yml`: everything that a department's report says besides figures."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from hub.core.codelists import codelists
from hub.core.specs import Spec, Title, read_yaml

WORDS = Path(__file__).parent / "words.yml"
REASONS = "reason"
"""The code list of reason codes."""

Side = Literal["department", "hub"]


class Reason(Spec):
    """What a reason code means to the department, and what is to be done by whom."""

    side: Side
    why: Title
    remedy: Title
    codes: Literal["powers", "others"] | None = None
    """The unmapped codes that it is about: items of powers.csv, or the code lists of codes.csv."""


class Action(Title):
    """A kind of thing to fix."""

    consequence: str
    side: Side


class Lateness(Spec):
    """The rule that says what a late report is, and its parameter in hours."""

    rule: str
    parameter: str


class Words(Spec):
    """`words.yml`."""

    version: int
    issuer: Title
    title: Title
    lateness: Lateness
    buckets: tuple[float, ...] = Field(min_length=1)
    references: int = Field(ge=1)
    codes: int = Field(ge=1)
    months: int = Field(ge=2)
    basis: dict[Literal["reported_at", "landed_at"], Title]
    fates: dict[str, Title]
    states: dict[str, Title]
    entities: dict[str, Title]
    statements: dict[str, Title]
    batches: dict[str, Title]
    consequences: dict[str, Title]
    actions: dict[str, Action]
    sides: dict[Side, Title]
    reasons: dict[str, Reason]


@cache
def words(path: Path = WORDS) -> Words:
    """The words of reports. Raises SpecError when a reason code has no words, or an action no known consequence."""
    source = read_yaml(path)
    spec = source.parse(Words)
    for code in codelists()[REASONS]:
        if code not in spec.reasons:
            raise source.error(f"reason code '{code}' has no words", ("reasons",), "say why and what to do")  # fmt: skip
    for name, action in spec.actions.items():
        if action.consequence not in spec.consequences:
            known = ", ".join(spec.consequences)
            raise source.error(
                f"there is no consequence '{action.consequence}'", ("actions", name), f"known: {known}"
            )  # fmt: skip
    return spec
