"""Runs the tests of a rule on each of its mutants: a mutant that no test notices has survived."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, text

from supervision.rulebook import Rule
from supervision.testing import run_variants
from tests.mutation.mutants import Mutant, canonical, mutants

EQUIVALENT = Path(__file__).with_name("equivalent.csv")
"""Mutants that mean the same as the rule, each with the reason: rule, kind, fragment, reason."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a rule's mutants."""

    rule_id: str
    killed: int
    equivalent: int
    survivors: tuple[Mutant, ...]

    @property
    def total(self) -> int:
        return self.killed + len(self.survivors)


def try_mutants(
    connection: Connection, rule: Rule, equivalent: Mapping[tuple[str, str, str], str]
) -> Verdict:
    """Run the rule's tests on every mutant. Raises ValueError when its unbroken text fails them already."""
    known = [
        mutant
        for mutant in mutants(rule.sql)
        if (rule.id, mutant.kind, mutant.fragment) not in equivalent
    ]
    variants = [replace(rule, sql=sql) for sql in (canonical(rule.sql), *(m.sql for m in known))]
    noticed = [False] * len(variants)
    connection.execute(text("set local statement_timeout = '5s'"))
    for number, result in enumerate(run_variants(connection, rule, variants)):
        noticed[number % len(variants)] |= not result.passed
        if number % len(variants) == 0 and not result.passed:
            raise ValueError(f"{rule.id}, unbroken: {result.name}: {result.message}")
    survivors = tuple(mutant for mutant, seen in zip(known, noticed[1:], strict=True) if not seen)
    left_out = len(mutants(rule.sql)) - len(known)
    return Verdict(rule.id, len(known) - len(survivors), left_out, survivors)


def declared_equivalent() -> dict[tuple[str, str, str], str]:
    """(rule, kind, fragment) → reason."""
    with EQUIVALENT.open(encoding="utf-8", newline="") as handle:
        return {
            (row["rule"], row["kind"], row["fragment"]): row["reason"]
            for row in csv.DictReader(handle)
        }
