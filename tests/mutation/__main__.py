"""Mutation of the rule library: `make mutate-rules`. Lists the survivors and ends in a line of JSON {killed, total}.

Exit code 1 below 95 %, or when a rule could not be tried.
"""

from __future__ import annotations

import argparse
import json
import sys

from rich.console import Console
from rich.progress import track

from supervision import load_rules
from tests.mutation.campaign import Verdict
from tests.mutation.workers import verdicts

WANTED = 0.95


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument(
        "--rule", "--only", default="", help="rules whose id begins so: fees. or fees.not_listed"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    arguments = parser.parse_args()
    rules = [rule for rule in load_rules() if rule.id.startswith(arguments.rule)]
    if not rules:
        parser.error(f"no rule begins with {arguments.rule}; the rules are in supervision/rules")
    longest_first = sorted(rules, key=lambda rule: -len(rule.sql) * len(rule.spec.tests))
    running = verdicts([rule.id for rule in longest_first], arguments.jobs)
    people = Console(stderr=True)
    found = list(
        track(running, "rules tried", len(rules), console=people, disable=not people.is_terminal)
    )
    tried = [each for each in found if isinstance(each, Verdict)]
    failures = [each for each in found if isinstance(each, str)]
    report(tried, failures)
    killed, total = sum(each.killed for each in tried), sum(each.total for each in tried)
    say(json.dumps({"killed": killed, "total": total}))
    return 0 if killed >= WANTED * total and not failures else 1


def report(tried: list[Verdict], failures: list[str]) -> None:
    """Per rule how many were killed, and each survivor: what was done, and to which fragment."""
    for verdict in sorted(tried, key=lambda each: each.rule_id):
        declared = f", {verdict.equivalent} mean the same" if verdict.equivalent else ""
        say(f"{verdict.rule_id}: {verdict.killed} of {verdict.total} killed{declared}")
        for mutant in verdict.survivors:
            say(f"    {mutant.kind}: {mutant.fragment}")
    for failure in failures:
        say(failure)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
