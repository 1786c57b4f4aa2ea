"""What became of each expectation in each department: Great Expectations' answer and the warehouse's count together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from quality.checkpoint import Answer, Asked
from quality.expected import Expected
from quality.suites import Suite
from quality.thresholds import Thresholds

MET, FAILED, NO_VALUES, NOT_EVALUATED = "met", "failed", "no_values", "not_evaluated"
OFF = "switched off: "


class Counted(Protocol):
    """Rows of one department: judged, and failed among them."""

    @property
    def judged(self) -> int: ...
    @property
    def failed(self) -> int: ...


Counts = Mapping[str, Mapping[str, Counted]]
"""Expectation → department → counts, as the warehouse's own SQL has them."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One expectation in one department. `rows` were judged, `unexpected` of them failed.

    `state`: met, failed, no_values (there was nothing to judge), not_evaluated (`error` says why).
    """

    suite: str
    expected: Expected
    department: str
    state: str
    rows: int = 0
    unexpected: int = 0
    allowed: Any = None
    observed: Any = None
    error: str = ""

    @property
    def is_off(self) -> bool:
        """Switched off by the department's quality.yml."""
        return self.state == NOT_EVALUATED and self.error.startswith(OFF)

    @property
    def is_grave(self) -> bool:
        """Critical, and failed or not evaluated though nobody switched it off."""
        critical = self.expected.severity == "critical"
        return critical and self.state in (FAILED, NOT_EVALUATED) and not self.is_off


def wanted(expected: Expected, departments: Sequence[str], thresholds: Thresholds) -> list[str]:
    """The departments in which it is to be judged."""
    return [
        department
        for department in departments
        if _is_for(expected, department) and not thresholds.why_off(expected, department)
    ]


def questions(
    expectations: Iterable[Expected], departments: Sequence[str], thresholds: Thresholds
) -> list[Asked]:
    """What is put to Great Expectations: once for all whose every row must pass, once for each that is allowed less."""
    asked = []
    for expected in expectations:
        judged = wanted(expected, departments, thresholds)
        strict = [name for name in judged if thresholds.mostly(expected, name) == 1]
        alone = len(departments) == 1
        whole = alone or len(strict) == len(departments)
        if strict:
            asked.append(Asked(expected, tuple(strict), whole=whole))
        asked += [
            Asked(expected, (name,), thresholds.mostly(expected, name), whole=whole)
            for name in judged
            if name not in strict
        ]
    return asked


def outcomes(suite: Suite, asked: Asked, answer: Answer, counts: Counts) -> Iterator[Outcome]:
    """One outcome for each department that was asked about.

    Great Expectations' count of failing rows must be the warehouse's own, else nothing is said.
    """
    counted = counts.get(asked.expected.id)
    error = answer.error
    if not error and counted is None:
        error = "the warehouse could not count it"
    counted = counted or {}
    total = sum(counted[name].failed for name in asked.departments if name in counted)
    if not error and total != answer.unexpected:
        error = (
            f"Great Expectations counted {answer.unexpected} failing rows, the warehouse {total}"
        )
    for department in asked.departments:
        found = counted.get(department)
        rows, failed = (found.judged, found.failed) if found else (0, 0)
        allowed = {"mostly": asked.mostly} if asked.expected.rows else None
        if error:
            yield Outcome(
                suite.name, asked.expected, department, NOT_EVALUATED, rows, failed, allowed, error=error
            )  # fmt: skip
        else:
            state = NO_VALUES if rows == 0 else _state(asked, answer, failed)
            share = {"share": round(1 - failed / rows, 6)} if rows and allowed else None
            yield Outcome(suite.name, asked.expected, department, state, rows, failed, allowed, share)  # fmt: skip


def unanswered(error: str) -> Answer:
    """The answer to what could not even be asked."""
    return Answer(False, 0, error)


def _state(asked: Asked, answer: Answer, failed: int) -> str:
    passed = answer.success if asked.mostly < 1 else failed == 0
    return MET if passed else FAILED


def with_keys(failed: Outcome, written: int) -> Outcome:
    """A failed outcome, if as many keys were written as rows failed."""
    if written == failed.unexpected:
        return failed
    error = f"{failed.unexpected} rows failed, but the keys of {written} were found"
    return replace(failed, state=NOT_EVALUATED, error=error)


def switched_off(
    suite: Suite, departments: Sequence[str], thresholds: Thresholds
) -> Iterator[Outcome]:
    """What is not judged because a department's quality.yml says so, and why."""
    for expected in suite.expected:
        for department in departments:
            why = thresholds.why_off(expected, department)
            if why and _is_for(expected, department):
                yield Outcome(suite.name, expected, department, NOT_EVALUATED, error=f"{OFF}{why}")


def document(found: Sequence[Outcome], rows: Mapping[str, int]) -> dict[str, Any]:
    """The outcomes as JSON-ready values: totals, and the lists `failures`, `errors` and `checks`.

    expectations = evaluated + no_values + not_evaluated, each expectation counted once per department.
    """
    found = sorted(
        found, key=lambda outcome: (outcome.suite, outcome.expected.id, outcome.department)
    )
    states = [outcome.state for outcome in found]
    checks = [described(outcome) for outcome in found]
    return {
        "expectations": len(found),
        "evaluated": states.count(MET) + states.count(FAILED),
        "failed": states.count(FAILED),
        "no_values": states.count(NO_VALUES),
        "not_evaluated": states.count(NOT_EVALUATED),
        "switched_off": sum(outcome.is_off for outcome in found),
        "grave": sum(outcome.is_grave for outcome in found),
        "rows": dict(rows),
        "failures": [check for check in checks if check["state"] == FAILED],
        "errors": [check for check in checks if check["state"] == NOT_EVALUATED],
        "checks": checks,
    }


def described(outcome: Outcome) -> dict[str, Any]:
    """One row of `ops.expectation_result`."""
    expected = outcome.expected
    return {
        "expectation_id": expected.id,
        "department": outcome.department,
        "entity": outcome.suite,
        "type": expected.type,
        "columns": list(expected.columns),
        "zh": expected.zh,
        "en": expected.en,
        "severity": expected.severity,
        "state": outcome.state,
        "rows": outcome.rows,
        "unexpected": outcome.unexpected,
        "observed": outcome.observed,
        "allowed": outcome.allowed,
        "error": outcome.error or None,
    }


def _is_for(expected: Expected, department: str) -> bool:
    return not expected.departments or department in expected.departments
