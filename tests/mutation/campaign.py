"""Runs the tests of a rule on each of its mutants: a mutant that no test notices has survived."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, text

from supervision.rulebook import Rule
from supervision.testing import laid_tests
from tests.mutation.mutants import Mutant, canonical, mutants

EQUIVALENT = Path(__file__).with_name("equivalent.csv")
"""Mutants that mean the same as the rule, each with the reason: rule, kind, fragment, reason."""

Equivalent = Mapping[tuple[str, str, str], str]
"""(rule, kind, fragment) → reason."""


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


def try_mutants(connection: Connection, rule: Rule, equivalent: Equivalent) -> Verdict:
    """Run the rule's tests on every mutant until one notices it; what nobody notices may be declared equivalent.

    An error and more than five seconds count as noticed. Raises ValueError when the unbroken SELECT, written anew by
    the mutants' own means, fails a test: then nothing can be said.
    """
    alive = made = mutants(rule.sql)
    unbroken = replace(rule, sql=canonical(rule.sql))
    connection.execute(text("set local statement_timeout = '5s'"))
    for laid in laid_tests(connection, rule):
        result = laid.judge(unbroken)
        if not result.passed:
            raise ValueError(f"{rule.id}, unbroken: {result.name}: {result.message}")
        alive = [mutant for mutant in alive if laid.judge(replace(rule, sql=mutant.sql)).passed]
    survivors = [each for each in alive if (rule.id, each.kind, each.fragment) not in equivalent]
    return Verdict(rule.id, len(made) - len(alive), len(alive) - len(survivors), tuple(survivors))


def declared_equivalent() -> dict[tuple[str, str, str], str]:
    """What EQUIVALENT declares."""
    with EQUIVALENT.open(encoding="utf-8", newline="") as handle:
        return {
            (row["rule"], row["kind"], row["fragment"]): row["reason"]
            for row in csv.DictReader(handle)
        }
