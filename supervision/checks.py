"""`hub check` for supervision: what can be known to be wrong without a warehouse."""

from __future__ import annotations

from pathlib import Path

from hub.core.errors import SpecError
from supervision.calendar import calendar_frame
from supervision.parameters import read_overrides
from supervision.rulebook import load_rules, rule_problems


def check(root: Path | None = None) -> list[SpecError]:
    """All problems of the rules below `root` (default: the library), of the parameters and of the calendar."""
    problems = rule_problems(root)
    try:
        calendar_frame()
    except SpecError as problem:
        problems.append(problem)
    if root is None and not problems:
        try:
            read_overrides(load_rules())
        except SpecError as problem:
            problems.append(problem)
    return problems
