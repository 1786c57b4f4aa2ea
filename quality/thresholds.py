"""What single departments are allowed: `departments/<slug>/quality.yml`, which may be missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hub.core.errors import SpecError
from hub.core.specs import SpecFile, read_yaml
from quality.expected import Expected
from quality.schemas import Codelists
from quality.suites import Suite, extended
from quality.vocabulary import QualityFile, Threshold

NAME = "quality.yml"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Department → expectation id → its threshold, or the reason why it is switched off."""

    own: Mapping[str, Mapping[str, Threshold]] = field(default_factory=dict)
    off: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def mostly(self, expected: Expected, department: str) -> float:
        """The share of its rows that must pass."""
        threshold = self.own.get(department, {}).get(expected.id)
        return threshold.mostly if threshold and threshold.mostly is not None else expected.mostly

    def allowed(self, expected: Expected) -> dict[str, float]:
        """Department → the number beside which the fact is held there."""
        return {
            department: threshold.allowed
            for department, own in self.own.items()
            if (threshold := own.get(expected.id)) and threshold.allowed is not None
        }

    def why_off(self, expected: Expected, department: str) -> str:
        """Why it is not judged there; empty if it is."""
        return self.off.get(department, {}).get(expected.id, "")


def apply(
    suites: Mapping[str, Suite], folders: Mapping[str, Path], codelists: Codelists
) -> tuple[dict[str, Suite], Thresholds]:
    """The suites with what the departments (slug → folder) add, and their thresholds. Raises SpecError."""
    result = dict(suites)
    own: dict[str, Mapping[str, Threshold]] = {}
    off: dict[str, Mapping[str, str]] = {}
    for slug, folder in folders.items():
        if not (folder / NAME).exists():
            continue
        file = read_yaml(folder / NAME)
        parsed = file.parse(QualityFile) if file.data else QualityFile()
        for position, one in enumerate(parsed.expectations):
            at = ("expectations", position)
            if one.entity not in result:
                raise file.error(f"there is no suite '{one.entity}'", at, _known(result))
            result[one.entity] = extended(result[one.entity], slug, one.check, codelists, file, at)
        own[slug], off[slug] = parsed.thresholds, parsed.off
        _check_ids(file, parsed, result.values(), slug)
    return result, Thresholds(own, off)


def check(
    slug: str, folder: Path, suites: Mapping[str, Suite], codelists: Codelists
) -> list[SpecError]:
    """What is wrong with a department's quality.yml, the first problem only."""
    try:
        apply(suites, {slug: folder}, codelists)
    except SpecError as problem:
        return [problem]
    return []


def _check_ids(file: SpecFile, parsed: QualityFile, suites: Iterable[Suite], slug: str) -> None:
    known = {
        each.id: each
        for suite in suites
        for each in suite.expected
        if not each.departments or slug in each.departments
    }
    for part, ids in (("thresholds", parsed.thresholds), ("off", parsed.off)):
        for name in ids:
            if name not in known:
                raise file.error(
                    f"there is no expectation '{name}'", (part, name), "hub quality expectations lists them"
                )  # fmt: skip
    for name, threshold in parsed.thresholds.items():
        if (known[name].rows is None) == (threshold.allowed is None):
            word = "mostly" if known[name].rows else "allowed"
            raise file.error(f"{name} is held beside '{word}'", ("thresholds", name), f"say {word}")


def _known(suites: Mapping[str, Suite]) -> str:
    return f"one of {', '.join(suites)}"
