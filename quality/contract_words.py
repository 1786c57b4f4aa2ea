"""`contract_words.yml`: what data contracts say besides what a department's folder knows."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from hub.core.codelists import codelists
from hub.core.specs import Spec, Title, read_yaml

WORDS = Path(__file__).parent / "contract_words.yml"


class Check(Spec):
    """How the standard calls what a reason code says of a value."""

    dimension: Literal[
        "accuracy", "completeness", "conformity", "consistency", "coverage", "timeliness", "uniqueness"
    ]  # fmt: skip
    metric: Literal["nullValues", "invalidValues", "duplicateValues"] | None = None


class LatencyRule(Spec):
    """The rule that says within how many hours a case must be reported, and its parameter."""

    rule: str
    parameter: str


class Classifications(Spec):
    """Of the applicant's fields by role, and of all others."""

    identity: str
    phone: str
    name: str
    other: str


class ContractWords(Spec):
    """`contract_words.yml`."""

    version: int
    status: str
    domain: str
    purpose: Title
    usage: Title
    limitations: Title
    delivered: Title
    landed: Title
    contact: Title
    frequency: Title
    latency: Title
    latency_rule: LatencyRule
    threshold: Title
    drift: Title
    renamed: Title
    unsent: Title
    nothing: Title
    transport: Title
    classifications: Classifications
    checks: dict[str, Check]


@cache
def contract_words(path: Path = WORDS) -> ContractWords:
    """The words of contracts. Raises SpecError when a reason code is not said in the standard's terms."""
    source = read_yaml(path)
    spec = source.parse(ContractWords)
    for code in codelists()["reason"]:
        if code not in spec.checks:
            raise source.error(f"reason code '{code}' is not here", ("checks",), "give its dimension")  # fmt: skip
    return spec


def both(title: Title, **said: object) -> str:
    """Chinese, then English, filled in."""
    return f"{title.zh} {title.en}".format(**said)
